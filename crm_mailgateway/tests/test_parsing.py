import base64
import email
import email.policy
import quopri
import time

from odoo.tests import BaseCase, tagged

from ..pipeline.parsing import mend


def parsed(content):
    message = email.message_from_bytes(content, policy=email.policy.SMTP)
    mend(message)
    return message


def encoded_words(text):
    """Yield a text in both encodings of RFC 2047."""
    content = text.encode()
    yield f"=?utf-8?b?{base64.b64encode(content).decode()}?="
    quoted = quopri.encodestring(content, quotetabs=True, header=True).decode()
    quoted = quoted.replace("\r", "=0D").replace("\n", "=0A").replace("?", "=3F")
    yield f"=?utf-8?q?{quoted}?="


@tagged("post_install", "-at_install")
class TestParsing(BaseCase):
    def test_each_header_is_interpreted_once(self):
        message = parsed(b"From: A <a@b.example>\r\nTo: c@d.example\r\n\r\nx")
        self.assertIs(message["From"], message["From"])
        self.assertEqual(message["From"].addresses[0].addr_spec, "a@b.example")
        self.assertEqual(message.get_all("To"), ["c@d.example"])

    def test_line_ends_in_a_name_do_no_harm(self):
        for name in (
            "A\r\nBcc: x@y.example",
            "A\nB",
            "A\r\n <boss@ours.example>",
            'A"\r\n\r\n<script>',
            "\0\r",
        ):
            for word in encoded_words(name):
                with self.subTest(name=name, word=word):
                    message = parsed(f"From: {word} <a@b.example>\r\n\r\nx".encode())
                    [address] = message["From"].addresses
                    self.assertEqual(address.addr_spec, "a@b.example")
                    self.assertNotRegex(str(message["From"]), "[\r\n\0]")

    def test_headers_of_any_kind_are_read(self):
        for header in (
            "From: =?utf-8?q?a=0D=0A@b.example?=",
            "To: <=?utf-8?q?a=0D=0A?=@b.example>",
            "Cc: =?utf-8?b?DQo?=, =?x?q?=0D=0A?= <a@b.example>,,;:",
            "Subject: =?utf-8?q?a=0D=0AB=3A_c?=",
            "Content-Type: =?utf-8?q?=0D=0A?=; charset==?utf-8?q?=0A?=",
        ):
            with self.subTest(header=header):
                message = parsed(f"{header}\r\n\r\nx".encode())
                self.assertTrue(message.items())

    def test_addresses_that_are_none_cost_no_time(self):
        start = time.monotonic()
        for letter in '".(<@;:\\[':
            folded = "\r\n ".join([letter * 70] * 850)
            text = f"From: {folded} <a@b.example>\r\nTo: {folded}, c@d.example"
            message = parsed(f"{text}\r\n\r\nx".encode())
            self.assertIn("a@b.example", str(message["From"]), letter)
            self.assertIn("c@d.example", str(message["To"]), letter)
            self.assertLess(len(str(message["To"])), 5000, letter)
        self.assertLess(time.monotonic() - start, 10)

    def test_many_recipients_are_all_kept(self):
        many = ",\r\n ".join(f"Person {n} <a{n}@b.example>" for n in range(500))
        addresses = parsed(f"To: {many}\r\n\r\nx".encode())["To"].addresses
        self.assertEqual(len(addresses), 500)

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
