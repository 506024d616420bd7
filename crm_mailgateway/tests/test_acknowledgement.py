from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged

from .common import CUSTOMER, DOMAIN, GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestAcknowledgement(GatewayCommon):
    def results(self, *rows):
        ids = [row.id for row in rows]
        return self.env["crm.mailgateway.result"].search([("journal_id", "in", ids)])

    def acknowledge(self, *rows):
        self.results(*rows)._acknowledge()
        domain = [
            ("model", "=", "crm.case"),
            ("res_id", "in", [r.res_id for r in rows]),
        ]
        return self.env["mail.mail"].search(domain)

    def test_thanks_name_the_case_and_come_from_its_team(self):
        row = self.receive(compose())
        mail = self.acknowledge(row)
        self.assertEqual(row.ack_state, "queued")
        self.assertEqual(mail.state, "outgoing")
        self.assertIn(CUSTOMER, mail.email_to)
        self.assertIn(row.case_id.number, mail.subject)
        self.assertIn(row.case_id.number, mail.body_html)
        self.assertIn(row.case_id.get_portal_url(), mail.body_html)
        self.assertIn(f"support@{DOMAIN}", mail.email_from)
        self.assertIn(f"@{DOMAIN}", mail.reply_to)
        self.assertEqual(mail.references, row.message_id)
        self.assertEqual(mail.message_type, "auto_comment")
        self.assertIn("auto-replied", mail.headers)

    def test_thanks_are_no_answer_of_staff(self):
        row = self.receive(compose())
        self.acknowledge(row)
        self.assertFalse(row.case_id.date_first_response)
        self.assertFalse(row.case_id.date_last_staff_message)

    def test_answer_to_the_thanks_finds_the_case(self):
        row = self.receive(compose())
        mail = self.acknowledge(row)
        answer = self.receive(compose("Re:", "more", In_Reply_To=mail.message_id))
        self.assertEqual(answer.case_id, row.case_id)

    def test_hostile_names_and_subjects_are_escaped(self):
        row = self.receive(
            compose("<script>alert(1)</script>", From=f'"<b>Bob</b>" <{CUSTOMER}>')
        )
        body = self.acknowledge(row).body_html
        self.assertNotIn("<script>", body)
        self.assertNotIn("<b>Bob", body)

    def test_who_is_not_thanked(self):
        cases = {
            "Automatic mail": compose("1", Auto_Submitted="auto-replied"),
            "Automatic mail:": compose("2", List_Id="<list.example>"),
            "our own": compose("3", From=f"support@{DOMAIN}"),
            "no valid address": compose("4", From="nobody in particular"),
        }
        for reason, content in cases.items():
            with self.subTest(reason=reason):
                row = self.receive(content)
                self.assertEqual(row.ack_state, "withheld")
                self.assertIn(reason, row.ack_reason)
                self.assertTrue(row.case_id, "withheld thanks, not a withheld case")

    def test_a_team_may_not_want_to(self):
        self.team.acknowledge = False
        row = self.receive(compose())
        self.assertEqual(row.ack_state, "withheld")
        self.assertIn("team", row.ack_reason)

    def test_a_team_may_have_its_own_words(self):
        self.team.acknowledgement_template_id = self.env["mail.template"].create(
            {
                "name": "Ours",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "subject": "Hurray for {{ object.number }}",
                "email_to": "{{ object.email_from }}",
                "body_html": "<p>Thanks</p>",
            }
        )
        row = self.receive(compose())
        self.assertEqual(
            self.acknowledge(row).subject, f"Hurray for {row.case_id.number}"
        )

    def test_a_failing_thanks_stops_no_other(self):
        good, bad = self.receive(compose("good")), self.receive(compose("bad"))
        Case = self.env.registry["crm.case"]
        queue = Case._queue_acknowledgements

        def break_one(cases, template, results):
            if bad.case_id in cases:
                raise ValueError("cannot be rendered")
            return queue(cases, template, results)

        with patch.object(Case, "_queue_acknowledgements", break_one):
            mails = self.acknowledge(good, bad)
        self.assertEqual(mails.mapped("res_id"), good.case_id.ids)
        (good | bad).invalidate_recordset()
        self.assertEqual(good.ack_state, "queued")
        self.assertEqual(
            (bad.ack_state, bad.ack_reason), ("failed", "cannot be rendered")
        )

    def test_a_concurrent_change_is_no_failure(self):
        row = self.receive(compose())
        Case = self.env.registry["crm.case"]

        def collide(*_arguments):
            raise SerializationFailure("could not serialize access")

        with (
            patch.object(Case, "_queue_acknowledgements", collide),
            self.assertRaises(SerializationFailure),
        ):
            self.acknowledge(row)
        self.assertEqual(self.results(row).ack_state, "pending")

    def test_a_limit_that_is_no_number_is_the_usual_one(self):
        parameter = "crm_mailgateway.acknowledgements_per_hour"
        self.env["ir.config_parameter"].set_param(parameter, "five")
        self.assertEqual(self.receive(compose()).ack_state, "pending")

    def test_deleted_case_is_not_thanked_for(self):
        row = self.receive(compose())
        row.case_id.unlink()
        self.assertFalse(self.acknowledge(row))
        row.invalidate_recordset()
        self.assertEqual(row.ack_state, "withheld")

    def test_batch_costs_few_queries_per_mail(self):
        rows = [
            self.receive(compose(f"Mail {n}", From=f"c{n}@x.example"))
            for n in range(20)
        ]
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        self.acknowledge(*rows)
        self.env.flush_all()
        queries = self.env.cr.sql_log_count - start
        self.assertLess(queries / len(rows), 20)

    def test_mailbox_address_stands_in_for_a_missing_domain(self):
        self.team.alias_name = False
        self.env["res.company"].search([]).alias_domain_id = False
        self.env["fetchmail.server"].create(
            {"name": "Box", "user": "box@old.example", "crm_case_team_id": self.team.id}
        )
        case = self.env["crm.case"].create({"name": "x", "team_id": self.team.id})
        self.assertIn("box@old.example", case._get_acknowledgement_from())
        self.assertIn("box@old.example", case._notify_get_reply_to()[case.id])

    def test_what_is_left_goes_on_at_once(self):
        """When the time is up, the scheduler would sleep for a minute."""
        cron = self.env.ref("crm_mailgateway.ir_cron_acknowledge")
        rows = [self.receive(compose(f"Left {number}")) for number in range(2)]
        results = self.results(*rows)
        progress = type(self.env["ir.cron"])
        for size, more in ((1, 1), (2, 0)):
            results.write({"ack_state": "pending"})
            before = self.env["ir.cron.trigger"].search_count(
                [("cron_id", "=", cron.id)]
            )
            with patch.object(progress, "_commit_progress", return_value=0):
                results._cron_acknowledge(batch_size=size)
            after = self.env["ir.cron.trigger"].search_count(
                [("cron_id", "=", cron.id)]
            )
            self.assertEqual(after - before, more)
