from collections import Counter
from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from .crm_case_rule_run import DUE, FAILED, NOBODY

BATCH = 50
# How often a run gives way to somebody who writes the same case.
PATIENCE = 3
# How often a pass looks again because another worker was faster.
MAX_CONFLICTS = 100
# Who works on what, told by the connections that are open.
LIVING = SQL(
    """
    SELECT pid || '@' || extract(epoch FROM backend_start)
    FROM pg_stat_activity WHERE datname = current_database()
    """
)


@dataclass
class Sweep:
    """What one worker did in one pass.

    :param str worker: names its connection to the database
    :param handled: number of runs by rule, for the limits of rules
    :param busy: how often a run gave way to somebody else, by id
    :param full: rules that do no more in this pass
    """

    worker: str
    handled: Counter = field(default_factory=Counter)
    busy: Counter = field(default_factory=Counter)
    full: set = field(default_factory=set)

    def may_handle(self, rule):
        """Return how many more cases a rule may act on; None for no limit."""
        if rule.id in self.full:
            return 0
        if not rule.max_per_pass:
            return None
        return max(rule.max_per_pass - self.handled[rule.id], 0)


class CrmCaseRuleRun(models.Model):
    """How a pass works off what is due, in batches that are committed.

    A worker writes its name on the next batch and commits that *before* it acts. Names
    of workers that are gone tell what became of a batch: one of its cases may have
    taken the process with it. These runs are then done one at a time, as is what failed
    before; the one that is alone when the process dies has failed like any other.

    Several workers share the work: what bears the name of one that lives is left to it.
    """

    _inherit = "crm.case.rule.run"

    @api.model
    def _drain(self):
        """Do what is due until nothing is left or time is over."""
        [[worker]] = self.env.execute_query(
            SQL("%s AND pid = pg_backend_pid()", LIVING)
        )
        sweep = Sweep(worker)
        try:
            self._drain_batches(sweep)
        except Exception:
            self.env.cr.rollback()
            raise
        finally:
            self._release(sweep)
            self.env["ir.cron"]._commit_progress()
        self._send_mails(sweep)

    def _drain_batches(self, sweep):
        """One transaction does a batch and claims the next one."""
        claimed = self.browse()
        conflicts = 0
        while True:
            try:
                runs = claimed._lock(sweep)
                runs._execute_batch(sweep)
                following = self._claim(sweep)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Another worker was faster: look again, with a fresh view.
                self.env.cr.rollback()
                conflicts += 1
                if conflicts > MAX_CONFLICTS:
                    return
                continue
            time_left = self.env["ir.cron"]._commit_progress(
                len(runs), remaining=len(following)
            )
            claimed = following
            if not claimed:
                return
            if not time_left:
                # The scheduler would sleep for up to a minute before it goes on.
                self.env["crm.case.rule"]._wake_up()
                return

    @api.model
    def _send_mails(self, sweep):
        """Mails of a run wait for its commit in the queue, which is woken here."""
        if sweep.handled:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
            self.env["ir.cron"]._commit_progress()

    # ------------------------------------------------------------
    # CLAIM
    # ------------------------------------------------------------

    @api.model
    def _claim(self, sweep):
        """Write this worker's name on the next batch.

        :return: the runs to do next
        """
        self.env.flush_all()
        # Who lives now, not when this transaction asked first.
        self.env.cr.execute("SELECT pg_stat_clear_snapshot()")
        rows = self.env.execute_query(self._build_claim(sweep))
        guilty = self.browse(run_id for run_id, _risky, guilty in rows if guilty)
        for run in guilty:
            run._register_failure(self.env._("The server stopped while it did this."))
        rows = [(run_id, risky) for run_id, risky, guilty in rows if not guilty]
        risky_first = rows[:1] if rows and rows[0][1] else []
        batch = risky_first or [row for row in rows if not row[1]]
        runs = self.browse(run_id for run_id, _risky in batch)
        runs.write({"worker": sweep.worker, "alone": len(runs) == 1})
        if guilty and not runs:
            return self._claim(sweep)
        return runs

    def _build_claim(self, sweep):
        waiting = [run_id for run_id, times in sweep.busy.items() if times >= PATIENCE]
        return SQL(
            """
            WITH living AS MATERIALIZED (%(living)s)
            SELECT run.id,
                run.attempts > 0 OR COALESCE(run.worker != %(worker)s, FALSE),
                COALESCE(run.alone AND run.worker != %(worker)s, FALSE)
            FROM crm_case_rule_run run
            JOIN crm_case_rule rule ON rule.id = run.rule_id AND rule.active
            JOIN crm_case_rule_level level ON level.id = run.level_id
            WHERE run.state IN ('due', 'failed')
            AND (run.next_try IS NULL OR run.next_try <= %(now)s)
            AND run.rule_id != ALL(%(full)s) AND run.id != ALL(%(waiting)s)
            AND (run.worker IS NULL OR run.worker = %(worker)s
                OR run.worker NOT IN (SELECT * FROM living))
            ORDER BY rule.sequence, rule.id, level.sequence, level.id,
                run.iteration, run.reference, run.id
            LIMIT %(limit)s
            FOR NO KEY UPDATE OF run SKIP LOCKED
            """,
            living=LIVING,
            worker=sweep.worker,
            now=fields.Datetime.now(),
            full=self._get_full_rules(sweep),
            waiting=waiting,
            limit=BATCH,
        )

    @api.model
    def _get_full_rules(self, sweep):
        rules = self.env["crm.case.rule"].browse({*sweep.handled, *sweep.full})
        return rules.filtered(lambda rule: sweep.may_handle(rule) == 0).ids

    def _lock(self, sweep):
        """Lock these runs and their cases.

        :return: the runs whose turn it is
        """
        if not self:
            return self
        self.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM crm_case_rule_run
                WHERE id = ANY(%s) AND worker = %s AND state IN ('due', 'failed')
                FOR NO KEY UPDATE SKIP LOCKED
                """,
                self.ids,
                sweep.worker,
            )
        )
        mine = {run_id for [run_id] in rows}
        runs = self.filtered(lambda run: run.id in mine)
        free = runs.case_id.try_lock_for_update(allow_referencing=True)
        taken = runs._get_taken_case_ids(sweep)
        for run in runs:
            if run.case_id not in free or run.case_id.id in taken:
                sweep.busy[run.id] = PATIENCE
        return runs.filtered(lambda run: sweep.busy[run.id] < PATIENCE)

    def _get_taken_case_ids(self, sweep):
        """Cases for which another worker has begun with an earlier rule."""
        others = self.search(
            [
                ("case_id", "in", self.case_id.ids),
                ("state", "in", (DUE, FAILED)),
                ("worker", "not in", (False, sweep.worker)),
            ]
        )
        first = {}
        for run in self:
            first.setdefault(run.case_id, run._get_order())
        return {
            other.case_id.id
            for other in others
            if other._get_order() < first[other.case_id]
        }

    def _get_order(self):
        rule, level = self.rule_id, self.level_id
        return (rule.sequence, rule.id, level.sequence, level.id, self.iteration)

    @api.model
    def _release(self, sweep):
        """Leave to others what this worker claimed and did not do."""
        left = self.search(
            [("worker", "=", sweep.worker), ("state", "in", (DUE, FAILED))]
        )
        left.write(NOBODY)
