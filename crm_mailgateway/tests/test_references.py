import email
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, new_test_user, tagged

from ..models.crm_mailgateway_secret import GRACE_DAYS
from ..pipeline.references import MAX_IDS, chain_of, last_of, merge
from .common import CUSTOMER
from .test_outgoing import TestOutgoing as Outgoing
from .test_threading import STRANGER, ThreadingCommon


@tagged("post_install", "-at_install")
class TestChain(BaseCase):
    def test_an_answer_continues_the_chain(self):
        message = email.message_from_string(
            "References: <1@a>\n <2@a>\nIn-Reply-To: <2@a>\n\nx"
        )
        self.assertEqual(chain_of(message, "<3@a>"), "<1@a> <2@a> <3@a>")
        message = email.message_from_string("In-Reply-To: <2@a>\n\nx")
        self.assertEqual(chain_of(message, "<3@a>"), "<2@a> <3@a>")

    def test_garbage_is_left_out(self):
        message = email.message_from_string("References: nonsense <> <a b> <x@y>\n\n")
        self.assertEqual(chain_of(message, "no id"), "<x@y>")
        self.assertEqual((merge("", None), last_of(""), last_of(None)), ("", "", ""))

    def test_long_chains_keep_both_ends(self):
        chain = merge(*(f"<{n}@a>" for n in range(500))).split()
        self.assertEqual(len(chain), MAX_IDS)
        self.assertEqual((chain[0], chain[-1]), ("<0@a>", "<499@a>"))


@tagged("post_install", "-at_install")
class TestReferences(ThreadingCommon):
    """What we send belongs to the conversation that the customer sees."""

    outgoing = Outgoing.outgoing

    def test_the_customers_chain_is_continued(self):
        case = self.new_case(
            Message_ID="<c@client.example>",
            References="<a@elsewhere.example> <b@elsewhere.example>",
        )
        [mail], message = self.outgoing(case, self.customer)
        chain = mail["references"].split()
        self.assertEqual(
            chain[:3],
            ["<a@elsewhere.example>", "<b@elsewhere.example>", "<c@client.example>"],
        )
        self.assertEqual(chain[-1], message.message_id)
        self.assertEqual(mail["headers"]["In-Reply-To"], "<c@client.example>")
        self.mail(
            Message_ID="<d@client.example>",
            In_Reply_To=message.message_id,
            References=mail["references"],
        )
        [mail], _message = self.outgoing(case, self.customer)
        self.assertEqual(mail["headers"]["In-Reply-To"], "<d@client.example>")
        self.assertEqual(mail["references"].split()[:3], chain[:3])

    def test_the_acknowledgement_answers_the_mail(self):
        row = self.mail(Message_ID="<x@client.example>", References="<w@elsewhere.ex>")
        result = self.env["crm.mailgateway.result"].search(
            [("journal_id", "=", row.id)]
        )
        result._acknowledge()
        thanks = self.env["mail.mail"].search([("res_id", "=", row.case_id.id)])
        [mail] = thanks[0]._prepare_outgoing_list()
        self.assertEqual(mail["headers"]["In-Reply-To"], "<x@client.example>")
        self.assertIn("<w@elsewhere.ex> <x@client.example>", mail["references"])

    def test_strangers_and_staff_change_no_chain(self):
        case = self.new_case(Message_ID="<c@client.example>")
        sent = self.answered(case)
        self.mail(From=STRANGER, In_Reply_To=sent.message_id)
        self.assertEqual(case.mail_references, "<c@client.example>")

    # THE SECRET

    def test_tokens_outlive_a_rotation_for_a_while(self):
        case = self.new_case()
        address = self.token_address(case)
        marks = self.secret._own_marks()
        settings = self.env["res.config.settings"].create({})
        settings.action_crm_mailgateway_rotate_secret()
        self.assertNotEqual(self.token_address(case), address)
        self.assertEqual(self.mail(To=address).case_id, case)
        self.assertIn(marks[0], self.secret._own_marks())
        later = fields.Datetime.now() + timedelta(days=GRACE_DAYS + 1)
        new_address = self.token_address(case)
        with freeze_time(later):
            self.assertNotEqual(self.mail(To=address).case_id, case)
            self.assertEqual(self.mail(To=new_address).case_id, case)

    def test_the_one_before_the_last_counts_no_more(self):
        case = self.new_case()
        address = self.token_address(case)
        for _rotation in range(2):
            self.secret._rotate()
        self.assertNotEqual(self.mail(To=address).case_id, case)
        self.assertEqual(
            self.mail(From=CUSTOMER, To=self.token_address(case)).case_id, case
        )

    def test_only_administrators_rotate(self):
        user = new_test_user(
            self.env, "no_admin", groups="crm_cases.crm_cases_group_manager"
        )
        settings = self.env["res.config.settings"].create({})
        with self.assertRaises(AccessError):
            settings.with_user(user).action_crm_mailgateway_rotate_secret()
