"""Takes the pictures of the how-to for agents, from a running demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES, Camera
from pictures_types import find, press, wizard
from playwright.sync_api import sync_playwright

CASE = "Which tyres fit the Tourer 400?"


def main(url, *_outbox):
    """Take all pictures.

    :param str url: the running demo
    """
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        camera = Camera(browser, url)
        camera.login("agent")
        camera.visit("/odoo/my-cases", ".o_kanban_record")
        camera.shoot("agent-board")
        find(camera, "cases", CASE)
        camera.shoot("agent-case")
        camera.page.click(".o-mail-Chatter-sendMessage")
        camera.page.click(".o-case-SendAnd")
        camera.page.wait_for_selector(".o-case-Macro")
        camera.shoot("agent-macros")
        camera.page.keyboard.press("Escape")
        press(camera, "Put on Hold")
        wizard(camera, "agent-pending")
        camera.login("leader")
        camera.visit("/odoo/case-teams", ".o_kanban_record")
        camera.shoot("agent-teams")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
