import base64
import email.policy
from email.message import EmailMessage

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_cases.models.crm_case_erasure import get_pattern

from ..pipeline import naming
from .common import compose

ADDRESS = "zora.quill@privacy.example"
LONG = "these are many words " * 8


def write(text, cte, charset="utf-8", subtype="plain"):
    mail = EmailMessage(email.policy.SMTP)
    mail["From"], mail["Subject"] = "otto@other.example", "A mail"
    mail.set_content(text, cte=cte, charset=charset, subtype=subtype)
    return bytes(mail)


def wrap(mail):
    outer = EmailMessage(email.policy.SMTP)
    outer["From"], outer["Subject"] = "otto@other.example", "Outside"
    outer.set_content("See there")
    outer.add_attachment(mail, "application", "octet-stream", filename="a.eml")
    return bytes(outer)


def encode_word(text):
    return b"=?utf-8?b?" + base64.b64encode(text.encode()) + b"?="


ENTITIES = "<p>zora&#46;quill&commat;privacy&#x2e;example</p>"
NAMING = {
    "plain": write(f"I am {ADDRESS}.", "7bit"),
    "upper case": write(f"I am {ADDRESS.upper()}.", "7bit"),
    "base64": write(f"{LONG} {ADDRESS} {LONG}", "base64"),
    "short base64": write(ADDRESS, "base64"),
    "quoted-printable": write(f"{LONG} {ADDRESS} {LONG}", "quoted-printable"),
    "UTF-16": write(f"é {ADDRESS}", "base64", "utf-16"),
    "entities": write(ENTITIES, "7bit", subtype="html"),
    "entities in base64": write(ENTITIES, "base64", subtype="html"),
    "a mail in a mail": wrap(write(ADDRESS, "base64")),
    "a mail in a mail in a mail": wrap(wrap(write(ADDRESS, "quoted-printable"))),
    "subject": compose(f"Für {ADDRESS} über Äpfel"),
    "two encoded words": b"Subject: "
    + encode_word("Für zora.quill@pri")
    + b"\r\n "
    + encode_word("vacy.example")
    + b"\r\n\r\nHello",
    "cut off": write(f"{ADDRESS} {LONG}", "base64")[:-9],
    "quoted base64": b"\r\n> " + base64.b64encode(f"I am {ADDRESS}".encode()),
}


@tagged("post_install", "-at_install")
class TestNaming(BaseCase):
    def test_address_is_found_in_whatever_it_is_wrapped(self):
        finds = naming.get_finder([ADDRESS], get_pattern)
        for name, content in NAMING.items():
            with self.subTest(name):
                self.assertTrue(finds(content))

    def test_address_of_somebody_else_is_not(self):
        finds = naming.get_finder([ADDRESS], get_pattern)
        for other in (f"x{ADDRESS}", f"x.{ADDRESS}", f"{ADDRESS}.com", f"{ADDRESS}s"):
            for cte in ("7bit", "base64", "quoted-printable"):
                with self.subTest(other, cte=cte):
                    self.assertFalse(finds(write(f"I am {other}.", cte)))
        self.assertFalse(naming.get_finder([], get_pattern)(NAMING["plain"]))

    def test_address_with_letters_of_elsewhere(self):
        finds = naming.get_finder(["zoë@privacy.example"], get_pattern)
        for charset in ("utf-8", "latin-1"):
            for cte in ("base64", "quoted-printable"):
                self.assertTrue(finds(write("I am zoë@privacy.example", cte, charset)))

    def test_what_unfolds_to_too_much_is_left(self):
        content = b"x"
        for _turn in range(50):
            content = base64.encodebytes(b"AAAAAAAA" + content)
        self.assertLess(len(list(naming.unfold(content))), 10)
        large = base64.encodebytes(b"a" * 3000)
        limit = len(large) + 3100
        self.assertGreater(sum(map(len, naming.unfold(large))), limit)
        unfolded = naming.unfold(large, budget=[limit])
        self.assertLessEqual(sum(map(len, unfolded)), limit)

    def test_garbage_is_no_error(self):
        for content in (b"", b"=", b"=?", b"=?u?b?=?=", b"AAAAAAAAA", b"&#xfffffff;"):
            list(naming.unfold(content * 3))
