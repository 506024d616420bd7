"""Takes the pictures of the how-to about mail, from a running demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database. Shows a
mailbox, the health of mail, and a mail that needs a decision.
"""

import shutil
import sys

from pictures import FLAGS, IMAGES, Camera
from playwright.sync_api import sync_playwright

MAILBOX = "care@velora.example.com"


def create_mailbox(page):
    """Create a mailbox to photograph, as whoever is logged in; return its id."""
    values = {"name": "Customer care", "server": "imap.velora.example.com"}
    values |= {"user": MAILBOX, "port": 993, "is_ssl": True, "state": "done"}
    return page.evaluate(
        """async (values) => {
            const url = "/web/dataset/call_kw/fetchmail.server/create";
            const params = {
                model: "fetchmail.server", method: "create",
                args: [[values]], kwargs: {},
            };
            const answer = await fetch(url, {
                method: "POST",
                headers: {"Content-Type": "application/json"},
                body: JSON.stringify({jsonrpc: "2.0", method: "call", params}),
            });
            return (await answer.json()).result[0];
        }""",
        values,
    )


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
        mailbox = create_mailbox(camera.page)
        path = f"/odoo/action-mail.action_email_server_tree/{mailbox}"
        camera.visit(path, ".o_form_view .o_field_widget[name=crm_mailgateway_health]")
        camera.shoot("mail-mailbox")
        camera.visit("/odoo/mail-health", ".o_list_view .o_data_row")
        camera.shoot("mail-health")
        camera.visit("/odoo/received-mail", ".o_list_view .o_data_row")
        camera.page.locator(".o_data_row", has_text="Quarantined").first.click()
        camera.page.wait_for_selector(".o_form_view .o_field_widget[name=preview]")
        camera.shoot("mail-quarantined")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
