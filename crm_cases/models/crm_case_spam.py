from markupsafe import Markup

from odoo import fields, models

from .case_states import ACTIVE_STATES, CANCEL
from .crm_case_import import QUIET


class CrmCase(models.Model):
    """Cases that nobody had to read.

    SPAM closes a case and archives it, so that no list, report or promise knows of it;
    the menu *Spam* shows it. It happens in silence: no mail, no question about
    satisfaction, no rule, no demand for a reason. What waits to go out about it, now or
    at a time that somebody chose, does not: see ``_withhold_waiting``. Who wrote it is
    blocked, where there is something that blocks: see ``_block_senders``.

    NOT SPAM undoes it: the case stands where it stood, and its sender may write again,
    unless he is blocked for another reason. What did not go out stays unsent, and the
    case says so. Unarchiving does the same.
    """

    _inherit = "crm.case"

    is_spam = fields.Boolean(string="Spam", readonly=True, copy=False)
    spam_stage_id = fields.Many2one(
        "crm.case.stage",
        string="Stage Before Spam",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_user",
    )
    spam_unsent = fields.Boolean(
        string="Something Was Not Sent because of Spam",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )

    _spam_idx = models.Index("(id) WHERE is_spam IS TRUE")

    def action_spam(self):
        """Mark as spam what is not yet, and block the senders.

        :return: a notification that says what was done
        """
        self.check_access("write")
        cases = self.filtered(lambda case: not (case.is_spam or case.merged_into_id))
        for stage, group in cases.grouped("stage_id").items():
            vals = {"is_spam": True, "spam_stage_id": stage.id, "active": False}
            if stage.state in ACTIVE_STATES:
                vals["state"] = CANCEL
            group._write_in_silence(vals)
        blocked = cases._block_senders()
        notes = cases._withhold_waiting()
        cases._note_spam(self.env._("Marked as spam."), notes)
        words = [self.env._("Marked as spam: %s.", len(cases))]
        if blocked:
            addresses = ", ".join(sorted(blocked)[:5])
            words.append(self.env._("Blocked: %s.", addresses))
        return self._get_spam_notification(" ".join(words))

    def action_not_spam(self):
        """Undo :meth:`action_spam`."""
        self.check_access("write")
        cases = self.filtered("is_spam")
        for stage, group in cases.grouped("spam_stage_id").items():
            fitting = group.filtered(
                lambda case, stage=stage: stage._serves(case.team_id, case.type_id)
            )
            vals = {"is_spam": False, "spam_stage_id": False, "active": True}
            fitting._write_in_silence({**vals, "stage_id": stage.id})
            # A stage that went meanwhile: any other of its state
            state = stage.state or "draft"
            (group - fitting)._write_in_silence({**vals, "state": state})
        cases._note_no_spam()
        words = [self.env._("Not spam: %s.", len(cases))]
        blocked = cases._unblock_senders()
        if blocked:
            addresses = ", ".join(sorted(blocked)[:5])
            words.append(self.env._("Still blocked for other reasons: %s.", addresses))
        else:
            words.append(self.env._("Their senders may write again."))
        return self._get_spam_notification(" ".join(words))

    def action_unarchive(self):
        spam = self.filtered("is_spam")
        if spam:
            spam.action_not_spam()
        return super(CrmCase, self - spam).action_unarchive()

    def _write_in_silence(self, vals):
        """Write as an import does: nobody hears of it, and no rule acts on it."""
        if not self:
            return
        self.with_context(**QUIET).write(vals)
        self._refresh_sla()

    def _note_spam(self, text, more=None):
        """Leave a line in the chatter that goes to nobody.

        :param more: what else to say, by id of the case
        """
        if self:
            more = more or {}
            bodies = {
                case.id: Markup("<br/>").join([text, *more.get(case.id, ())])
                for case in self
            }
            self._message_log_batch(bodies=bodies)

    def _note_no_spam(self):
        unsent = self.filtered("spam_unsent")
        (self - unsent)._note_spam(
            self.env._("No spam: everything is as it was before.")
        )
        unsent._note_spam(
            self.env._(
                "No spam. What was not sent meanwhile stays unsent; the note about the "
                "marking as spam says what it was."
            )
        )
        unsent._write_in_silence({"spam_unsent": False})

    def _get_spam_notification(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ------------------------------------------------------------
    # SENDERS
    # ------------------------------------------------------------

    def _block_senders(self):
        """Refuse what the senders of these cases will write; for a mail gateway.

        :return: the addresses that are blocked now
        :rtype: set
        """
        return set()

    def _unblock_senders(self):
        """Take back :meth:`_block_senders`.

        :return: the addresses that stay blocked, for other reasons
        :rtype: set
        """
        return set()
