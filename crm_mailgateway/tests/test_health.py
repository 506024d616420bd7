from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestHealth(GatewayCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailbox = cls.env["fetchmail.server"].create({"name": "Support box"})
        cls.manager = new_test_user(
            cls.env, "health_manager", groups="crm_cases.crm_cases_group_manager"
        )

    def receive(self, content):
        row = super().receive(content)
        row.mailbox_id = self.mailbox
        return row

    def health(self):
        self.env.flush_all()
        self.env.invalidate_all()
        health = self.env["crm.mailgateway.health"].with_user(self.manager)
        return health.search([("mailbox_id", "=", self.mailbox.id)])

    def figures(self):
        health = self.health()
        names = ("received", "processed", "ignored", "waiting", "undecided", "gap")
        return tuple(health[name] for name in names)

    def test_every_mail_is_accounted_for(self):
        self.receive(compose("One"))
        copy = self.receive(b"Received: again\r\n" + compose("One"))
        self.assertEqual(copy.state, "ignored")
        waiting = self.receive(compose("Two"))
        waiting.state = "failed"
        undecided = self.receive(compose("Three"))
        undecided.state = "quarantined"
        self.forget_results(waiting | undecided)
        self.assertEqual(self.figures(), (4, 1, 1, 1, 1, 0))
        self.assertEqual(self.health().display_name, "Support box")
        undecided._ignore("advertisement")
        self.assertEqual(self.figures(), (4, 1, 2, 1, 0, 0))

    def test_a_mail_filed_by_hand_is_no_gap(self):
        row = self.receive(compose())
        self.forget_results(row)
        row.state = "quarantined"
        row._file_unread({})
        self.assertEqual(self.figures(), (1, 1, 0, 0, 0, 0))

    def test_an_ignored_mail_without_bytes_can_still_be_filed(self):
        self.receive(compose("One"))
        copy = self.receive(b"Received: again\r\n" + compose("One"))
        copy._purge(copy.ids)
        copy._route({"team_id": self.team.id})
        self.assertEqual(copy.case_id.team_id, self.team)
        self.assertFalse(copy.case_id.message_ids.attachment_ids)
        self.assertIn("was removed", copy.case_id.message_ids[0].body)
        self.assertEqual(self.figures(), (2, 2, 0, 0, 0, 0))

    def test_a_gap_shows(self):
        """A mail that says it was processed, and was not; one that lost its bytes."""
        lie = self.receive(compose("Lie"))
        self.forget_results(lie)
        lie.res_id = 0
        lost = self.receive(compose("Lost"))
        lost.state = "failed"
        lost._purge(lost.ids)
        self.assertEqual(self.figures(), (2, 0, 0, 0, 0, 2))

    def test_a_mailbox_that_never_received_anything_is_listed(self):
        self.assertFalse(self.health())
        self.mailbox.state = "done"
        self.assertEqual(self.figures(), (0, 0, 0, 0, 0, 0))

    def test_mails_without_a_mailbox_have_a_record_that_can_be_opened(self):
        self.receive(compose()).mailbox_id = False
        self.env.flush_all()
        health = self.env["crm.mailgateway.health"].with_user(self.manager)
        [row] = health.search([("mailbox_id", "=", False)])
        self.assertTrue(row.id)
        self.assertTrue(row.action_open_mails()["domain"])

    def test_overview_tells_what_is_late_and_who_waits(self):
        health = self.env["crm.mailgateway.health"].with_user(self.manager)
        case = self.receive(compose("Still there?")).case_id
        case.date_last_customer_message = fields.Datetime.now() - timedelta(days=4)
        cron = self.env.ref("crm_mailgateway.ir_cron_process")
        cron.nextcall = fields.Datetime.now() - timedelta(hours=3)
        self.mailbox.write(
            {"error_date": fields.Datetime.now(), "error_message": "No route to host"}
        )
        overview = health.get_overview()
        late = {c["name"]: c["late"] for c in overview["crons"] if c["late"]}
        self.assertEqual(late.get(cron.name), "03:00 h")
        self.assertIn(
            {"name": "Support box", "error": "No route to host"}, overview["troubled"]
        )
        self.assertEqual(overview["oldest"]["id"], case.id)
        self.assertEqual(overview["oldest"]["since"], "4 days")
        employee = new_test_user(self.env, "health_nobody")
        with self.assertRaises(AccessError):
            health.with_user(employee).get_overview()

    def test_a_scheduled_action_that_is_switched_off_is_told_of(self):
        """Odoo does so itself with one that fails for days."""
        health = self.env["crm.mailgateway.health"].with_user(self.manager)
        fetch = self.env.ref("mail.ir_cron_mail_gateway_action")
        confirmed = self.env["fetchmail.server"].search([("state", "=", "done")])
        confirmed.state = "draft"
        fetch.active = False
        self.assertFalse(health.get_overview()["stopped"], "there is nothing to fetch")
        self.mailbox.write({"state": "done", "server_type": "imap"})
        cron = self.env.ref("crm_mailgateway.ir_cron_process")
        (cron | fetch).active = False
        stopped = health.get_overview()["stopped"]
        self.assertEqual(set(stopped), {cron.name, fetch.name})
        report = self.env["crm.mailgateway.health"]._prepare_report()
        self.assertIn("attention", report["subject"])
        body = self.env["ir.qweb"]._render("crm_mailgateway.health_report", report)
        self.assertIn(f"{cron.name} is switched off", " ".join(body.split()))

    def test_mail_that_waits_for_hours_is_not_healthy(self):
        health = self.env["crm.mailgateway.health"]
        row = self.receive(compose())
        self.forget_results(row)
        row.state = "failed"
        self.env.flush_all()
        report = self.env["crm.mailgateway.health"].browse(self.mailbox.id)
        self.assertFalse(report._are_late(), "it came just now")
        self.env.cr.execute(
            "UPDATE crm_mailgateway_message SET create_date = create_date"
            " - interval '2 hours' WHERE id = %s",
            [row.id],
        )
        self.env.invalidate_all()
        self.assertTrue(report._are_late())
        self.assertIn("attention", health._prepare_report()["subject"])

    def test_purged_mails_are_no_gap(self):
        row = self.receive(compose())
        row._purge(row.ids)
        self.assertEqual(self.figures(), (1, 1, 0, 0, 0, 0))

    def test_daily_mail_goes_where_the_settings_say(self):
        self.receive(compose())
        health = self.env["crm.mailgateway.health"]
        with self.mock_mail_gateway():
            health._cron_daily_mail()
        self.assertFalse(self._new_mails)
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("crm_mailgateway.health_mail_to", "boss@pedalwerk.example")
        self.mailbox.write(
            {"error_date": fields.Datetime.now(), "error_message": "No route to host"}
        )
        cron = self.env.ref("crm_mailgateway.ir_cron_process")
        cron.nextcall = fields.Datetime.now() - timedelta(hours=3)
        with self.mock_mail_gateway():
            health._cron_daily_mail()
        [mail] = self._new_mails
        self.assertEqual(mail.email_to, "boss@pedalwerk.example")
        self.assertIn("attention", mail.subject)
        for word in ("Support box", "No route to host", cron.name, "My brakes squeal"):
            self.assertIn(word, mail.body_html)

    def test_mailbox_tells_how_it_is(self):
        self.assertEqual(self.mailbox.crm_mailgateway_health, "good")
        row = self.receive(compose())
        self.mailbox.invalidate_recordset()
        self.assertEqual(self.mailbox.crm_mailgateway_last, row.create_date)
        row.state = "quarantined"
        self.mailbox.invalidate_recordset()
        self.assertEqual(self.mailbox.crm_mailgateway_undecided, 1)
        self.assertEqual(self.mailbox.crm_mailgateway_health, "waiting")
        now = fields.Datetime.now()
        self.mailbox.write({"error_date": now - timedelta(minutes=20), "date": now})
        self.assertEqual(self.mailbox.crm_mailgateway_health, "dead")
        self.assertGreater(self.mailbox.crm_mailgateway_next, now)
