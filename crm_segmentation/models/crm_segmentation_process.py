from contextlib import contextmanager
from dataclasses import replace

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL


class CrmSegmentation(models.Model):
    """The life of a run, from the button to the last partner.

    STATES
    ``running`` is set before the first range. From there: ``not running`` when done,
    ``stopped`` on request or by the brake, ``failed`` with the error kept. The
    watermark ``partner_id`` is 0 unless there is something to continue.

    ORDER
    Segmentations that look at others are computed after them. Those of one scope are
    computed together, see ``_run_ranges``.
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
        """Compute from the first partner to the last, before returning.

        What another worker started and finished meanwhile is not done again.
        """
        asked = self._get_last_run_id()
        for batch in self._for_processing()._get_batches():
            with batch._worker_lock():
                todo = batch.filtered(lambda s: not s._was_done_since(asked))
                plans = [s._start_with_failure() for s in todo]
                with todo._keep_failure():
                    todo._run_ranges(plans)
        return True

    def _start_with_failure(self):
        with self._keep_failure():
            return self._start_run()

    def process_continue(self, start=False):
        """Compute from where the last run ended to the last partner.

        :param bool start: begin with the first partner, as ``process_start`` does
        """
        if start:
            return self.process_start()
        for batch in self._for_processing()._get_batches():
            for segmentation in batch:
                with segmentation._worker_lock(), segmentation._keep_failure():
                    segmentation._continue_run(segmentation._resume_run())
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

    def write(self, vals):
        """Stop what is archived: nobody would compute the rest of it."""
        if "active" in vals and not vals["active"]:
            self.process_stop()
        return super().write(vals)

    def _trigger_cron(self, at=None):
        # Managers of segmentations have no rights on scheduled actions.
        self.env.ref("crm_segmentation.ir_cron_process").sudo()._trigger(at=at)
        return True

    # ------------------------------------------------------------------
    # ORDER
    # ------------------------------------------------------------------

    def _for_processing(self):
        """Return the records in the mode a run needs, for who may change them.

        The run reads the invoices of all its companies and writes categories of
        partners, whatever the user may see of either.
        """
        self.check_access("write")
        return self.sudo().with_context(tracking_disable=True)

    def _get_batches(self):
        """Return groups to be computed one after the other, each together.

        What a criterion looks at comes before it. A batch has one scope and no
        category twice; first exclusive runs go alone.
        """
        if len(self) < 2:
            return [self] if self else []
        batches, todo, direct = [], self, self._get_dependencies()
        while todo:
            left = todo
            ready = todo.filtered(lambda s: not (s._get_ancestors(direct) - s) & left)  # noqa: B023
            level = {}
            for segmentation in ready or todo:  # a cycle is refused elsewhere
                key = segmentation._get_batch_key(level)
                level[key] = level.get(key, self.browse()) | segmentation
            batches += level.values()
            todo -= ready or todo
        return batches

    def _get_batch_key(self, level):
        """Return the first batch of the level that has room for this one."""
        books = (self.company_id.id, self.currency_id.id, self.with_receipts)
        scope = (*books, self._get_timezone())
        if self.exclusif and not self.carriers_pinned:
            return (*scope, "alone", self.id)
        number = 0
        while self.categ_id & level.get((*scope, number), self.browse()).categ_id:
            number += 1
        return (*scope, number)

    # ------------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------------

    def _start_run(self):
        """Begin with the first partner, and return the plan of the run."""
        self._check_ready()
        now = fields.Datetime.now()
        return self._begin_run("full", now, self._prepare_plan(now))

    def _begin_run(self, kind, now, plan):
        """Write that a run has begun.

        :param kind: ``full`` or ``incremental``
        :param now: when
        :param plan: what it goes by, made for that moment
        :return: the plan of this run
        """
        self._set_stop_requested(False)
        # Nobody has rights on runs: they are what happened.
        runs = self.env["crm.segmentation.run"].sudo()
        if self.run_id.state == "running":
            self.run_id.sudo().state = "broken off"
        run = runs.create(self._prepare_run_vals(kind, now))
        self.write(
            {
                "state": "running",
                "partner_id": 0,
                "partner_id_end": self._get_last_partner_id(),
                "last_run": now,
                "run_definition": self._get_definition(),
                "run_xid": self._get_snapshot_xid(),
                "run_basis": plan.basis,
                "run_id": run.id,
                "measures_drift": self._can_measure_drift(kind, plan),
                "drift_count": 0,
                "last_error": False,
                "duration": 0,
                "entered_count": 0,
                "left_count": 0,
                "brake_count": 0,
                "brake_released": False,
            }
        )
        return replace(plan, run_id=run.id)

    def _prepare_run_vals(self, kind, now):
        # An incremental run goes by the same rule as the run before.
        known = self.run_id.sentence if kind == "incremental" else ""
        return {
            "segmentation_id": self.id,
            "kind": kind,
            "started_on": now,
            "sentence": known or self.sentence,
        }

    def _resume_run(self, keep_stop=False):
        """Go on behind the watermark, unless the definition has changed since.

        :param bool keep_stop: obey a request to stop that was made meanwhile
        :return: the plan of the run
        """
        if self.state == "not running" or self.run_id.state != "running":
            return self._start_run()
        if self.run_definition != self._get_definition():
            return self._start_run()
        self._check_ready()
        if not keep_stop:
            self._set_stop_requested(False)
        self.write({"state": "running", "last_error": False})
        return self._prepare_plan()

    def _continue_run(self, plan, waiting=0):
        """Do what is left of the run that has been started or resumed.

        :return: False when the scheduled action's time is up
        """
        if self.run_id.kind == "incremental":
            return self._run_incremental(plan, waiting)
        return self._run_ranges([plan], waiting)

    def _was_done_since(self, run_id):
        """Return whether another worker did it all while this one was busy.

        :param int run_id: the last run there was when somebody asked
        """
        return (
            self.run_id.id > run_id
            and self.run_id.state == "done"
            and self.run_definition == self._get_definition()
        )

    def _finish_run(self, plan):
        vals = {
            "state": "not running",
            "partner_id": 0,
            "member_count": self._count_members(),
            "next_run": self._get_next_run(),
            "dirty_xid": self.run_xid,
            "basis": self.run_basis,
            "basis_day": self._get_today(self.last_run),
            "brake_released": False,
        }
        if self.run_id.kind == "full":
            vals["last_full_run"] = self.last_run
        # Not those of a category that somebody has chosen meanwhile
        if self.exclusif and plan.exclusive and plan.category_id == self.categ_id.id:
            vals["carriers_pinned"] = True
        self.write(vals)
        self.run_id.sudo().write(self._prepare_done_vals())

    def _prepare_done_vals(self):
        vals = {
            "state": "done",
            "ended_on": fields.Datetime.now(),
            "duration": self.duration,
            "entered_count": self.entered_count,
            "left_count": self.left_count,
            "member_count": self.member_count,
            "drift_count": self.drift_count,
        }
        if self.run_id.kind == "full":
            vals["processed_count"] = self.partner_id_end
        return vals

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
            self._note_failure(str(error) or type(error).__name__)
            raise

    def _note_failure(self, message):
        for segmentation in self:
            segmentation.write(
                {
                    "state": "failed",
                    "last_error": message,
                    "next_run": segmentation._get_next_run(),
                }
            )
        self._commit_range()

    def _get_next_run(self):
        """Return when the scheduled action is to come back, counted from today."""
        if self.interval_type == "manual":
            return self.next_run
        step = relativedelta(**{self.interval_type: self.interval_number})
        return fields.Date.today() + step

    # ------------------------------------------------------------------
    # QUERIES
    # ------------------------------------------------------------------

    def _get_last_partner_id(self):
        query = SQL("SELECT COALESCE(MAX(id), 0) FROM res_partner")
        return self.env.execute_query(query)[0][0]

    def _get_last_run_id(self):
        query = SQL("SELECT COALESCE(MAX(id), 0) FROM crm_segmentation_run")
        return self.env.execute_query(query)[0][0]

    def _count_members(self):
        query = SQL(
            "SELECT COUNT(*) FROM crm_segmentation_membership"
            " WHERE segmentation_id = %s AND left_on IS NULL",
            self.id,
        )
        return self.env.execute_query(query)[0][0]
