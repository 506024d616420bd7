"""Takes the pictures of the how-to about rules and SLA, from a running demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES, Camera
from playwright.sync_api import sync_playwright

LADDER = "No customer waits for a second day"
POLICY = "Customer Care: answer within four hours"


def open_row(camera, path, text):
    """Open a record from a list."""
    camera.visit(path, ".o_list_view .o_data_row")
    camera.page.locator(".o_data_row", has_text=text).first.locator(
        "td[name=name]"
    ).click()
    camera.page.wait_for_selector(".o_form_view .o_field_widget[name=name]")


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
        camera.visit(
            "/odoo/action-crm_cases.res_config_settings_action", "#case_remind_customer"
        )
        camera.shoot("rules-settings")
        camera.login("leader")
        open_row(camera, "/odoo/case-rules", LADDER)
        camera.shoot("rules-rule")
        open_row(camera, "/odoo/case-sla", POLICY)
        camera.shoot("rules-sla")
        camera.visit("/odoo/cases?view_type=kanban", ".o_kanban_record")
        camera.shoot("rules-board")
        camera.visit("/odoo/case-sla-analysis", ".o_graph_view")
        camera.shoot("rules-analysis")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
