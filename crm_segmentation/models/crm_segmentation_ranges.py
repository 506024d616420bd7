import random
import time

from odoo import models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, split_every

from ..engine.apply import diff_statement
from ..engine.changed import written_query
from ..engine.sources import IdSet, Range

# Partners per transaction: large enough for set-based speed, small enough that no
# lock is held for long. A range that takes too long makes the next ones smaller.
RANGE_SIZE = 50_000
RANGE_SIZE_MIN = 1_000
RANGE_SECONDS = 0.5
# Partners by their ids: the planner takes any set for a small one and may go through it
# once per partner and criterion, which at 5,000 took seconds.
SET_SIZE = 1_000
RANGE_ATTEMPTS = 10
RANGE_PAUSE = 0.05  # seconds at most between two attempts


class CrmSegmentation(models.Model):
    """The ranges of a run: several segmentations go through the partners together.

    What they measure is then read once for all of them. They start at the same partner
    and have one scope (``_get_batches``); each has its own watermark, and whoever is
    stopped drops out while the others go on.
    """

    _inherit = "crm.segmentation"

    def _run_ranges(self, plans, waiting=0):
        """Process range after range, each in its own transaction.

        :param plans: the plan of each of these segmentations
        :param int waiting: how many other segmentations wait for this worker
        :return: False when the scheduled action's time is up
        """
        self._commit_range(0, waiting + len(self))
        going = self._check_brake_before(plans)
        size = RANGE_SIZE
        while going := going._drop_stopped():
            started = time.monotonic()
            ids, last = self._get_next_range(going[:1].partner_id, size)
            current = [p for p in plans if p.segmentation_id in going._ids]
            going = going._run_range_with_retries(current, ids, last)
            time_left = self._commit_range(1, waiting + (not last) * len(going))
            if last or not time_left:
                return bool(time_left)
            size = _next_size(size, time.monotonic() - started)
        return bool(self._commit_range(1, waiting))

    def _run_sets(self, plan, partner_ids, waiting=0):
        """Process some partners, a set of them in each transaction.

        :return: False when the scheduled action's time is up
        """
        sets = [IdSet(ids) for ids in split_every(SET_SIZE, partner_ids)] or [IdSet(())]
        for ids in sets:
            if not self._drop_stopped():
                return bool(self._commit_range(1, waiting))
            last = ids is sets[-1]
            if not self._run_range_with_retries([plan], ids, last):
                return bool(self._commit_range(1, waiting))
            time_left = self._commit_range(1, waiting + (not last))
            if not last and not time_left:
                return False
        return bool(time_left)

    def _drop_stopped(self):
        """Obey requests to stop, and return who goes on."""
        stopped = self and self._get_stop_requested()
        if stopped:
            stopped.write({"state": "stopped"})
        return self - stopped

    def _run_range_with_retries(self, plans, ids, last):
        """Process the next range, again when it collided with somebody's writing.

        :return: the segmentations that were not braked by it
        """
        attempts = RANGE_ATTEMPTS if self._owns_transaction() else 1
        while True:
            try:
                with self.env.cr.savepoint():
                    return self._run_range(plans, ids, last)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                attempts -= 1
                if not attempts:
                    raise
                # The savepoint keeps the old snapshot; only a new transaction sees
                # what the other one wrote. Nothing but this range is lost.
                self.env.cr.rollback()
                time.sleep(random.uniform(0, RANGE_PAUSE))

    def _run_range(self, plans, ids, last):
        """Apply the difference within the range and move the watermarks."""
        started = time.monotonic()
        # The segmentations are not locked while this lasts: whoever saves the form
        # meanwhile would collide with us in each range, again and again. Rather we
        # collide with what was saved, and do one range again.
        self._tune_planner()
        changes, braked = self._apply_range(plans, ids)
        going = self - braked
        seconds = (time.monotonic() - started) / (len(going) or 1)
        for plan in plans:
            segmentation = going.filtered(lambda s: s.id == plan.segmentation_id)  # noqa: B023
            if segmentation:
                segmentation._note_range(ids, changes[segmentation.id], seconds)
                if last:
                    segmentation._finish_run(plan)
        return going

    def _apply_range(self, plans, ids):
        """Run the statement, without those whose removals have to be asked about.

        :return: the changes by segmentation and event, and the braked segmentations
        """
        braked = self.browse()
        while plans:
            savepoint = self.env.cr.savepoint(flush=False)
            changes = self._execute_diff(plans, ids)
            over = (self - braked).filtered(
                lambda s: s._is_over_brake(len(changes[s.id]["left"]))  # noqa: B023
            )
            savepoint.close(rollback=bool(over))
            if not over:
                break
            braked |= over
            over._brake(plans)
            plans = [p for p in plans if p.segmentation_id not in over._ids]
        for segmentation in self - braked:
            segmentation._publish_changes(changes[segmentation.id])
        return changes if plans else {}, braked

    def _execute_diff(self, plans, ids):
        events = ("entered", "left", "tagged", "untagged", "pinned")
        changes = {
            plan.segmentation_id: {event: [] for event in events} for plan in plans
        }
        rows = self.env.execute_query(diff_statement(plans, ids))
        for event, segmentation_id, partner_ids in rows:
            changes[segmentation_id][event] = partner_ids or []
        return changes

    def _note_range(self, ids, changes, seconds):
        """Write what became of the range, in its transaction."""
        entered, left = changes["entered"], changes["left"]
        vals = {
            "duration": self.duration + seconds,
            "entered_count": self.entered_count + len(entered),
            "left_count": self.left_count + len(left),
        }
        if isinstance(ids, Range):
            vals["partner_id"] = ids.upper
            vals["partner_id_end"] = max(ids.upper, self.partner_id_end)
            if self.measures_drift and (entered or left):
                vals["drift_count"] = self.drift_count + self._count_drift(
                    entered + left
                )
        self.write(vals)

    def _count_drift(self, partner_ids):
        """Return how many of these changes no logged writing explains."""
        query = SQL(
            "SELECT COUNT(*) FROM unnest(%s) id WHERE id NOT IN ("
            " SELECT p.commercial_partner_id FROM res_partner p WHERE p.id IN (%s)"
            " AND p.commercial_partner_id IS NOT NULL)",
            partner_ids,
            written_query(self.dirty_xid),
        )
        return self.env.execute_query(query)[0][0]

    def _publish_changes(self, changes):
        """Tell the cache and the other addons what raw SQL has changed."""
        partners = self.env["res.partner"]
        entered = partners.browse(changes["entered"])
        left = partners.browse(changes["left"])
        if retagged := changes["tagged"] + changes["untagged"]:
            fields_ = ["category_id"]
            partners.browse(retagged).invalidate_recordset(fields_, flush=False)
            self.categ_id.invalidate_recordset(["partner_ids"], flush=False)
        if changes["pinned"]:
            self.invalidate_recordset(["pin_ids"], flush=False)
        if entered or left:
            fields_ = ["segmentation_membership_ids", "segmentation_ids"]
            (entered + left).invalidate_recordset(fields_, flush=False)
            self._log_for_dependents(changes["entered"] + changes["left"])
            self._segmentation_changed(entered, left)

    def _segmentation_changed(self, entered, left):
        """Hook: these partners entered and left, within the running transaction."""

    def _get_next_range(self, watermark, size=RANGE_SIZE):
        """Return the ids behind the watermark, and whether they are the last ones.

        A range starts at an existing partner, so gaps between ids cost nothing.
        """
        query = SQL("SELECT MIN(id), MAX(id) FROM res_partner WHERE id > %s", watermark)
        [[first, end]] = self.env.execute_query(query)
        if first is None:
            return Range(watermark, watermark), True
        upper = min(first + size - 1, end)
        return Range(first - 1, upper), upper == end


def _next_size(size, seconds):
    """Return the size of the next range, so that none takes much longer than it may."""
    if seconds > RANGE_SECONDS:
        return max(int(size * RANGE_SECONDS / seconds), RANGE_SIZE_MIN)
    if seconds < RANGE_SECONDS / 3:
        return min(size * 2, RANGE_SIZE)
    return size
