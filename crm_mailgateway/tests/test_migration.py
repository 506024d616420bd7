import importlib.util
from pathlib import Path

from odoo.tests import TransactionCase, tagged

SCRIPTS = Path(__file__).parents[1] / "migrations"


@tagged("post_install", "-at_install")
class TestMigration(TransactionCase):
    """What older versions said is said by the settings of today."""

    def migrate(self, path):
        specification = importlib.util.spec_from_file_location("script", SCRIPTS / path)
        script = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(script)
        script.migrate(self.env.cr, "19.0.1.1.0")

    def test_mails_without_a_case_get_rules_of_today(self):
        names = ("company", "private")
        rules = [
            self.env.ref(f"crm_mailgateway.crm_mailgateway_message_rule_{name}")
            for name in names
        ]
        today = [rule.domain_force for rule in rules]
        for rule in rules:
            rule.domain_force = "[]"
        team = self.env["crm.case.team"].create({"name": "Any"})
        mailbox = self.env["fetchmail.server"].create({"name": "Any"})
        journal = self.env["crm.mailgateway.message"]
        row = journal.browse(journal._store(b"Subject: x", mailbox.id, {}).id)
        mailbox.crm_case_team_id = team
        self.migrate("19.0.1.4.0/post-privacy.py")
        self.assertEqual([rule.domain_force for rule in rules], today)
        self.assertEqual(row.team_id, team)

    def test_one_setting_for_answers_to_closed_cases(self):
        self.env.cr.execute(
            "ALTER TABLE crm_case_team ADD COLUMN follow_up varchar,"
            " ADD COLUMN follow_up_days integer"
        )
        cases = {
            ("new", 14, "always"): ("never", 14),
            ("days", 7, "always"): ("days", 7),
            ("reopen", 14, "always"): ("always", 30),
            ("reopen", 14, "never"): ("never", 30),
            ("new", 14, "days"): ("days", 30),
        }
        teams = self.env["crm.case.team"]
        for (follow_up, days, policy), expected in cases.items():
            team = teams.create({"name": "Any", "reopen_policy": policy})
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE crm_case_team SET follow_up = %s, follow_up_days = %s"
                " WHERE id = %s",
                (follow_up, days, team.id),
            )
            self.migrate("19.0.1.2.0/pre-follow_up.py")
            team.invalidate_recordset()
            self.assertEqual((team.reopen_policy, team.reopen_days), expected)

    def test_mails_that_wait_are_told_of_within_hours(self):
        cron = self.env.ref("crm_mailgateway.ir_cron_attention")
        self.assertEqual(cron.interval_type, "hours")
        for before, after in (((1, "days"), "hours"), ((2, "days"), "days")):
            cron.interval_number, cron.interval_type = before
            self.migrate("19.0.1.3.0/post-attention.py")
            self.assertEqual(cron.interval_type, after)

    def test_acknowledgements_stay_short_and_are_about_nothing_without_subject(self):
        """What was delivered says what it said in 1.2 and becomes what 1.3 delivers."""
        topic = "object._get_acknowledgement_topic()"
        name = "object._get_acknowledgement_name()"
        for suffix in ("", "_fr", "_de", "_es"):
            template = self.env.ref(f"crm_mailgateway.acknowledgement_template{suffix}")
            delivered = str(template.body_html)
            before = delivered.replace(
                name, "object.partner_id.name or object.partner_name"
            )
            before = before.replace(f'<t t-if="{topic}"> ', " ", 1)
            before = before.replace(f't-out="{topic}"', 't-out="object.name"', 1)
            before = before.replace("</strong></t>.", "</strong>.", 1)
            self.assertNotIn("_topic", before)
            template.body_html = before
        self.migrate("19.0.1.3.0/post-acknowledgement.py")
        for suffix in ("", "_fr", "_de", "_es"):
            template = self.env.ref(f"crm_mailgateway.acknowledgement_template{suffix}")
            self.assertEqual(str(template.body_html).count(topic), 2)
            self.assertEqual(str(template.body_html).count(name), 2)
            self.assertNotIn("object.name", str(template.body_html))
