from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestPending(CasesCommon):
    def _waiting(self, hours=-1, **values):
        case = self._case_in("pending", user_id=self.user_member.id, **values)
        until = fields.Datetime.now() + timedelta(hours=hours)
        case.write({"pending_until": until, "pending_reason": "a new bell"})
        return case

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_cases.ir_cron_wake").method_direct_trigger()
        self.env.invalidate_all()

    def test_wizard(self):
        cases = self._case() + self._case_in("open")
        action = cases.with_user(self.user_member).action_pending_until()
        until = fields.Datetime.now() + timedelta(days=1)
        Wizard = self.env[action["res_model"]].with_user(self.user_member)
        with Form(Wizard.with_context(**action["context"])) as form:
            form.until = until
            form.reason = "a new bell"
        form.record.action_apply()
        self.assertEqual(set(cases.mapped("state")), {"pending"})
        self.assertEqual(set(cases.mapped("pending_until")), {until})
        self.assertEqual(set(cases.mapped("pending_reason")), {"a new bell"})

    def test_both_are_optional(self):
        case = self._case()
        self.env["crm.case.pending"].create({"case_ids": case.ids}).action_apply()
        self.assertEqual(case.state, "pending")
        self.assertFalse(case.pending_until)

    def test_the_past_is_refused(self):
        with self.assertRaisesRegex(UserError, "still to come"):
            self._case()._put_on_hold(fields.Datetime.now() - timedelta(hours=1))

    def test_leaving_clears(self):
        for button in ("action_open", "action_close", "action_cancel"):
            case = self._waiting(hours=5)
            getattr(case, button)()
            self.assertFalse(case.pending_until or case.pending_reason, button)

    def test_wakes_when_due(self):
        due, later = self._waiting(), self._waiting(hours=1)
        forever = self._case_in("pending")
        self._run_cron()
        self.assertEqual(due.state, "open")
        self.assertEqual((later + forever).mapped("state"), ["pending"] * 2)
        note = due.message_ids.filtered(lambda m: "a new bell" in m.body)
        self.assertEqual(note.notified_partner_ids, self.user_member.partner_id)
        self.assertEqual(due.user_id, self.user_member)

    def test_wakes_nobodys_case_for_nobody(self):
        case = self._waiting()
        case.user_id = False
        self._run_cron()
        self.assertEqual(case.state, "open")
        self.assertFalse(case.user_id)

    @mute_logger("odoo.addons.crm_cases.models.crm_case_pending")
    def test_one_failure_holds_up_no_other(self):
        bad, good = self._waiting(hours=-2), self._waiting()
        wake = type(bad)._wake

        def fail(cases):
            wake(cases)
            if cases == bad:
                raise ValueError("broken")

        with patch.object(type(bad), "_wake", fail):
            self._run_cron()
        self.assertEqual(bad.state, "pending")
        self.assertEqual(good.state, "open")

    def test_customer_reply_follows_the_team(self):
        for opens, state in ((True, "open"), (False, "pending")):
            self.team_care.reopen_pending = opens
            case = self._waiting(hours=5, partner_id=self.partner.id)
            case.message_post(
                body="Here it is.",
                author_id=self.partner.id,
                message_type="email",
                subtype_xmlid="mail.mt_comment",
            )
            self.assertEqual(case.state, state)
            self.assertTrue(case.awaiting_answer)
