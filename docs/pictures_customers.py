"""Takes the pictures of ``howto-customers.rst``: portal and dashboard of the demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES
from playwright.sync_api import sync_playwright

WIDE, NARROW = (1400, 900), (390, 800)


def visit(browser, url, user, size=WIDE, scheme="light"):
    """Open a window as a user, whose password is the login."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    )
    page = context.new_page()
    if user:
        page.goto(f"{url}/web/login")
        page.fill("input[name=login]", user)
        page.fill("input[name=password]", user)
        page.click("button[type=submit]")
        page.wait_for_load_state("load")
    return page


def shoot(page, name, full=True):
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / f"{name}.png", full_page=full)


def main(url, _outbox):
    """Take all pictures of ``howto-customers.rst``.

    :param str url: the running demo
    """
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = visit(browser, url, "customer")
        page.goto(f"{url}/my/cases")
        shoot(page, "portal-list")
        page.click(".o_case_table a >> nth=0")
        page.wait_for_selector("#case_conversation")
        address = page.url
        shoot(page, "portal-case")
        page = visit(browser, url, "customer", NARROW, "dark")
        page.goto(address)
        shoot(page, "portal-case-dark")
        page = visit(browser, url, "leader")
        page.goto(f"{url}/odoo/cases-dashboard")
        page.wait_for_selector(".o_cases_figure")
        shoot(page, "dashboard")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
