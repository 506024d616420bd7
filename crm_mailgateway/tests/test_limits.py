from odoo.tests import BaseCase, tagged

from ..pipeline.limits import (
    MAX_HEADER_BYTES,
    MAX_NESTING,
    MAX_PARTS,
    header_bytes,
    reason_to_quarantine,
)


@tagged("post_install", "-at_install")
class TestLimits(BaseCase):
    def test_ordinary_mail_passes(self):
        self.assertIsNone(reason_to_quarantine(b"From: a@b.example\r\n\r\nHello"))

    def test_nothing_is_empty(self):
        for content in (b"", b"\r\n", b" \n\t\n"):
            self.assertEqual(reason_to_quarantine(content), "empty")

    def test_header_over_the_limit(self):
        line = b"X-Long: " + b"x" * 70 + b"\r\n"
        fits = line * (MAX_HEADER_BYTES // len(line))
        self.assertIsNone(reason_to_quarantine(fits + b"\r\nbody"))
        self.assertEqual(reason_to_quarantine(fits + line * 2 + b"\r\nbody"), "header")

    def test_long_body_is_no_long_header(self):
        body = b"y" * (2 * MAX_HEADER_BYTES)
        self.assertIsNone(reason_to_quarantine(b"From: a@b.example\n\n" + body))

    def test_nesting(self):
        part = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
        nested = b"".join(part % (n, n) for n in range(MAX_NESTING + 1))
        self.assertEqual(reason_to_quarantine(b"From: a\n" + nested), "nesting")

    def test_nested_messages(self):
        part = b"Content-Type: message/rfc822\n\n"
        many = b"From: a\n" + part * (MAX_NESTING + 1)
        self.assertEqual(reason_to_quarantine(many), "nesting")

    def test_parts(self):
        part = b"--b\nContent-Type: text/plain\n\nx\n"
        many = b"From: a\n\n" + part * (2 * MAX_PARTS + 1)
        self.assertEqual(reason_to_quarantine(many), "parts")

    def test_header_ends_at_the_first_empty_line(self):
        self.assertEqual(header_bytes(b"A: 1\r\nB: 2\r\n\r\nC: 3"), b"A: 1\r\nB: 2")
        self.assertEqual(header_bytes(b"no empty line"), b"no empty line")
