"""Takes the pictures of the how-to about segmentation, from a running demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database. Nothing
is changed in it.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES, Camera
from playwright.sync_api import sync_playwright

ACTION = "/odoo/action-crm_segmentation."


def find(camera, name):
    """Open a segmentation by its name."""
    camera.visit(f"{ACTION}crm_segmentation_action", ".o_kanban_view .o_kanban_record")
    camera.page.locator(".o_kanban_record", has_text=name).first.click()
    camera.page.wait_for_selector(".o_form_view .o_field_widget[name=sentence]")


def dialog(camera, name, opener):
    """Photograph the dialog that a button or a row opens, and leave it."""
    camera.page.locator(opener).first.click()
    camera.page.wait_for_selector(".modal .o_form_view")
    camera.shoot(name)
    camera.page.keyboard.press("Escape")
    camera.page.wait_for_selector(".modal", state="detached")


def why(camera):
    """Photograph why a partner is in."""
    camera.page.locator("button[name=action_why]").first.click()
    camera.page.wait_for_selector(".modal .o_form_view")
    camera.page.fill(".modal div[name=partner_id] input", "Jackson")
    camera.page.locator(
        ".o-autocomplete--dropdown-item", has_text="Jackson"
    ).first.click()
    camera.page.wait_for_selector(".modal .o_data_row")
    camera.shoot("segmentation-why")
    camera.page.keyboard.press("Escape")


def main(url, *_outbox):
    """Take all pictures.

    :param str url: the running demo
    """
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        camera = Camera(browser, url)
        camera.login("marketer")
        camera.visit(f"{ACTION}crm_segmentation_action", ".o_kanban_record")
        camera.shoot("segmentation-list")
        camera.visit(f"{ACTION}crm_segmentation_template_action", ".o_kanban_record")
        camera.shoot("segmentation-templates")
        find(camera, "Needs a call")
        camera.shoot("segmentation-rule")
        rows = "div[name=mandatory_line_ids] td[name=clause]"
        dialog(camera, "segmentation-criterion", rows)
        dialog(camera, "segmentation-preview", "button[name=action_preview]")
        find(camera, "Gold customers")
        why(camera)
        camera.visit("/odoo/contacts?view_type=list", ".o_list_view .o_data_row")
        camera.page.locator(".o_data_row", has_text="Wood Corner").first.locator(
            "td"
        ).nth(1).click()
        camera.page.locator(".nav-link", has_text="State of Mind").first.click()
        camera.page.wait_for_selector(".o_segmentation_mood table")
        camera.shoot("segmentation-mood")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
