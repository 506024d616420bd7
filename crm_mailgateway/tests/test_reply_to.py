from odoo.tests import BaseCase, tagged

from ..pipeline.reply_to import read_correspondent

OWN = {"support@ours.example"}
ROBIN = "Robin Rider <robin@example.com>"


@tagged("post_install", "-at_install")
class TestReplyTo(BaseCase):
    def test_answers_go_where_the_sender_wants_them(self):
        found = read_correspondent("Shop <form@shop.example>", "robin@example.com", OWN)
        self.assertEqual(found.address, "robin@example.com")
        self.assertEqual(found.sender, "form@shop.example")
        self.assertTrue(found.is_diverted)

    def test_the_name_that_is_shown_is_that_of_from(self):
        found = read_correspondent(ROBIN, '"Our Boss" <evil@evil.example>', OWN)
        self.assertEqual(found.name, "Robin Rider")
        self.assertIn("evil@evil.example", found.formatted)
        self.assertNotIn("Boss", found.formatted)

    def test_the_address_of_somebody_else_is_no_name(self):
        for name in ("boss@ours.example", "The Boss (Boss@Ours.Example)"):
            found = read_correspondent(f'"{name}" <robin@example.com>', "")
            self.assertEqual((found.name, found.is_disguised), ("", True))
        for name in ("Robin@Example.com", "Robin @ Riders", "Robin"):
            found = read_correspondent(f'"{name}" <robin@example.com>', "")
            self.assertEqual((found.name, found.is_disguised), (name, False))

    def test_what_is_not_honoured(self):
        for reply_to in (
            "",
            None,
            "nobody",
            "Support <support@ours.example>",
            "no-reply@shop.example",
            "a@x.example, b@x.example",
        ):
            found = read_correspondent(ROBIN, reply_to, OWN)
            self.assertEqual(found.address, "robin@example.com", reply_to)
            self.assertFalse(found.is_diverted)

    def test_same_domain_is_no_diversion(self):
        self.assertFalse(
            read_correspondent(ROBIN, "office@example.com", OWN).is_diverted
        )

    def test_no_sender(self):
        found = read_correspondent("", "", OWN)
        self.assertEqual((found.name, found.sender, found.address), ("", "", ""))
