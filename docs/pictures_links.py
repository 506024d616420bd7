"""Takes the pictures of the how-to about merging, splitting and asking a supplier.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES, Camera
from playwright.sync_api import sync_playwright

AGAIN = "Re: Display freezes"
COLD = "Battery does not charge below"


def find(camera, subject):
    """Open a case by its subject."""
    camera.visit("/odoo/cases?view_type=list", ".o_list_view .o_data_row")
    box = camera.page.locator(".o_searchview_input")
    for _facet in range(camera.page.locator(".o_facet_remove").count()):
        camera.page.locator(".o_facet_remove").first.click()
    box.fill(subject)
    box.press("Enter")
    row = camera.page.locator(".o_data_row", has_text=subject).first
    row.locator("td[name=name]").click()
    camera.page.wait_for_selector(".o_form_view .o_field_widget[name=name]")


def act(camera, label):
    """Choose an entry of the cog menu."""
    camera.page.locator(".o_cp_action_menus .fa-cog").first.click()
    camera.page.locator(
        ".o-dropdown--menu .o-dropdown-item", has_text=label
    ).first.click()


def dialog(camera, name, before=None):
    """Photograph the dialog that is opening, and leave it."""
    camera.page.wait_for_selector(".modal .o_form_view")
    if before:
        before(camera.page)
    camera.shoot(name)
    camera.page.locator(".modal footer button", has_text="Discard").first.click()
    camera.page.wait_for_selector(".modal", state="detached")


def tick_first(page):
    page.locator(".modal .o_data_row td[name=is_chosen]").first.click()
    page.locator(".modal .o_data_row input[type=checkbox]").first.check()
    page.locator(".modal .o_field_widget[name=name] input").fill(
        "Invoice of the service"
    )


def tab(camera, label):
    """Open a tab of the form."""
    camera.page.locator(".o_notebook .nav-link", has_text=label).first.click()


def main(url, *_outbox, user="leader", width=1400, height=850, prefix="links-"):
    """Take all pictures.

    :param str url: the running demo
    """
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        camera = Camera(browser, url)
        camera.login(user, width, height)
        find(camera, AGAIN)
        camera.shoot(f"{prefix}duplicate")
        act(camera, "Split")
        dialog(camera, f"{prefix}split", tick_first)
        act(camera, "Merge")
        dialog(camera, f"{prefix}merge")
        find(camera, COLD)
        tab(camera, "Other Parties")
        camera.shoot(f"{prefix}parties")
        camera.page.get_by_text("Ask a supplier, carrier or expert").click()
        dialog(camera, f"{prefix}ask")
        camera.page.locator("button[name=action_open]").first.click()
        camera.page.wait_for_selector(".o_form_view .alert-info")
        camera.shoot(f"{prefix}party")
        camera.page.locator("button[name=action_share]:visible").first.click()
        dialog(camera, f"{prefix}share")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
