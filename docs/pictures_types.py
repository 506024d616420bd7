"""Takes the pictures of the how-to about types, from a running demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database. Shows
how a lead is converted, a claim is closed, a task comes back, and a campaign counts.
"""

import re
import shutil
import sys

from pictures import FLAGS, IMAGES, Camera
from playwright.sync_api import sync_playwright

LEAD = "Twelve cargo bikes for a courier start-up"
CLAIM = "Frame delivered with a scratch"
TASK = "Check the demo bikes in the showroom"
CAMPAIGN = "Open days in the factory"


def find(camera, action, subject):
    """Open the first case of a list that has a subject."""
    camera.visit(f"/odoo/{action}?view_type=list", ".o_list_view .o_data_row")
    camera.page.locator(".o_data_row", has_text=subject).first.locator(
        "td[name=name]"
    ).click()
    camera.page.wait_for_selector(".o_form_view .o_field_widget[name=name]")


def press(camera, label):
    """Press a button of the status bar, also where it is in the menu of a phone."""
    camera.page.locator(
        ".o_statusbar_buttons button", has_text=re.compile(f"^{label}$")
    ).first.click()


def wizard(camera, name):
    """Photograph the dialog that a button opened, and leave it."""
    camera.page.wait_for_selector(".modal .o_form_view")
    camera.shoot(name)
    camera.page.locator(".modal footer button", has_text="Discard").first.click()
    camera.page.wait_for_selector(".modal", state="detached")


def main(url, *_outbox):
    """Take all pictures.

    :param str url: the running demo
    """
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        camera = Camera(browser, url)
        camera.login("leader")
        find(camera, "cases", LEAD)
        press(camera, "Convert")
        wizard(camera, "types-convert")
        find(camera, "cases", CLAIM)
        press(camera, "Solve")
        wizard(camera, "types-close")
        find(camera, "cases", TASK)
        camera.shoot("types-task")
        camera.page.get_by_role("tab", name="Repetition").click()
        camera.shoot("types-repeat")
        find(camera, "cases", CAMPAIGN)
        camera.shoot("types-campaign")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
