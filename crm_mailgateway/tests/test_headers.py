import datetime
import random

from odoo.tests import BaseCase, tagged

from ..pipeline.headers import derived_message_id, one_line, read_envelope


@tagged("post_install", "-at_install")
class TestHeaders(BaseCase):
    """The journal can describe any bytes at all."""

    def test_usual_mail(self):
        envelope = read_envelope(
            b"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.com>\r\n"
            b"To: a@b.example\r\nCc: c@d.example\r\n"
            b"Subject: =?iso-8859-1?q?caf=E9?=\r\n"
            b"Message-ID: <1@example.com>\r\n"
            b"Date: Mon, 2 Mar 2026 10:00:00 +0200\r\n\r\nbody"
        )
        self.assertEqual(envelope.sender, "Zoë <zoe@example.com>")
        self.assertEqual(envelope.recipients, "a@b.example, c@d.example")
        self.assertEqual(envelope.subject, "café")
        self.assertEqual(envelope.message_id, "<1@example.com>")
        self.assertEqual(envelope.sent_on, datetime.datetime(2026, 3, 2, 8, 0))

    def test_headers_without_any_encoding(self):
        for charset in ("utf-8", "latin-1"):
            mail = "Subject: Me caí\r\nFrom: Tomás <t@x.example>\r\n\r\n"
            envelope = read_envelope(mail.encode(charset))
            self.assertEqual(envelope.subject, "Me caí")
            self.assertEqual(envelope.sender, "Tomás <t@x.example>")

    def test_nothing_turns_the_text_around_it(self):
        self.assertEqual(one_line("a\u202egnp.exe\r\n\u2067b\x00 c"), "agnp.exe b c")
        mail = "Subject: Pay\u202e now\u202c\r\n\r\n"
        self.assertEqual(read_envelope(mail.encode()).subject, "Pay now")
        self.assertEqual(one_line("שלום \u200fعالم"), "שלום \u200fعالم")

    def test_without_message_id_the_id_is_that_of_the_content(self):
        """IMAP, POP3 and a pipe differ in line ends only."""
        content = b"From: a@b.example\r\n\r\nHello\r\n"
        piped = content.replace(b"\r\n", b"\n")
        self.assertEqual(
            read_envelope(content).message_id, read_envelope(piped).message_id
        )
        self.assertNotEqual(derived_message_id(content), derived_message_id(b"other"))

    def test_what_postgresql_cannot_store_is_gone(self):
        envelope = read_envelope(b"Subject: a\x00b\r\nFrom: \xff\xfe\x80\r\n\r\n")
        for text in (envelope.subject, envelope.sender):
            self.assertNotIn("\0", text)
            text.encode("utf-8")

    def test_absurd_message_id_is_replaced(self):
        """Two of them blocked a mailbox: they did not fit into an index."""
        words = b"=?utf-8?b?" + b"5ryi5a2X" * 6 + b"?= "
        for absurd in (b"<" + b"x" * 5000 + b"@y>", words * 60):
            found = read_envelope(b"Message-ID: " + absurd + b"\n\nbody").message_id
            self.assertIn("without-message-id.invalid", found)

    def test_unknown_charset(self):
        self.assertEqual(
            read_envelope(b"Subject: =?klingon?q?Qapla=27?=\n\n").subject, "Qapla'"
        )

    def test_dates_that_are_none(self):
        for date in (
            b"yesterday",
            b"Mon, 99 Foo 9999",
            b"",
            b"31 Dec 1931 00:00 +0000",
        ):
            self.assertIsNone(read_envelope(b"Date: " + date + b"\n\n").sent_on)

    def test_header_injection_stays_on_one_line(self):
        encoded = b"Subject: =?utf-8?q?a=0D=0ABcc:_evil=40example.com?=\n\n"
        self.assertNotIn("\n", read_envelope(encoded).subject)

    def test_random_bytes_never_fail(self):
        source = random.Random(19)
        for length in range(0, 2000, 7):
            content = source.randbytes(length)
            for start in (b"", b"From: ", b"Date: ", b"Subject: =?utf-8?b?"):
                self.assertTrue(read_envelope(start + content).message_id)
