import email
import email.policy

from odoo.tests import BaseCase, tagged

from ..pipeline.parsing import mend


def parsed(content):
    message = email.message_from_bytes(content, policy=email.policy.SMTP)
    mend(message)
    return message


@tagged("post_install", "-at_install")
class TestParsing(BaseCase):
    def test_each_header_is_interpreted_once(self):
        message = parsed(b"From: A <a@b.example>\r\nTo: c@d.example\r\n\r\nx")
        self.assertIs(message["From"], message["From"])
        self.assertEqual(message["From"].addresses[0].addr_spec, "a@b.example")
        self.assertEqual(message.get_all("To"), ["c@d.example"])

    def test_line_ends_in_an_address_do_no_harm(self):
        message = parsed(b"From: =?utf-8?q?A=0D=0ABcc:_x?= <a@b.example>\r\n\r\nx")
        self.assertIn("a@b.example", message["From"])
        self.assertNotIn("\n", message["From"])

    def test_charsets_that_decode_nothing_are_replaced(self):
        cases = [
            ("utf-8", "Grüße".encode(), "Grüße"),
            ("x-klingon", "Grüße".encode(), "Grüße"),
            ("x-klingon", "Grüße".encode("latin-1"), "Grüße"),
            ("zlib_codec", b"plain", "plain"),
            ("rot13", b"plain", "plain"),
            ("idna", "Grüße".encode(), "Grüße"),
            ('""', b"plain", "plain"),
        ]
        for charset, content, expected in cases:
            with self.subTest(charset=charset):
                header = f"Content-Type: text/plain; charset={charset}\r\n\r\n"
                message = parsed(header.encode() + content)
                self.assertEqual(message.get_content(), expected)

    def test_parts_are_mended_too(self):
        message = parsed(
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            b"Content-Type: text/plain; charset=x-klingon\r\n\r\nHello\r\n--b--\r\n"
        )
        [part] = message.iter_parts()
        self.assertEqual(part.get_content().strip(), "Hello")
