from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models import crm_case_news
from .common import GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestNews(GatewayCommon):
    """Open boards and dashboards hear of many mails at a time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref("crm_mailgateway.ir_cron_acknowledge")
        cls.results = cls.env["crm.mailgateway.result"]

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(crm_case_news._told, clear=True))
        self.clock = self.startPatcher(patch.object(crm_case_news, "time")).monotonic
        self.clock.return_value = 100.0
        self.heard()

    def heard(self):
        """Return the kinds of news since the last question."""
        self.env.cr.precommit.run()
        bus = self.env["bus.bus"].search([])
        messages = " ".join(bus.mapped("message"))
        bus.unlink()
        return {
            name for name in ("crm_cases/new", "crm_cases.changed") if name in messages
        }

    def test_a_flood_is_told_of_every_few_seconds(self):
        everything = {"crm_cases/new", "crm_cases.changed"}
        self.receive(compose("First"))
        self.assertEqual(self.heard(), everything)
        self.clock.return_value += 0.5
        row = self.receive(compose("Second"))
        self.receive(compose("Re: Second", In_Reply_To=row.message_id))
        self.assertEqual(self.heard(), set())
        self.clock.return_value += crm_case_news.PAUSE
        self.receive(compose("Third"))
        self.assertEqual(self.heard(), everything)

    def test_a_case_that_comes_otherwise_is_told_of_at_once(self):
        self.receive(compose("First"))
        self.heard()
        self.env["crm.case"].create({"name": "Made by hand"})
        self.assertIn("crm_cases/new", self.heard())

    def test_the_end_of_a_flood_is_told_of_by_the_scheduled_action(self):
        self.receive(compose("First"))
        self.heard()
        self.results.with_context(lastcall=fields.Datetime.now())._tell_boards()
        self.assertIn("crm_cases/new", self.heard())
        later = fields.Datetime.now() + timedelta(minutes=5)
        self.results.with_context(lastcall=later)._tell_boards()
        self.assertEqual(self.heard(), set(), "nothing came since the last run")

    def test_who_is_not_told_wakes_the_scheduled_action(self):
        """Also an answer, which is not thanked."""
        triggers = self.env["ir.cron.trigger"]
        for untold in (False, True):
            row = self.receive(compose(f"Mail {untold}"))
            self.results.search([("journal_id", "=", row.id)]).ack_state = "queued"
            row.state = "received"
            triggers.search([("cron_id", "=", self.cron.id)]).unlink()
            row._settle(row.ids, untold)
            found = triggers.search_count([("cron_id", "=", self.cron.id)])
            self.assertEqual(bool(found), untold)
