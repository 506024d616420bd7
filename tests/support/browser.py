"""A real, headless Chromium, logged in to a real Odoo server."""

import contextlib
import resource
import shutil

from playwright.sync_api import expect, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# A machine on which other suites run takes its time; Playwright's own limit for what is
# expected is 5 seconds, whatever a page is given.
TIMEOUT = 30_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


@contextlib.contextmanager
def chromium():
    """Start a headless browser; a context manager that gives Playwright's."""
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    # Odoo limits the memory of its process, and Chromium reserves more than that.
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def logged_in(url, login="admin", password=None, width=1400, height=850):
    """Open a window as a user.

    :param str url: of the server
    :param str login: of the user
    :param str password: the login, if there is none
    :return: a context manager that gives Playwright's page
    """
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(TIMEOUT)
        page.goto(f"{url}/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", password or login)
        page.click("form.oe_login_form button[type=submit]")
        page.wait_for_url("**/odoo**")
        yield page
