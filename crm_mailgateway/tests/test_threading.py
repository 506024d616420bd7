import itertools
from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CUSTOMER, DOMAIN, GatewayCommon, compose

STRANGER = "stranger@elsewhere.example"
STAFF = "sam@ours.example"


class ThreadingCommon(GatewayCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create(
            {"name": "Robin Rider", "email": CUSTOMER}
        )
        cls.staff = cls.env["res.users"].create(
            {
                "name": "Sam",
                "login": "sam.staff",
                "email": STAFF,
                "group_ids": [(4, cls.env.ref("crm_cases.crm_cases_group_all").id)],
            }
        )
        cls.secret = cls.env["crm.mailgateway.secret"]
        cls.numbers = itertools.count()

    def new_case(self, **headers):
        return self.receive(compose("My brakes squeal", **headers)).case_id

    def answered(self, case):
        """Let staff answer, and return the message that the customer got."""
        return case.with_user(self.staff).message_post(
            body="We look into it",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.customer.ids,
        )

    def mail(self, subject="Re: brakes", body="It still squeals.", **headers):
        number = next(self.numbers)
        headers.setdefault("Message_ID", f"<{number}@client.example>")
        return self.receive(compose(subject, body, **headers))

    def token_address(self, case, token=None):
        token = token or self.secret._case_token(case.id)
        return f"support+{token}@{DOMAIN}"


@tagged("post_install", "-at_install")
class TestThreading(ThreadingCommon):
    def test_each_way_to_a_case(self):
        case = self.new_case()
        sent = self.answered(case)
        token = self.secret._case_token(case.id)
        for headers, how in (
            ({"In_Reply_To": sent.message_id}, "answers"),
            ({"To": self.token_address(case)}, "address"),
            ({"To": self.token_address(case).upper()}, "address"),
            ({"body": f"Hello\n> [ref:{token}]"}, "mark"),
            ({"subject": f"AW: [{case.number}] Bremsen"}, "number"),
            ({"subject": f"回复: [Ticket#7] [{case.number}]"}, "number"),
        ):
            with self.subTest(how=headers):
                row = self.mail(**headers)
                self.assertEqual(row.case_id, case)
                self.assertIn(how, row.verdict)
                self.assertFalse(case.mail_warning)

    def test_a_guessed_number_leads_a_stranger_nowhere(self):
        case = self.new_case()
        row = self.mail(subject=f"Re: [{case.number}]", From=STRANGER)
        self.assertTrue(row.case_id)
        self.assertNotEqual(row.case_id, case)

    def test_altered_cut_and_foreign_tokens_lead_nowhere(self):
        case = self.new_case()
        token = self.secret._case_token(case.id)
        foreign = token[:-3] + ("aaa" if token[-3:] != "aaa" else "bbb")
        for bad in (token[:-1], foreign, token.replace("c", "c1", 1)):
            with self.subTest(token=bad):
                row = self.mail(To=self.token_address(case, bad))
                self.assertNotEqual(row.case_id, case)
                row = self.mail(body=f"[ref:{bad}]")
                self.assertNotEqual(row.case_id, case)

    def test_who_takes_part(self):
        company = self.env["res.partner"].create(
            {"name": "Wheels", "is_company": True, "email": "office@wheels.example"}
        )
        self.customer.parent_id = company
        self.env["res.partner"].create(
            {"name": "Pat", "parent_id": company.id, "email": "pat@wheels.example"}
        )
        told = self.env["res.partner"].create(
            {"name": "Told", "email": "told@x.example"}
        )
        case = self.new_case(Cc="watcher@x.example")
        case.message_post(
            body="FYI", partner_ids=told.ids, subtype_xmlid="mail.mt_comment"
        )
        for address in (
            CUSTOMER,
            "pat@wheels.example",
            "watcher@x.example",
            "told@x.example",
        ):
            row = self.mail(subject=f"[{case.number}]", From=address)
            self.assertEqual(row.case_id, case, address)
        for address in (STRANGER, "pat@wheels.example.evil.example", STAFF):
            row = self.mail(subject=f"[{case.number}]", From=address)
            self.assertNotEqual(row.case_id, case, address)

    def test_an_unknown_sender_is_filed_under_a_warning_and_not_written_to(self):
        case = self.new_case()
        sent = self.answered(case)
        row = self.mail(
            From=STRANGER, Cc="accomplice@x.example", In_Reply_To=sent.message_id
        )
        self.assertEqual(row.case_id, case)
        self.assertEqual(case.mail_warning, "stranger")
        self.assertEqual(case.mail_warning_address, STRANGER)
        self.assertNotIn("accomplice", case.email_cc or "")
        self.assertNotIn(STRANGER, case.message_partner_ids.mapped("email"))
        case.with_user(self.staff).action_accept_mail_sender()
        self.assertFalse(case.mail_warning)
        self.assertIn(STRANGER, case.email_cc)
        self.mail(From=STRANGER, In_Reply_To=sent.message_id)
        self.assertFalse(case.mail_warning)

    def test_one_mail_to_two_teams_makes_two_cases_that_know_each_other(self):
        self.env["crm.case.team"].create(
            {"name": "Sales", "alias_name": "sales", "alias_domain_id": self.domain.id}
        )
        row = self.mail(To=f"support@{DOMAIN}, sales@{DOMAIN}")
        cases = self.env["crm.case"].search([], limit=2, order="id desc")
        self.assertEqual(set(cases.mapped("team_id.name")), {"Support", "Sales"})
        self.assertIn(row.case_id, cases)
        self.assertEqual((cases - row.case_id).origin_id, row.case_id)

    def test_a_team_in_copy_gets_its_case_and_watches_none(self):
        self.env["crm.case.team"].create(
            {"name": "Sales", "alias_name": "sales", "alias_domain_id": self.domain.id}
        )
        self.mail(Cc=f"sales@{DOMAIN}, {STRANGER}")
        cases = self.env["crm.case"].search([], limit=2, order="id desc")
        self.assertEqual(set(cases.mapped("team_id.name")), {"Support", "Sales"})
        for case in cases:
            self.assertEqual(case.email_cc, STRANGER)

    def test_who_runs_the_gateway_says_nothing(self):
        """As through a pipe: the user at its end is no author of what is logged."""
        admin = self.env.ref("base.user_admin")
        self.gateway = self.env["mail.thread"].with_user(admin)
        self.env["crm.case.team"].create(
            {"name": "Sales", "alias_name": "sales", "alias_domain_id": self.domain.id}
        )
        self.mail(To=f"support@{DOMAIN}, sales@{DOMAIN}")
        cases = self.env["crm.case"].search([], limit=2, order="id desc")
        self.assertIn("Follows", " ".join(cases.message_ids.mapped("body")))
        self.assertFalse(cases.message_ids.author_id & admin.partner_id)

    def test_own_mail_that_comes_back_changes_nothing(self):
        before = self.env["crm.case"].search_count([])
        mark = self.secret._own_marks()[0]
        row = self.mail(X_Cases_Origin=mark)
        self.assertEqual(row.state, "ignored")
        self.assertEqual(self.env["crm.case"].search_count([]), before)

    def test_tokens_survive_one_rotation(self):
        case = self.new_case()
        address = self.token_address(case)
        self.secret._rotate()
        self.assertEqual(self.mail(To=address).case_id, case)
        self.secret._rotate()
        self.assertNotEqual(self.mail(To=address).case_id, case)


@tagged("post_install", "-at_install")
class TestClosedCases(ThreadingCommon):
    def closed(self, days=0):
        case = self.new_case()
        sent = self.answered(case)
        case._transition("open")
        case._transition("done")
        case.date_closed = fields.Datetime.now() - timedelta(days=days)
        return case, sent

    def answer(self, sent, **values):
        return self.mail(In_Reply_To=sent.message_id, **values).case_id

    def test_reopen(self):
        case, sent = self.closed(days=400)
        self.assertEqual(self.answer(sent), case)
        self.assertEqual(case.state, "open")

    def test_new_case_that_follows(self):
        self.team.reopen_policy = "never"
        case, sent = self.closed()
        other = self.answer(sent)
        self.assertNotEqual(other, case)
        self.assertEqual(other.origin_id, case)
        self.assertEqual(other.team_id, case.team_id)
        self.assertEqual(case.state, "done")
        self.assertIn(other.number, case.message_ids[0].body)

    def test_reopen_for_some_days(self):
        self.team.write({"reopen_policy": "days", "reopen_days": 14})
        case, sent = self.closed(days=13)
        self.assertEqual(self.answer(sent), case)
        case, sent = self.closed(days=15)
        other = self.answer(sent)
        self.assertEqual(other.origin_id, case)
        self.assertEqual(self.answer(sent, body="And another thing").origin_id, case)

    def test_bare_thanks(self):
        case, sent = self.closed()
        self.assertEqual(self.answer(sent, body="Thank you!"), case)
        self.assertEqual(case.state, "open", "off by default")
        self.team.write({"ignore_thanks": True, "reopen_policy": "never"})
        case, sent = self.closed()
        self.assertEqual(self.answer(sent, body="Vielen Dank!\n-- \nRobin"), case)
        self.assertEqual(case.state, "done")
        other = self.answer(sent, body="Thanks, but it still squeals")
        self.assertEqual(other.origin_id, case)

    def test_machines_neither_reopen_nor_open(self):
        self.team.reopen_policy = "never"
        case, sent = self.closed()
        before = case.date_last_customer_message
        for header in (
            {"Auto_Submitted": "auto-replied"},
            {"X_Autoreply": "yes", "Subject": "Out of office"},
            {"Precedence": "bulk"},
        ):
            self.assertEqual(self.answer(sent, **header), case)
            self.assertEqual(case.state, "done")
        self.assertEqual(case.date_last_customer_message, before)

    def test_days_cannot_be_negative(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.team.reopen_days = -1
            self.env.flush_all()
