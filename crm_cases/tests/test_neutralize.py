from odoo.fields import Command
from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestNeutralize(CasesCommon):
    def _action(self, state, **values):
        return self.env["ir.actions.server"].create(
            {
                "name": state,
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "usage": "crm_case_rule",
                "state": state,
                **values,
            }
        )

    def _rule(self, action):
        return self.env["crm.case.rule"].create(
            {
                "name": action.name,
                "reference": "create_date",
                "level_ids": [
                    Command.create(
                        {"amount": 1, "unit": "hour", "action_ids": action.ids}
                    )
                ],
            }
        )

    def test_copy_writes_to_nobody(self):
        loud = self._rule(self._action("webhook", webhook_url="https://x.example.com"))
        quiet = self._rule(self._action("case_assign"))
        several = self._action("multi")
        self._action("webhook", webhook_url="https://x.example.com").parent_id = several
        packed = self._rule(several)
        case = self._case(partner_id=self.partner.id)
        case.rating_due = "2030-01-01 00:00:00"
        mail = self.env["mail.mail"].create(
            {
                "model": "crm.case",
                "res_id": case.id,
                "email_to": "carla@customer.example.com",
                "state": "outgoing",
            }
        )
        message = case.message_post(body="Hello")
        waiting = self.env["mail.scheduled.message"].create(
            {
                "model": "crm.case",
                "res_id": case.id,
                "body": "Later",
                "author_id": self.env.user.partner_id.id,
                "scheduled_date": "2035-01-01 00:00:00",
            }
        )
        waiting |= waiting.copy({"model": "res.partner", "res_id": self.partner.id})
        later = self.env["mail.message.schedule"].create(
            {
                "mail_message_id": message.id,
                "scheduled_datetime": "2035-01-01 00:00:00",
            }
        )
        text = self.env["sms.sms"].create(
            {"mail_message_id": message.id, "number": "+32470000000", "body": "Hello"}
        )
        self.env.flush_all()
        neutralize_database(self.env.cr)
        self.env.invalidate_all()
        self.assertFalse(loud.active)
        self.assertFalse(packed.active)
        self.assertTrue(quiet.active)
        self.assertEqual(waiting.exists().mapped("model"), ["res.partner"])
        self.assertFalse(later.exists())
        self.assertEqual(text.state, "canceled")
        self.assertFalse(case.rating_due)
        self.assertEqual(mail.state, "cancel")
        jobs = self.env["ir.cron"].search([("active", "=", True)])
        self.assertEqual(jobs, self.env.ref("base.autovacuum_job"))
