import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from .case_states import OPEN, PENDING

_logger = logging.getLogger(__name__)


class CrmCase(models.Model):
    """How long a case waits.

    A pending case may say until when and for what. When the time is over it opens by
    itself, notes why and tells the responsible. Whatever ends the waiting clears
    both. A case that cannot be opened is logged, tried again by the next run, and
    holds up no other.
    """

    _inherit = "crm.case"

    pending_until = fields.Datetime(
        compute="_compute_pending",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
        help="The case opens again by itself at this time.",
    )
    pending_reason = fields.Char(
        string="Waiting For",
        compute="_compute_pending",
        store=True,
        readonly=False,
        copy=False,
    )

    _pending_until_idx = models.Index("(pending_until) WHERE pending_until IS NOT NULL")

    @api.depends("state")
    def _compute_pending(self):
        for case in self:
            waits = case.state == PENDING
            case.pending_until = waits and case.pending_until
            case.pending_reason = waits and case.pending_reason

    def _put_on_hold(self, until=False, reason=False):
        if until and until <= fields.Datetime.now():
            raise UserError(
                self.env._("A case can only wait until a time that is still to come.")
            )
        self._transition(PENDING)
        self.write({"pending_until": until, "pending_reason": reason})

    def action_pending_until(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Put on Hold"),
            "res_model": "crm.case.pending",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_ids": self.ids},
        }

    @api.model
    def _cron_wake(self):
        due = self.search(
            [("state", "=", PENDING), ("pending_until", "<=", fields.Datetime.now())],
            order="pending_until, id",
        )
        for done, case in enumerate(due, start=1):
            case._try_wake()
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - done):
                break

    def _try_wake(self):
        """Wake this case, unless somebody else writes it or it cannot be opened."""
        try:
            with self.env.cr.savepoint():
                self.try_lock_for_update()._wake()
        except Exception:
            _logger.exception("Case %s could not be opened", self.id)

    def _wake(self):
        for case in self:
            note = case._get_wake_note()
            case._transition(OPEN)
            case.message_post(
                body=note,
                subtype_xmlid="mail.mt_note",
                partner_ids=case.user_id.partner_id.ids,
            )

    def _get_wake_note(self):
        self.ensure_one()
        if self.pending_reason:
            return self.env._(
                "The waiting time is over. It waited for: %s", self.pending_reason
            )
        return self.env._("The waiting time is over.")
