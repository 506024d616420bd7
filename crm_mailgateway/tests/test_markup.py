import base64
import email
import email.policy
import time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..pipeline.markup import MAX_COST, cost, is_hostile
from ..pipeline.preview import readable
from .common import GatewayCommon, compose

PROCESSING = "odoo.addons.crm_mailgateway.models.crm_mailgateway_processing"


def html_mail(html, *more):
    """Return the bytes of a mail with HTML, encoded."""
    head, _end, _body = compose("Hostile").partition(b"\r\n\r\n")
    head = b"\r\n".join(
        line for line in head.splitlines() if not line.lower().startswith(b"content-")
    )
    parts = [
        b"--x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(text.encode())
        for text in (html, *more)
    ]
    kind = b"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    return head + kind + b"\r\n".join(parts) + b"\r\n--x--\r\n"


def parsed(content):
    return email.message_from_bytes(content, policy=email.policy.SMTP)


@tagged("post_install", "-at_install")
class TestMarkup(GatewayCommon):
    """HTML that takes hours to read is shown to a person, and keeps no mail waiting."""

    def test_what_it_costs(self):
        self.assertEqual(cost("no tag > at all"), 0)
        self.assertEqual(cost("<b>"), 2)
        self.assertEqual(cost("<<b>"), 3 + 2)
        self.assertEqual(cost("<b><<"), 2 + 2 + 1)

    def test_what_is_hostile(self):
        for pattern in ("<p ", "<!--", "<o:", '<a href="'):
            text = pattern * (100_000 // len(pattern))
            self.assertTrue(is_hostile(parsed(html_mail(text))), pattern)
        self.assertTrue(is_hostile(parsed(html_mail(f"<p style='{'a' * 50_000}'>x"))))
        odd = compose("Odd").replace(b"text/plain", b"text/enriched")
        self.assertFalse(is_hostile(parsed(odd)))
        self.assertTrue(is_hostile(parsed(odd + b"<p " * 35_000)), "read as HTML")
        apart = ["<p " * 4_500] * 2
        self.assertFalse(is_hostile(parsed(html_mail(apart[0]))))
        self.assertTrue(is_hostile(parsed(html_mail(*apart))), "as one text")

    def test_what_is_not(self):
        table = "<table><tr><td class='a' style='b: c'>1 &lt; 2</td></tr></table>\n"
        picture = "<img src='data:image/png;base64," + "A" * 2_000_000 + "'>"
        for text in (table * 20_000, picture, "1 < 2. " * 50 + "<p>x</p>" * 50_000):
            self.assertFalse(is_hostile(parsed(html_mail(text))))
            self.assertLess(cost(text), MAX_COST / 10)

    @mute_logger(PROCESSING)
    def test_a_person_files_it(self):
        content = html_mail("<p " * 35_000)
        journal = self.env["crm.mailgateway.message"]
        start = time.monotonic()
        with self.assertRaisesRegex(ValueError, "hours") as raised:
            self.receive(content)  # under tests all errors are told, as by Odoo
        row = journal.search([], limit=1)
        row._fail(row.id, raised.exception)
        self.assertEqual(row.state, "quarantined", "at once")
        self.assertIn("Subject: Hostile", row.preview)
        row.action_retry()
        self.assertEqual(row.state, "quarantined", "it is not tried once more")
        row._route({"team_id": self.team.id})
        self.assertEqual(row.case_id.team_id, self.team)
        self.assertLess(time.monotonic() - start, 10)

    def test_preview_shows_the_source(self):
        text, is_html = readable(html_mail("<p " * 35_000))
        self.assertFalse(is_html)
        self.assertIn("Subject: Hostile", text)
