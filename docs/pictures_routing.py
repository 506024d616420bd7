"""Takes the pictures of the how-to about routing, from a running demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database. Shows
the rules, one of them, the trial of a mail, a rehearsal, and a case with an unknown
sender.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES, Camera
from playwright.sync_api import sync_playwright


def open_mail(camera, subject):
    """Open a received mail of the demo."""
    camera.visit("/odoo/received-mail", ".o_list_view .o_data_row")
    camera.page.locator(".o_data_row", has_text=subject).first.click()
    camera.page.wait_for_selector(".o_form_view .o_field_widget[name=preview]")


def press(camera, button, ready):
    camera.page.locator(f"button[name={button}]:visible").first.click()
    camera.page.wait_for_selector(ready)


def main(url, *_outbox):
    """Take all pictures.

    :param str url: the running demo
    """
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        camera = Camera(browser, url)
        camera.login("admin")
        camera.visit("/odoo/mail-routing", ".o_list_view .o_data_row")
        camera.shoot("routing-rules")
        camera.page.locator(".o_data_row", has_text="Invoices").first.click()
        camera.page.wait_for_selector(".o_form_view .o_field_widget[name=sentence]")
        camera.shoot("routing-rule")
        open_mail(camera, "Invoice RE-2041")
        camera.shoot("routing-mail")
        press(camera, "action_try", ".modal .o_field_widget[name=outcome]")
        camera.shoot("routing-try")
        action = "crm_mailgateway.crm_mailgateway_rehearsal_action"
        camera.visit(f"/odoo/action-{action}", ".modal .o_form_view")
        press(camera, "action_rehearse", ".modal .o_field_widget[name=mail_count]")
        camera.shoot("routing-rehearsal")
        open_mail(camera, "My neighbour")
        camera.page.locator("button[name=action_open_document]").click()
        camera.page.wait_for_selector(".alert button[name=action_accept_mail_sender]")
        camera.shoot("routing-stranger")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
