"""Takes the pictures of the documentation from the running demo.

Started by ``./dev pictures`` while ``./dev run`` serves a fresh demo database. Sends
one mail as a customer, and photographs the mail, its case, the thank-you and a
segmentation.
"""

import email
import email.policy
import html
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SUBJECT = "Brakes squeal since the last service"
BODY = """Hello,

since you serviced my cargo bike on Monday the front brake squeals whenever it rains.
Can I come by on Thursday, or is there something I can do myself?

Kind regards
Robin Rider
"""
SENDER = "Robin Rider <robin.rider@example.com>"
LETTER = """
<body style="margin:0;background:#e9ecef;font:15px/1.6 'DejaVu Sans',sans-serif">
<div style="margin:40px auto;max-width:760px;background:#fff;border-radius:8px;
box-shadow:0 2px 12px #0002;overflow:hidden">
<div style="padding:20px 28px;background:#f8f9fa;border-bottom:1px solid #dee2e6">
<div style="font-size:20px;font-weight:bold">{subject}</div>
<div style="color:#495057">{sender} → {recipient}</div></div>
<div style="padding:24px 28px">{body}</div></div></body>
"""


class Camera:
    """A browser in which one user is logged in at a time."""

    def __init__(self, browser, url):
        self.browser = browser
        self.url = url
        self.page = None

    def login(self, user, width=1400, height=850):
        """Open a fresh window as a user, whose password is the login."""
        self.page = self.browser.new_page(viewport={"width": width, "height": height})
        self.page.goto(f"{self.url}/web/login?redirect=/odoo")
        self.page.fill("input[name=login]", user)
        self.page.fill("input[name=password]", user)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar")

    def visit(self, path, ready):
        """Open a page and wait until an element is there."""
        self.page.goto(self.url + path)
        self.page.wait_for_selector(ready)

    def shoot(self, name):
        # The web client is never idle: it keeps a websocket. Pictures and fonts
        # have settled by then.
        self.page.wait_for_timeout(1500)
        self.page.screenshot(path=IMAGES / f"{name}.png")

    def letter(self, name, **parts):
        """Photograph a mail as a mail program would show it."""
        self.page = self.browser.new_page(viewport={"width": 1000, "height": 600})
        self.page.set_content(LETTER.format(**parts))
        self.shoot(name)


def main(url, outbox):
    """Take all pictures.

    :param str url: the running demo
    :param str outbox: folder of the mails that it would have sent
    """
    IMAGES.mkdir(exist_ok=True)
    case_path = send_mail(url)
    thanks = sorted(Path(outbox).glob("*.eml"))[-1]
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        camera = Camera(browser, url)
        camera.letter(
            "1-mail",
            subject=SUBJECT,
            sender=html.escape(SENDER),
            recipient="care@velora.example.com",
            body=html.escape(BODY).replace("\n", "<br>"),
        )
        camera.login("agent")
        camera.visit(case_path, ".o_form_view .o-mail-Message")
        camera.shoot("2-case")
        camera.letter("3-thanks", **read(thanks))
        camera.login("marketer")
        camera.page.get_by_text("Gold customers").first.click()
        camera.page.wait_for_selector(".o_form_view")
        camera.shoot("4-segment")
        browser.close()


def send_mail(url):
    """Send the customer's mail and return the path of its case."""
    command = [sys.executable, str(ROOT / "dev"), "mail", "--from", SENDER]
    command += ["--to", "care@velora.example.com"]
    command += ["--subject", SUBJECT, "--body", BODY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    address = next(word for word in done.stdout.split() if word.startswith(url))
    return address.removeprefix(url)


def read(path):
    """Return the parts of a caught mail for :meth:`Camera.letter`."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return {
        "subject": html.escape(str(message["Subject"])),
        "sender": html.escape(str(message["From"])),
        "recipient": html.escape(str(message["To"])),
        "body": message.get_body(("html", "plain")).get_content(),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
