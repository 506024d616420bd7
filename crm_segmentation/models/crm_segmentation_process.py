import logging
import random
import time
from contextlib import contextmanager

from dateutil.relativedelta import relativedelta
from psycopg2.errors import LockNotAvailable

from odoo import api, fields, models, modules
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..engine.apply import diff_statement
from ..engine.sources import Range

_logger = logging.getLogger(__name__)

# Partners per transaction: large enough for set-based speed, small enough that no
# lock is held for long
RANGE_SIZE = 50_000
RANGE_ATTEMPTS = 10
RANGE_PAUSE = 0.05  # seconds at most between two attempts

# First key of the advisory locks that tell who computes which segmentation
WORKER_LOCK = 0x5E6


class CrmSegmentation(models.Model):
    """The run: from the first partner id to the last, one range at a time.

    ONE WORKER
    Whoever computes holds an advisory lock of his database session. It outlives the
    commits after each range and vanishes with a killed process, so it tells a run
    that is being computed from one that was interrupted.

    STATES
    ``running`` is set before the first range. From there: ``not running`` when done,
    ``stopped`` on request, ``failed`` with the error kept. The watermark
    ``partner_id`` is 0 unless there is something to continue.
    """

    _inherit = "crm.segmentation"

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_process_start(self):
        """Let the scheduled action compute from the first partner."""
        for segmentation in self._for_processing():
            segmentation._check_no_worker()
            segmentation._start_run()
        return self._trigger_cron()

    def action_process_continue(self):
        """Let the scheduled action go on where the last run ended."""
        for segmentation in self._for_processing():
            segmentation._check_no_worker()
            segmentation._resume_run()
        return self._trigger_cron()

    def action_process_stop(self):
        return self.process_stop()

    def process_start(self):
        """Compute from the first partner to the last, before returning."""
        for segmentation in self._for_processing():
            with segmentation._worker_lock(), segmentation._keep_failure():
                segmentation._run_ranges(segmentation._start_run())
        return True

    def process_continue(self, start=False):
        """Compute from where the last run ended to the last partner.

        :param bool start: begin with the first partner, as ``process_start`` does
        """
        if start:
            return self.process_start()
        for segmentation in self._for_processing():
            with segmentation._worker_lock(), segmentation._keep_failure():
                segmentation._run_ranges(segmentation._resume_run())
        return True

    def process_stop(self):
        """Stop the computation after the range it is at; *Continue* goes on there."""
        for segmentation in self._for_processing():
            if segmentation.state != "running":
                continue
            segmentation._set_stop_requested(True)
            if segmentation._try_worker_lock():
                # Nobody computes: the scheduled action has not come to it yet, or
                # its process is gone.
                segmentation._release_worker_lock()
                segmentation.state = "stopped"
        return True

    # ------------------------------------------------------------------
    # SCHEDULED ACTION
    # ------------------------------------------------------------------

    @api.model
    def _cron_process(self):
        """Compute what was started and what is due, each apart from the others.

        What does not fit into the time of one call stays ``running``; the reported
        remainder makes the scheduler call again.
        """
        todo = self.search(self._get_cron_domain(), order="state desc, sequence, id")
        for index, segmentation in enumerate(todo):
            finished = segmentation._cron_process_one(len(todo) - index - 1)
            if not finished:
                return

    def _get_cron_domain(self):
        due = Domain("state", "in", ("not running", "failed"))
        due &= Domain("interval_type", "!=", "manual")
        due &= Domain("next_run", "<=", fields.Date.today())
        return Domain("state", "=", "running") | due

    def _cron_process_one(self, waiting):
        """Compute one segmentation; whatever fails is kept on it, not raised.

        :param int waiting: how many others wait for their turn
        :return: False when the time is up
        """
        if not self._try_worker_lock():
            return True  # another worker is at it
        try:
            with self._keep_failure():
                return self._run_ranges(self._claim_run(), waiting)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Somebody is writing it: it stays as it is, for the next call.
            _logger.info("Segmentation %s is put off", self.id)
            return bool(self._commit_range(0, waiting + 1))
        except Exception:
            _logger.exception("Segmentation %s failed", self.id)
            return bool(self._commit_range(1, waiting))
        finally:
            self._release_worker_lock()

    def _claim_run(self):
        """Start the run, or go on with the one that was started; return its plan."""
        if not self.try_lock_for_update():
            raise LockNotAvailable("row lock on crm_segmentation")
        if self.state == "running":
            return self._resume_run(keep_stop=True)
        return self._start_run()

    def _trigger_cron(self):
        # Managers of segmentations have no rights on scheduled actions.
        self.env.ref("crm_segmentation.ir_cron_process").sudo()._trigger()
        return True

    # ------------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------------

    def _for_processing(self):
        """Return the records in the mode a run needs, for who may change them.

        The run reads the invoices of all its companies and writes categories of
        partners, whatever the user may see of either.
        """
        self.check_access("write")
        return self.sudo().with_context(tracking_disable=True)

    def _start_run(self):
        """Begin with the first partner, and return the plan of the run."""
        self._check_ready()
        self._set_stop_requested(False)
        self.write(
            {
                "state": "running",
                "partner_id": 0,
                "partner_id_end": self._get_last_partner_id(),
                "last_run": fields.Datetime.now(),
                "run_definition": self._get_definition(),
                "last_error": False,
                "duration": 0,
                "entered_count": 0,
                "left_count": 0,
            }
        )
        return self._prepare_plan()

    def _resume_run(self, keep_stop=False):
        """Go on behind the watermark, unless the definition has changed since.

        :param bool keep_stop: obey a request to stop that was made meanwhile
        :return: the plan of the run
        """
        if self.state == "not running" or (
            self.run_definition != self._get_definition()
        ):
            return self._start_run()
        self._check_ready()
        if not keep_stop:
            self._set_stop_requested(False)
        self.write({"state": "running", "last_error": False})
        return self._prepare_plan()

    def _run_ranges(self, plan, waiting=0):
        """Process range after range, each in its own transaction.

        :param int waiting: how many other segmentations wait for this worker
        :return: False when the scheduled action's time is up
        """
        self._commit_range(0, waiting + 1)
        while True:
            if self._is_stop_requested():
                self.write({"state": "stopped"})
                return bool(self._commit_range(1, waiting))
            last = self._run_range_with_retries(plan)
            time_left = self._commit_range(1, waiting + (not last))
            if last or not time_left:
                return bool(time_left)

    def _run_range_with_retries(self, plan):
        """Process the next range, again when it collided with somebody's writing."""
        attempts = RANGE_ATTEMPTS if self._owns_transaction() else 1
        while True:
            try:
                with self.env.cr.savepoint():
                    return self._run_range(plan)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                attempts -= 1
                if not attempts:
                    raise
                # The savepoint keeps the old snapshot; only a new transaction sees
                # what the other one wrote. Nothing but this range is lost.
                self.env.cr.rollback()
                time.sleep(random.uniform(0, RANGE_PAUSE))

    def _run_range(self, plan):
        """Apply the difference within the next range and move the watermark.

        :return: whether it was the last range
        """
        started = time.monotonic()
        # Before the work, not after it, as then a user who saves the form meanwhile
        # waits a moment instead of making us do the range again.
        self.try_lock_for_update()
        ids, last = self._get_next_range()
        changes = {
            event: partner_ids or []
            for event, partner_ids in self.env.execute_query(diff_statement(plan, ids))
        }
        self._publish_changes(changes)
        self.write(
            {
                "partner_id": ids.upper,
                "partner_id_end": max(ids.upper, self.partner_id_end),
                "duration": self.duration + time.monotonic() - started,
                "entered_count": self.entered_count + len(changes["entered"]),
                "left_count": self.left_count + len(changes["left"]),
            }
        )
        if last:
            self._finish_run()
        return last

    def _publish_changes(self, changes):
        """Tell the cache and the other addons what raw SQL has changed."""
        partners = self.env["res.partner"]
        entered = partners.browse(changes["entered"])
        left = partners.browse(changes["left"])
        if retagged := changes["tagged"] + changes.get("untagged", []):
            fields_ = ["category_id"]
            partners.browse(retagged).invalidate_recordset(fields_, flush=False)
            self.categ_id.invalidate_recordset(["partner_ids"], flush=False)
        if changes.get("pinned"):
            self.invalidate_recordset(["pin_ids"], flush=False)
        if entered or left:
            fields_ = ["segmentation_membership_ids", "segmentation_ids"]
            (entered + left).invalidate_recordset(fields_, flush=False)
            self._segmentation_changed(entered, left)

    def _segmentation_changed(self, entered, left):
        """Hook: these partners entered and left, within the running transaction."""

    def _finish_run(self):
        vals = {
            "state": "not running",
            "partner_id": 0,
            "member_count": self._count_members(),
            "next_run": self._get_next_run(),
        }
        if self.exclusif:
            vals["carriers_pinned"] = True
        self.write(vals)

    @contextmanager
    def _keep_failure(self):
        """Write on the segmentation what made its run fail, and raise it again."""
        try:
            yield
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self._rollback_range()
            raise  # no failure: the caller tries again
        except Exception as error:
            self._rollback_range()
            message = str(error) or type(error).__name__
            self.write(
                {
                    "state": "failed",
                    "last_error": message,
                    "next_run": self._get_next_run(),
                }
            )
            self._commit_range()
            raise

    def _get_next_run(self):
        """Return when the scheduled action is to come back, counted from today."""
        if self.interval_type == "manual":
            return self.next_run
        step = relativedelta(**{self.interval_type: self.interval_number})
        return fields.Date.today() + step

    # ------------------------------------------------------------------
    # TRANSACTIONS AND LOCKS
    # ------------------------------------------------------------------

    def _commit_range(self, processed=0, remaining=0):
        """Make the range durable, and return how many seconds are left.

        :param processed: partners done since the last call, for the scheduler
        :param remaining: at least 1 while there is something left to do
        """
        self.env.flush_all()
        if not self._owns_transaction():
            return float("inf")
        # Outside a scheduled action this commits: category, membership and watermark
        # of a range become durable together, and locks are held for one range only.
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def _owns_transaction(self):
        """Return whether the run may end the caller's transaction.

        Not under a test, nor while modules and their demo data are being loaded.
        """
        return self.env.registry.ready and not modules.module.current_test

    def _rollback_range(self):
        if self._owns_transaction():
            # The failed range only: everything before it is committed.
            self.env.cr.rollback()

    def _check_no_worker(self):
        if not self._try_worker_lock():
            raise UserError(
                self.env._("“%s” is being computed. Stop it first.", self.name)
            )
        self._release_worker_lock()

    @contextmanager
    def _worker_lock(self):
        if not self._try_worker_lock():
            raise UserError(self.env._("“%s” is already being computed.", self.name))
        try:
            yield
        finally:
            self._release_worker_lock()

    def _try_worker_lock(self):
        query = SQL("SELECT pg_try_advisory_lock(%s, %s)", WORKER_LOCK, self.id)
        return self.env.execute_query(query)[0][0]

    def _release_worker_lock(self):
        query = SQL("SELECT pg_advisory_unlock(%s, %s)", WORKER_LOCK, self.id)
        self.env.execute_query(query)

    def _set_stop_requested(self, requested):
        control = self.env["crm.segmentation.control"]
        control.search([("segmentation_id", "=", self.id)]).filtered(
            lambda row: row.stop_requested != requested
        ).stop_requested = requested

    def _is_stop_requested(self):
        """Read the request from the table: the cache is older than the last range."""
        self.env["crm.segmentation.control"].flush_model(["stop_requested"])
        query = SQL(
            "SELECT stop_requested FROM crm_segmentation_control"
            " WHERE segmentation_id = %s",
            self.id,
        )
        return any(requested for [requested] in self.env.execute_query(query))

    # ------------------------------------------------------------------
    # QUERIES
    # ------------------------------------------------------------------

    def _get_last_partner_id(self):
        query = SQL("SELECT COALESCE(MAX(id), 0) FROM res_partner")
        return self.env.execute_query(query)[0][0]

    def _get_next_range(self):
        """Return the ids behind the watermark, and whether they are the last ones.

        A range starts at an existing partner, so gaps between ids cost nothing.
        """
        query = SQL(
            "SELECT MIN(id), MAX(id) FROM res_partner WHERE id > %s", self.partner_id
        )
        [[first, end]] = self.env.execute_query(query)
        if first is None:
            return Range(self.partner_id, self.partner_id), True
        upper = min(first + RANGE_SIZE - 1, end)
        return Range(first - 1, upper), upper == end

    def _count_members(self):
        query = SQL(
            "SELECT COUNT(*) FROM crm_segmentation_membership"
            " WHERE segmentation_id = %s AND left_on IS NULL",
            self.id,
        )
        return self.env.execute_query(query)[0][0]
