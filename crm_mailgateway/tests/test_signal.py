from odoo.tests import tagged

from ..models.crm_mailgateway_rule import HeldByRule
from ..trace import MailTrace
from .common import DOMAIN
from .test_rules import RulesCommon


@tagged("post_install", "-at_install")
class TestSignal(RulesCommon):
    """The journal tells which kind of mail it was, and which signal decided."""

    def test_kind_and_signal_stand_in_the_journal(self):
        for headers, kind, signal in (
            ({}, "human", ""),
            ({"Auto_Submitted": "no"}, "human", ""),
            ({"Auto_Submitted": "auto-replied"}, "automatic", "Auto-Submitted"),
            ({"X_Autoreply": "yes", "subject": "Out of office"}, "out_of_office", "X-"),
            ({"Precedence": "list"}, "list", "Precedence"),
            ({"X_Spam_Flag": "YES"}, "spam", "X-Spam-Flag"),
        ):
            with self.subTest(headers=headers):
                row = self.mail(**headers)
                self.assertTrue(row.case_id)
                self.assertEqual(row.classification, kind)
                self.assertIn(signal, row.classified_by or "")
        groups = self.env["crm.mailgateway.message"]._read_group(
            [("classification", "!=", False)], ["classification"], ["__count"]
        )
        self.assertIn(("spam", 1), groups)

    def test_an_ignored_mail_has_a_kind_too(self):
        self.rule(("subject", "contains", "sale"), action="ignore", reason="ads")
        row = self.mail(subject="Sale", Precedence="bulk")
        self.assertEqual((row.state, row.classification), ("ignored", "automatic"))

    def test_held_is_no_failure(self):
        """No traceback, no attempt that failed: a person is asked, that is all."""
        row = self.mail()
        trace = MailTrace(row.id, row.message_id)
        trace.decisions.mail = object()
        trace.target = "crm.case"
        self.rule(name="Lawyers", action="hold")
        with self.assertRaises(HeldByRule) as caught:
            self.mail(subject="From my lawyer")
        row._fail(row.id, caught.exception, trace)
        self.assertEqual((row.state, row.attempts), ("quarantined", 0))
        self.assertFalse(row.error)
        self.assertFalse(row.traceback)
        self.assertEqual(row.classification, "human")

    def test_a_machine_is_no_customer_who_replied(self):
        automation = self.env["base.automation"].create(
            {
                "name": "Customer replied",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "trigger": "on_message_received",
            }
        )
        self.env["ir.actions.server"].create(
            {
                "name": "Hurry",
                "model_id": automation.model_id.id,
                "base_automation_id": automation.id,
                "state": "code",
                "code": "record.write({'priority': '3'})",
                "usage": "base_automation",
            }
        )
        case = self.new_case(Auto_Submitted="auto-generated")
        sent = self.answered(case)
        for headers in ({"Auto_Submitted": "auto-replied"}, {"X_Autoreply": "yes"}):
            self.mail(In_Reply_To=sent.message_id, **headers)
            self.assertEqual(case.priority, "1")
        self.mail(In_Reply_To=sent.message_id)
        self.assertEqual(case.priority, "3")

    def test_what_is_meant_for_nobody_goes_where_the_setting_says(self):
        teams = self.env["crm.case.team"]
        general = teams._get_fallback_team()
        settings = self.env["res.config.settings"]
        settings.create({"crm_mailgateway_fallback_team_id": self.sales.id}).execute()
        self.assertEqual(teams._get_fallback_team(), self.sales)
        self.sales.active = False
        self.assertEqual(teams._get_fallback_team(), general)
        self.sales.unlink()
        self.assertEqual(teams._get_fallback_team(), general)

    def test_quoted_history_is_folded(self):
        case = self.new_case()
        self.mail(
            subject=f"Re: [{case.number}]",
            body="It still squeals.\n\nOn Monday Support wrote:\n> We look into it\n",
        )
        body = case.message_ids.sorted("id")[-1].body
        self.assertIn("data-o-mail-quote", body)
        self.assertLess(body.index("squeals"), body.index("data-o-mail-quote"))

    def test_identifiers_with_blanks_are_told_apart(self):
        cases = [
            self.receive(
                f"From: a@b.example\r\nTo: support@{DOMAIN}\r\nSubject: {n}\r\n"
                f"Message-ID: <order {n}@shop.example>\r\n\r\nHello\r\n".encode()
            ).case_id
            for n in (1, 2)
        ]
        self.assertTrue(all(cases))
        self.assertNotEqual(*cases)
