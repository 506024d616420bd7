from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestSplit(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._case("Lamp and chain", partner_id=cls.partner.id, priority="2")
        cls.question = cls._post("The lamp flickers", author_id=cls.partner.id)
        cls.other = cls._post(
            "And the chain jumps",
            author_id=cls.partner.id,
            attachments=[("chain.txt", b"chain")],
        )
        cls.reply = cls._post("Both are under warranty", cls.user_member)
        cls.env.flush_all()

    @classmethod
    def _post(cls, body, user=None, **kwargs):
        return cls.case.with_user(user or cls.env.user).message_post(
            body=body,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **kwargs,
        )

    def _split(self, messages, **values):
        wizard = Form(
            self.env["crm.case.split"]
            .with_user(self.user_member)
            .with_context(default_case_id=self.case.id)
        )
        for name, value in values.items():
            setattr(wizard, name, value)
        wizard = wizard.save()
        for line in wizard.line_ids:
            line.is_chosen = line.message_id in messages
        return self.env["crm.case"].browse(wizard.action_split()["res_id"])

    def test_messages_move_with_their_files(self):
        new = self._split(self.other, name="Chain jumps")
        self.assertEqual(new.name, "Chain jumps")
        self.assertEqual(self.other.res_id, new.id)
        self.assertEqual(self.other.attachment_ids.res_id, new.id)
        self.assertEqual(
            (self.question | self.reply).mapped("res_id"), [self.case.id] * 2
        )
        self.assertEqual(new.partner_id, self.partner)
        self.assertEqual(new.team_id, self.case.team_id)
        self.assertEqual(new.priority, "2")
        self.assertNotEqual(new.number, self.case.number)

    def test_both_are_linked_and_say_so(self):
        new = self._split(self.other)
        self.assertEqual(new.related_case_ids, self.case)
        self.assertEqual(self.case.related_case_ids, new)
        self.assertIn(self.case.number, str(new.message_ids.mapped("body")))
        self.assertIn(new.number, self.case.message_ids[0].body)
        self.assertIn("One message went to", self.case.message_ids[0].body)

    def test_dates(self):
        new = self._split(self.other)
        self.assertEqual(new.date_last_customer_message, self.other.date)
        self.assertFalse(new.date_first_response)
        self.assertTrue(new.awaiting_answer)
        answered = self._split(self.question | self.reply)
        self.assertEqual(answered.date_first_response, self.reply.date)

    def test_somebody_else_wrote(self):
        stranger = self.user_portal.partner_id
        message = self._post("I have that as well", author_id=stranger.id)
        new = self._split(message)
        self.assertEqual(new.partner_id, stranger)
        self.assertEqual(new.email_normalized, stranger.email_normalized)
        self.assertEqual(self.case.partner_id, self.partner)

    def test_answers_follow(self):
        new = self._split(self.other)
        self.env["mail.thread"].message_process(
            "crm.case",
            f"From: {self.partner.email}\nTo: x@y.example.com\nSubject: Re: chain\n"
            f"Message-Id: <chain@x>\nReferences: {self.other.message_id}\n\nIt broke.",
        )
        self.assertIn("It broke", new.message_ids[0].body)

    def test_merging_takes_it_back(self):
        new = self._split(self.other)
        (self.case | new)._merge()
        self.assertEqual(self.other.res_id, self.case.id)
        self.assertFalse(self.case.related_case_ids)

    def test_bad_choice(self):
        with self.assertRaises(UserError):
            self._split(self.env["mail.message"])
        foreign = self._case("Foreign").message_post(
            body="Foreign", message_type="comment"
        )
        with self.assertRaises(UserError):
            self.case._split(self.other | foreign, {})
        self.assertEqual(self.other.res_id, self.case.id)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_rights(self):
        self.case.team_id = self.team_sales
        self.case.message_unsubscribe(self.user_member.partner_id.ids)
        with self.assertRaises(AccessError):
            self.case.with_user(self.user_member)._split(self.other, {"name": "x"})
