from odoo import models
from odoo.exceptions import UserError

from ..engine.preview import preview_statement
from ..engine.sources import Range
from ..engine.undo import undo_statement
from .crm_segmentation_ranges import RANGE_SIZE

BRAKE_MEMBERS = 50


class CrmSegmentation(models.Model):
    """The brake before many members are lost, and the way back.

    A run after the first complete one that would remove more than ``brake_percent`` of
    the members, and at least 50 of them, stops and asks. When the rule has been changed
    since, that is found out before anything is done; otherwise at the range in which it
    would happen, and that range is not applied. *Undo* takes back the last run.
    """

    _inherit = "crm.segmentation"

    def action_release_brake(self):
        """Go on and remove the members that the run stopped to ask about."""
        self._for_processing().write({"brake_released": True, "brake_count": 0})
        return self.action_process_continue()

    def _has_brake(self):
        return (
            bool(self.last_full_run)
            and not self.brake_released
            and self.brake_percent < 100
        )

    def _is_over_brake(self, leaving):
        """Return whether so many more would be too many to go on without asking."""
        if not self._has_brake():
            return False
        leaving += self.left_count
        limit = self.member_count * self.brake_percent / 100
        return leaving >= BRAKE_MEMBERS and leaving > limit

    def _check_brake_before(self, plans):
        """Count first where the rule has changed, and return who may go on."""
        going = self
        for segmentation, plan in zip(self, plans, strict=True):
            if segmentation.partner_id or not segmentation._has_brake():
                continue
            if segmentation.basis == plan.basis:
                continue
            leaving = segmentation._count_leaving(plan)
            if segmentation._is_over_brake(leaving):
                segmentation._brake([plan], leaving)
                going -= segmentation
        return going

    def _brake(self, plans, leaving=None):
        """Stop and ask.

        :param leaving: how many would leave, counted here if it is not known
        """
        for segmentation in self:
            [plan] = [p for p in plans if p.segmentation_id == segmentation.id]
            count = leaving
            if count is None:
                count = segmentation.left_count + segmentation._count_leaving(plan)
            segmentation.write({"state": "stopped", "brake_count": count})

    def _count_leaving(self, plan):
        count = 0
        for lower in range(0, self._get_last_partner_id(), RANGE_SIZE):
            ids = Range(lower, lower + RANGE_SIZE)
            for event, number, _ids in self.env.execute_query(
                preview_statement(plan, ids, 0)
            ):
                count += number if event == "leaving" else 0
        return count

    # ------------------------------------------------------------------
    # UNDO
    # ------------------------------------------------------------------

    def action_undo(self):
        """Restore what the last run changed, and wait for somebody to start again."""
        for segmentation in self._for_processing():
            with segmentation._worker_lock():
                segmentation._undo_run()
        return True

    def _undo_run(self):
        if not self.can_undo:
            raise UserError(
                self.env._("“%s” has no run that can be undone.", self.name)
            )
        run = self.run_id
        for lower in range(0, self._get_last_partner_id(), RANGE_SIZE):
            statement = undo_statement(
                self.id, self.categ_id.id, run.id, Range(lower, lower + RANGE_SIZE)
            )
            rows = self.env.execute_query(statement)
            events = {event: ids or [] for event, ids in rows}
            self._publish_changes({"pinned": [], **events})
            self._commit_range()
        if run._undoes_pins():
            self.carriers_pinned = False
        run.state = "undone"
        self.invalidate_recordset(["pin_ids"])
        self.write(
            {
                "state": "stopped",  # the schedule would only do it again
                "partner_id": 0,
                "basis": False,
                "member_count": self._count_members(),
            }
        )
        self._commit_range()
