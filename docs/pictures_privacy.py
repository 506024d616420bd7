"""Takes the pictures of the how-tos about moving in and about personal data.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database. Nothing
is imported and nobody is erased: it looks at the dialogs before the last click.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES, ROOT, Camera
from pictures_types import wizard
from playwright.sync_api import sync_playwright

PERSON = "Henrik Lund"
TEMPLATE = ROOT / "crm_cases/static/xls/crm_case.xlsx"
MAILBOX = b"""From x Mon May  1 00:00:00 2023
From: Henrik Lund <henrik@lund.example.com>
Subject: Bell

Hello
"""


def spreadsheet(camera):
    """The import of Odoo with our template, tested."""
    page = camera.page
    camera.visit("/odoo/cases?view_type=list", ".o_list_view .o_data_row")
    page.locator(".o_cp_action_menus .fa-cog").first.click()
    page.locator(".o-dropdown--menu .o-dropdown-item", has_text="Import").first.click()
    page.locator("input[type=file]").first.set_input_files(TEMPLATE)
    page.wait_for_selector(".o_import_data_content table")
    page.get_by_role("button", name="Test").click()
    page.wait_for_selector(".o_import_data_content .alert, .o_import_report")
    camera.shoot("moving-spreadsheet")


def mails(camera):
    """Which mails come, and where to."""
    page = camera.page
    conversation = "/odoo/action-crm_cases.crm_case_import_mail_action"
    camera.visit(conversation, ".modal .o_form_view")
    box = {"name": "support-2023.mbox", "mimeType": "application/mbox"}
    page.locator(".modal input[type=file]").set_input_files({**box, "buffer": MAILBOX})
    page.wait_for_selector(".modal .o_attachment")
    camera.shoot("moving-mails")


def erase(camera):
    """What would be forgotten, and what stays."""
    page = camera.page
    camera.visit("/odoo/contacts?view_type=list", ".o_list_view .o_data_row")
    page.locator(".o_data_row", has_text=PERSON).first.locator("td").nth(1).click()
    page.wait_for_selector(".o_form_view .o_field_widget[name=name]")
    page.locator(".o_cp_action_menus .fa-cog").first.click()
    page.locator(".o-dropdown--menu .o-dropdown-item", has_text="Erase").first.click()
    page.wait_for_selector(".modal .o_field_widget[name=preview] li")
    wizard(camera, "privacy-erase")


def retention(camera):
    """What a team does with old cases."""
    page = camera.page
    teams = "/odoo/action-crm_cases.crm_case_team_action_config"
    camera.visit(teams, ".o_list_view .o_data_row")
    page.locator(".o_data_row", has_text="Customer Care").first.locator(
        "td.o_data_cell"
    ).nth(1).click()
    page.get_by_role("tab", name="Customers").click()
    field = page.locator(".o_field_widget[name=retention_policy]")
    field.locator("input").click()
    page.get_by_text("Anonymise them").first.click()
    page.locator("button[name=action_preview_retention]").scroll_into_view_if_needed()
    camera.shoot("privacy-retention")
    page.locator(".o_form_button_cancel").click()


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
        spreadsheet(camera)
        mails(camera)
        erase(camera)
        retention(camera)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
