import base64

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..models.crm_mailgateway_rule import HeldByRule
from ..wizards.crm_mailgateway_rehearsal import HELD
from .common import CUSTOMER, compose
from .test_threading import ThreadingCommon


class RulesCommon(ThreadingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.env["crm.case.team"].create({"name": "Sales"})

    def rule(self, *conditions, **values):
        values.setdefault("name", "Rule")
        values["condition_ids"] = [
            (0, 0, dict(zip(("field", "operator", "value"), condition, strict=False)))
            for condition in conditions
        ]
        return self.env["crm.mailgateway.rule"].create(values)


@tagged("post_install", "-at_install")
class TestRules(RulesCommon):
    def test_what_is_remembered_of_rules_follows_every_change(self):
        def team(number):
            return self.mail(subject=f"Your invoice {number}").case_id.team_id

        usual = team(1)
        rule = self.rule(("subject", "contains", "invoice"), team_id=self.sales.id)
        self.assertNotEqual(usual, self.sales)
        self.assertEqual(team(2), self.sales)
        rule.active = False
        self.assertEqual(team(3), usual)
        rule.active = True
        self.assertEqual(team(4), self.sales)
        rule.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertEqual(team(5), usual)
        rule.company_id = False
        self.assertEqual(team(6), self.sales)
        rule.unlink()
        self.assertEqual(team(7), usual)

    def test_a_mail_goes_where_the_rule_says(self):
        category = self.env["crm.case.category"].create({"name": "Billing"})
        tag = self.env["crm.case.tag"].create({"name": "Invoice"})
        template = self.env["mail.template"].create(
            {
                "name": "Ours",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "subject": "Billing thanks",
                "email_to": "{{ object.email_from }}",
                "body_html": "<p>Thanks</p>",
            }
        )
        self.rule(
            ("subject", "contains", "invoice|bill"),
            ("sender", "equals", CUSTOMER),
            team_id=self.sales.id,
            category_id=category.id,
            tag_ids=[(6, 0, tag.ids)],
            priority="2",
            user_id=self.staff.id,
            watchers="boss@x.example",
            template_id=template.id,
        )
        row = self.mail(subject="Your invoice 4711")
        case = row.case_id
        self.assertEqual(case.team_id, self.sales)
        self.assertEqual(case.category_id, category)
        self.assertEqual(case.tag_ids, tag)
        self.assertEqual(case.priority, "2")
        self.assertEqual(case.user_id, self.staff)
        self.assertIn("boss@x.example", case.email_cc)
        self.assertIn("Rule", row.verdict)
        self.env["crm.mailgateway.result"].search([])._acknowledge()
        domain = [("res_id", "=", case.id), ("headers", "ilike", "auto-replied")]
        thanks = self.env["mail.mail"].search(domain)
        self.assertEqual(thanks.subject, "Billing thanks")
        other = self.mail(subject="Something else").case_id
        self.assertEqual(other.team_id, self.team)

    def test_order_and_stop(self):
        self.rule(team_id=self.sales.id, sequence=1, stop=False)
        self.rule(priority="2", sequence=2)
        self.rule(priority="1", sequence=3)
        case = self.mail().case_id
        self.assertEqual((case.team_id, case.priority), (self.sales, "2"))

    def test_captures_fill_the_case(self):
        self.rule(
            (
                "subject",
                "regex",
                r"order (?P<reference>\d+) of (?P<customer>\S+): (?P<subject>.*)",
            )
        )
        case = self.mail(
            subject="Order 4711 of zoe@x.example: it is late", From="shop@x.example"
        ).case_id
        self.assertEqual(case.mail_reference, "4711")
        self.assertEqual(case.name, "it is late")
        self.assertEqual(case.email_normalized, "zoe@x.example")

    def test_ignore_says_why_and_makes_nothing(self):
        self.rule(("domain", "equals", "spam.example"), action="ignore", reason="Ads")
        before = self.env["crm.case"].search_count([])
        row = self.mail(From="x@spam.example")
        self.assertEqual(row.state, "ignored")
        self.assertIn("Ads", row.verdict)
        self.assertEqual(self.env["crm.case"].search_count([]), before)

    def test_hold_leaves_it_to_a_person(self):
        self.rule(("subject", "contains", "lawyer"), action="hold")
        with self.assertRaises(HeldByRule):
            self.mail(subject="From my lawyer")

    def test_no_acknowledgement(self):
        self.rule(no_acknowledgement=True)
        row = self.mail()
        self.assertEqual(row.ack_state, "withheld")
        self.assertIn("rule", row.ack_reason)

    def test_rules_are_not_asked_about_answers(self):
        case = self.new_case()
        sent = self.answered(case)
        self.rule(action="ignore", reason="all")
        self.assertEqual(self.mail(In_Reply_To=sent.message_id).case_id, case)

    def test_in_words(self):
        rule = self.rule(
            ("subject", "contains", "invoice"),
            ("attachment", "is"),
            team_id=self.sales.id,
            priority="2",
        )
        self.assertEqual(
            rule.sentence,
            "If Subject contains “invoice” and it has attachments: team Sales, "
            "priority High.",
        )

    def test_what_cannot_be_meant_is_refused(self):
        for condition in (
            ("subject", "greater", "1"),
            ("size", "contains", "1"),
            ("size", "greater", "much"),
            ("subject", "contains", ""),
            ("subject", "regex", "(a+)+"),
            ("subject", "regex", "("),
            ("header", "contains", "x"),
            ("classification", "is", ""),
            ("category", "is", ""),
        ):
            with self.subTest(condition=condition), self.assertRaises(ValidationError):
                self.rule(condition)
        with self.assertRaises(ValidationError):
            self.rule(action="ignore")
        with self.assertRaises(ValidationError):
            self.rule(watchers="nobody")

    def test_only_managers_write_rules(self):
        with self.assertRaises(AccessError):
            self.env["crm.mailgateway.rule"].with_user(self.staff).create({"name": "x"})
        with self.assertRaises(AccessError):
            self.env["crm.mailgateway.rule"].with_user(self.staff).search([])

    def test_always_do_this(self):
        row = self.mail(From="shop@x.example")
        row.case_id.team_id = self.sales
        action = row.action_make_rule()
        rule = self.env["crm.mailgateway.rule"].browse(action["res_id"])
        self.assertIn("shop@x.example", rule.sentence)
        self.assertEqual(self.mail(From="shop@x.example").case_id.team_id, self.sales)

    def test_a_rule_of_another_company_does_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.rule(company_id=other.id, priority="2")
        self.assertNotEqual(self.mail().case_id.priority, "2")


@tagged("post_install", "-at_install")
class TestTry(RulesCommon):
    def trial(self, content):
        wizard = self.env["crm.mailgateway.try"].create(
            {"eml": base64.b64encode(content)}
        )
        wizard.action_try()
        return wizard

    def test_it_shows_everything_and_does_nothing(self):
        met = self.rule(("subject", "contains", "invoice"), team_id=self.sales.id)
        unmet = self.rule(("subject", "contains", "refund"), sequence=1)
        before = self.env["crm.case"].search_count([])
        wizard = self.trial(compose("An invoice"))
        self.assertEqual(self.env["crm.case"].search_count([]), before)
        self.assertIn("Sales", wizard.outcome)
        self.assertIn("Person", wizard.kind)
        lines = {line.rule_id: line for line in wizard.line_ids}
        self.assertTrue(lines[met].is_met)
        self.assertFalse(lines[unmet].is_met)
        self.assertIn("refund", lines[unmet].reason)

    def test_threading_kind_and_obstacles_are_shown(self):
        case = self.new_case()
        sent = self.answered(case)
        wizard = self.trial(compose("Re:", "x", In_Reply_To=sent.message_id))
        self.assertIn(case.number, wizard.thread)
        wizard = self.trial(compose("x", Auto_Submitted="auto-replied"))
        self.assertIn("auto-replied", wizard.kind)
        self.rule(action="ignore", reason="Everything")
        self.assertIn("Everything", self.trial(compose("new")).outcome)
        self.assertTrue(self.trial(b" ").outcome)
        self.assertTrue(self.trial(b"\x00\xff no mail").outcome)
        with self.assertRaises(UserError):
            self.env["crm.mailgateway.try"].create({}).action_try()

    def test_a_received_mail_can_be_tried(self):
        row = self.mail()
        action = row.action_try()
        wizard = self.env["crm.mailgateway.try"].browse(action["res_id"])
        self.assertIn("Support", wizard.outcome)

    def test_rehearsal_lists_what_would_go_elsewhere(self):
        row = self.mail(subject="An invoice")
        self.mail(subject="A question")
        wizard = self.env["crm.mailgateway.rehearsal"].create({})
        wizard.action_rehearse()
        self.assertFalse(wizard.line_ids)
        self.assertEqual(wizard.mail_count, 2)
        self.rule(("subject", "contains", "invoice"), team_id=self.sales.id)
        wizard.action_rehearse()
        self.assertEqual(wizard.line_ids.received_id, row)
        self.assertEqual(wizard.line_ids.before, "Team: Support")
        self.assertEqual(wizard.line_ids.after, "Team: Sales")
        self.assertEqual(row.case_id.team_id, self.team)

    def rehearse(self):
        wizard = self.env["crm.mailgateway.rehearsal"].create({})
        wizard.action_rehearse()
        return {line.received_id: (line.before, line.after) for line in wizard.line_ids}

    def test_rehearsal_compares_rules_and_not_what_staff_did(self):
        row = self.mail(subject="A question")
        row.case_id.write({"team_id": self.sales.id, "priority": "2"})
        self.assertFalse(self.rehearse())
        tag = self.env["crm.case.tag"].create({"name": "Bikes"})
        self.rule(priority="2", tag_ids=[(6, 0, tag.ids)], stop=False)
        before, after = self.rehearse()[row]
        self.assertEqual(before, "Priority: none, Tags: none")
        self.assertEqual(after, "Priority: High, Tags: Bikes")

    def test_rehearsal_of_ignored_and_held_mails(self):
        ads = self.rule(("subject", "contains", "sale"), action="ignore", reason="ads")
        row = self.mail(subject="Sale")
        question = self.mail(subject="A question")
        self.assertFalse(self.rehearse(), "nothing changed")
        ads.active = False
        self.assertEqual(self.rehearse()[row], (row.verdict, "Team: Support"))
        ads.active = True
        hold = self.rule(("subject", "contains", "question"), action="hold", name="H")
        self.assertEqual(list(self.rehearse()), [question])
        self.assertIn("“H”", self.rehearse()[question][1])
        hold.unlink()
        question.write(
            {
                "state": "quarantined",
                "verdict_terms": {"source": HELD, "values": ["H"]},
            }
        )
        self.env["crm.mailgateway.result"].search(
            [("journal_id", "=", question.id)]
        ).unlink()
        self.assertEqual(list(self.rehearse()), [question])

    def test_rehearsal_leaves_nothing_behind(self):
        self.mail(subject="A question")
        self.rule(team_id=self.sales.id)
        cases = self.env["crm.case"].search_count([])
        results = self.env["crm.mailgateway.result"].search_count([])
        self.assertEqual(len(self.rehearse()), 1)
        self.assertEqual(self.env["crm.case"].search_count([]), cases)
        found = self.env["crm.mailgateway.result"].search_count([])
        self.assertEqual(found, results)
