import logging

from dateutil.relativedelta import relativedelta
from psycopg2.errors import LockNotAvailable

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import groupby

_logger = logging.getLogger(__name__)

LATER = relativedelta(minutes=1)


class CrmSegmentation(models.Model):
    """The scheduled action: what was started and what is due.

    Each is apart from the failures of the others: a batch in which one fails is done
    again one by one. Between two full runs only what changed is looked at.
    """

    _inherit = "crm.segmentation"

    @api.model
    def _cron_process(self):
        """Compute what was started and what is due, each apart from the others.

        What does not fit into the time of one call stays ``running``, and the scheduler
        is woken for it.
        """
        todo = self.search(self._get_cron_domain(), order="state desc, sequence, id")
        todo = todo.with_context(tracking_disable=True)
        batches = todo._get_batches()
        for index, batch in enumerate(batches):
            waiting = sum(map(len, batches[index + 1 :]))
            if not batch._cron_process_batch(waiting):
                self._call_again()
                return

    @api.model
    def _call_again(self):
        """Have the rest done at once.

        The scheduler knows from the reported remainder that there is a rest, but it
        sleeps for up to a minute before it looks, and nothing moves meanwhile.
        """
        if self.search_count(self._get_cron_domain(), limit=1):
            self._trigger_cron()

    def _get_cron_domain(self):
        due = Domain("state", "in", ("not running", "failed"))
        due &= Domain("interval_type", "!=", "manual")
        due &= Domain("next_run", "<=", fields.Date.today())
        return Domain("state", "=", "running") | due

    def _cron_process_batch(self, waiting):
        """Compute a batch; whatever fails is kept on its segmentation, not raised.

        :param int waiting: how many others wait for their turn
        :return: False when the time is up
        """
        locked = self.filtered(lambda s: s._try_worker_lock())
        if locked != self:
            # Another worker is at them, or at one of the same category.
            self._trigger_cron(fields.Datetime.now() + LATER)
        try:
            locked._forget_snapshot()
            due = locked.filtered_domain(self._get_cron_domain())
            plans = {s: plan for s in due if (plan := s._cron_claim(waiting))}
            claimed = self.browse(s.id for s in plans)
            for group in claimed._get_groups():
                if not group._cron_process_group(plans, waiting):
                    return False
            return True
        finally:
            for segmentation in locked:
                segmentation._release_worker_lock()

    def _get_groups(self):
        """Return those that go on together: full runs at the same watermark."""

        def key(segmentation):
            alone = segmentation.run_id.kind == "incremental"
            day = segmentation._get_today(segmentation.last_run)
            return alone and segmentation.id, segmentation.partner_id, day

        return [self.browse(s.id for s in group) for _key, group in groupby(self, key)]

    def _cron_claim(self, waiting):
        """Start or resume the run and return its plan, None if it cannot be."""
        return self._isolate(self._claim_run, waiting, None)

    def _claim_run(self):
        if not self.try_lock_for_update(allow_referencing=True):
            raise LockNotAvailable("row lock on crm_segmentation")
        if self.state == "running":
            return self._resume_run(keep_stop=True)
        self._check_ready()
        now = fields.Datetime.now()
        plan = self._prepare_plan(now)
        kind = "incremental" if self._is_incremental(plan) else "full"
        return self._begin_run(kind, now, plan)

    def _cron_process_group(self, plans, waiting):
        """Compute what is claimed; one by one when together they fail.

        :return: False when the time is up
        """
        if len(self) == 1:
            plan = plans[self]
            return self._isolate(
                lambda: self._cron_continue(plan, waiting), waiting, True
            )
        try:
            return self._run_ranges([plans[s] for s in self], waiting)
        except Exception:
            _logger.info("%s failed together, now one by one", self, exc_info=True)
            self._rollback_range()
            self.env.invalidate_all()
        return all(
            segmentation._cron_process_group(plans, waiting)
            for segmentation in self
            if segmentation.state == "running"
        )

    def _cron_continue(self, plan, waiting):
        """Do what is left, and the weekly full run behind an incremental one."""
        # Asked before the commit, after which all of it had to be read again.
        full_due = self.run_id.kind == "incremental" and self._is_full_due()
        in_time = self._continue_run(plan, waiting)
        if full_due and self.state == "not running":
            plan = self._start_run()
            if not in_time:
                self._commit_range(0, waiting + 1)
                return False
            return self._run_ranges([plan], waiting)
        return in_time

    def _isolate(self, call, waiting, put_off):
        """Return what the call returns; keep its failure on the segmentation.

        :param put_off: what to return when it is left for the next call, or failed
        """
        try:
            with self._keep_failure():
                return call()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Somebody is writing it: it stays as it is, for the next call.
            _logger.info("Segmentation %s is put off", self.id)
            in_time = self._commit_range(0, waiting + 1)
        except Exception:
            _logger.exception("Segmentation %s failed", self.id)
            in_time = self._commit_range(1, waiting)
        return put_off and bool(in_time)
