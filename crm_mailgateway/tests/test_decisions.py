from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from ..models.crm_mailgateway_attention import REMIND_AFTER
from .common import GatewayCommon, compose

DEEP = b"Content-Type: multipart/mixed\r\n" * 60


@tagged("post_install", "-at_install")
class TestDecisions(GatewayCommon):
    """What a person does with mails that did not become cases by themselves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "mail_manager", groups="crm_cases.crm_cases_group_manager"
        )
        cls.journal = cls.env["crm.mailgateway.message"]

    def quarantine(self, content=None):
        content = content or b"Subject: Deep\r\nFrom: a@b.example\r\n" + DEEP
        stored = self.journal._insert(content, False, {"model": False})
        row = self.journal.browse(stored.id)
        self.assertEqual(row.state, "quarantined")
        row.res_model = "crm.case"  # else only administrators see it
        return row

    def decide(self, rows, wizard, **values):
        rows = rows.with_user(self.manager)
        action = getattr(rows, f"action_{wizard}")()
        form = Form(
            self.env[action["res_model"]]
            .with_user(self.manager)
            .with_context(**action["context"])
        )
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_apply()

    def test_ignored_with_a_reason(self):
        row = self.quarantine()
        self.decide(row, "ignore", reason="advertisement")
        self.assertEqual(row.state, "ignored")
        self.assertIn(self.manager.name, row.verdict)
        self.assertIn("advertisement", row.verdict)

    def test_mail_that_cannot_be_parsed_is_filed_with_its_source(self):
        row = self.quarantine()
        self.decide(row, "route", team_id=self.team)
        case = row.case_id
        self.assertEqual((row.state, case.team_id), ("processed", self.team))
        self.assertEqual((case.name, case.email_from), ("Deep", "a@b.example"))
        message = case.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertIn("multipart/mixed", message.body)
        self.assertEqual(message.attachment_ids.raw, row._read_content())

    def test_filed_with_an_existing_case(self):
        case = self.receive(compose()).case_id
        row = self.quarantine()
        with self.assertRaises(UserError):
            self.env["crm.mailgateway.route"].create(
                {"received_ids": row.ids, "target": "case"}
            ).action_apply()
        self.decide(row, "route", target="case", case_id=case)
        self.assertEqual(row.case_id, case)
        self.assertIn("Deep", case.message_ids[0].body)

    def test_duplicate_is_filed_if_a_person_wants_it(self):
        first = self.receive(compose())
        copy = self.receive(b"Received: from elsewhere\r\n" + compose())
        self.assertEqual(copy.state, "ignored")
        copy.res_model = "crm.case"
        self.decide(copy, "route", team_id=self.team)
        copy.invalidate_recordset()
        self.assertEqual(copy.state, "processed")
        self.assertTrue(copy.case_id)
        self.assertNotEqual(copy.case_id, first.case_id)

    def test_bounce_is_filed_where_a_person_says(self):
        case = self.receive(compose()).case_id
        row = self.receive(compose("Undelivered", From="MAILER-DAEMON@gateway.example"))
        row.res_model = "crm.case"
        self.decide(row, "route", target="case", case_id=case)
        row.invalidate_recordset()
        self.assertEqual((row.state, row.case_id), ("processed", case))

    def test_verdicts_are_read_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        row = self.receive(compose())
        self.assertEqual(row.verdict_terms["source"], "New %s")
        self.assertEqual(row.verdict, "New Case")
        self.env["ir.model"]._get("crm.case").with_context(
            lang="fr_FR"
        ).name = "Dossier"
        self.assertEqual(row.with_context(lang="fr_FR").verdict, "Nouveau Dossier")

    # ACTIVITIES

    def activities(self):
        decide = self.env.ref("crm_mailgateway.mail_activity_type_decision")
        activities = self.env["mail.activity"].sudo()
        return activities.search([("activity_type_id", "=", decide.id)])

    def test_one_activity_for_many_mails_and_another_after_a_week(self):
        self.journal.search([("state", "=", "quarantined")]).state = "ignored"
        mailbox = self.env["fetchmail.server"].create(
            {"name": "Box", "crm_case_team_id": self.team.id}
        )
        self.team.user_id = self.manager
        rows = self.journal
        for number in range(3):
            rows |= self.quarantine(b"Subject: %d\r\n" % number + DEEP)
        rows.mailbox_id = mailbox
        self.journal._cron_attention()
        activity = self.activities()
        self.assertEqual(activity.user_id, self.manager)
        self.assertIn("3 received mails", activity.summary)
        self.journal._cron_attention()
        self.assertEqual(self.activities(), activity, "asked once")
        activity.with_user(self.manager).action_done()
        self.journal._cron_attention()
        self.assertFalse(self.activities())
        rows.reminded_on = fields.Datetime.now() - REMIND_AFTER * 1.1
        self.journal._cron_attention()
        self.assertEqual(len(self.activities()), 1)
        rows._ignore("enough")
        self.journal._cron_attention()
        self.assertFalse(self.activities(), "nothing is left to decide")

    def test_mails_that_wait_for_long_are_told_of(self):
        self.journal.search(self.journal._get_stuck_domain()).state = "ignored"
        row = self.receive(compose())
        row.state = "received"
        self.journal._cron_attention()
        self.assertFalse(self.activities(), "it came just now")
        for state in ("received", "failed"):
            self.env.cr.execute(
                "UPDATE crm_mailgateway_message SET state = %s, reminded_on = NULL,"
                " create_date = create_date - interval '2 hours' WHERE id = %s",
                [state, row.id],
            )
            row.invalidate_recordset()
            self.journal._cron_attention()
            self.assertEqual(len(self.activities()), 1, state)
            row.state = "processed"
            self.journal._cron_attention()
            self.assertFalse(self.activities(), "it is done")

    def test_without_a_team_a_manager_is_asked(self):
        self.assertIn(
            self.quarantine()._get_who_decides(), self.journal._get_managers()
        )
