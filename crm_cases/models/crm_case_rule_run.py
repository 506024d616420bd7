import logging
import time
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

DUE = "due"
FAILED = "failed"
DONE = "done"
SKIPPED = "skipped"
PARKED = "parked"

BATCH = 50
# Minutes before a failed run is tried again; then it waits for a person.
BACK_OFF = (5, 30, 120, 480)
# How often a run gives way to somebody who writes the same case.
PATIENCE = 3


class CrmCaseRuleRun(models.Model):
    """What a rule does to one case, once: to be done, done, or why not.

    The unique key (level, case, reference, iteration) is what makes a rule fire once.
    A run is written when it comes to be due, in the transaction that moves the clock,
    and done in the one that marks it so: a server that dies in between repeats or
    loses nothing of what is in the database. A web hook, or code that talks to another
    system, may then be called again.

    Each run has a savepoint of its own. One that fails is tried again, later and
    later, and is then parked for a person; it never stops another. Before it acts, a
    run makes sure that rule, case and reference still fit.

    Runs of one case are done by one worker at a time, in the order of the rules.
    """

    _name = "crm.case.rule.run"
    _description = "Run of a Case Rule"
    _inherit = ["crm.case.shadow.mixin"]
    _order = "id desc"

    rule_id = fields.Many2one(
        "crm.case.rule", required=True, index=True, ondelete="cascade"
    )
    level_id = fields.Many2one("crm.case.rule.level", required=True, ondelete="cascade")
    case_id = fields.Many2one("crm.case", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="case_id.company_id")
    reference = fields.Datetime(required=True, help="The date it was counted from.")
    iteration = fields.Integer(string="Repetition", required=True)
    state = fields.Selection(
        [
            (DUE, "Due"),
            (FAILED, "Will be tried again"),
            (DONE, "Done"),
            (SKIPPED, "Not needed"),
            (PARKED, "Needs a person"),
        ],
        required=True,
        default=DUE,
    )
    attempts = fields.Integer()
    next_try = fields.Datetime()
    done_on = fields.Datetime()
    duration = fields.Float(string="Seconds", digits=(10, 3))
    message = fields.Char(help="Why it was not done.")

    _once = models.Constraint(
        "UNIQUE(level_id, case_id, reference, iteration)",
        "A rule acts on a case once for each reference.",
    )
    _waiting_idx = models.Index("(next_try) WHERE state IN ('due', 'failed')")
    _state_idx = models.Index("(rule_id, state)")

    def _compute_display_name(self):
        for run in self:
            run.display_name = f"{run.rule_id.name}: {run.case_id.display_name}"

    # ------------------------------------------------------------
    # DRAIN
    # ------------------------------------------------------------

    @api.model
    def _drain(self):
        """Do what is due, in batches that are committed, until nothing is left."""
        handled, busy = Counter(), Counter()
        while True:
            try:
                runs = self._claim(handled, busy)
                batch = runs._execute_batch(handled, busy)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Another worker was faster: look again, with a fresh view.
                self.env.cr.rollback()
                busy[None] += 1
                if busy[None] > 100:
                    return
                continue
            if not self.env["ir.cron"]._commit_progress(
                len(runs), remaining=bool(runs)
            ):
                return
            if not runs:
                self._send_mails(handled)
                return
            _logger.debug("%s runs of rules handled", batch)

    def _send_mails(self, handled):
        """Mails of a run wait for its commit in the queue, which is woken here."""
        if handled:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
            self.env["ir.cron"]._commit_progress()

    @api.model
    def _claim(self, handled, busy):
        """Lock the next runs and their cases.

        :param handled: number of runs of this pass by rule id, for the rules' limits
        :param busy: runs that gave way to somebody else, by id
        """
        self.env.flush_all()
        full = self._get_full_rules(handled)
        waiting = [run_id for run_id, times in busy.items() if times >= PATIENCE]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT run.id
                FROM crm_case_rule_run run
                JOIN crm_case_rule rule ON rule.id = run.rule_id AND rule.active
                JOIN crm_case_rule_level level ON level.id = run.level_id
                WHERE run.state IN ('due', 'failed')
                AND (run.next_try IS NULL OR run.next_try <= %s)
                AND run.rule_id != ALL(%s) AND run.id != ALL(%s)
                ORDER BY rule.sequence, rule.id, level.sequence, level.id,
                    run.iteration, run.reference, run.id
                LIMIT %s
                FOR UPDATE OF run SKIP LOCKED
                """,
                fields.Datetime.now(),
                full,
                [run_id for run_id in waiting if run_id],
                BATCH,
            )
        )
        runs = self.browse(run_id for [run_id] in rows)
        free = runs.case_id.try_lock_for_update(allow_referencing=True)
        for run in runs.filtered(lambda run: run.case_id not in free):
            busy[run.id] = PATIENCE
        return runs

    @api.model
    def _get_full_rules(self, handled):
        rules = self.env["crm.case.rule"].browse(handled)
        return rules.filtered(
            lambda rule: rule.max_per_pass and handled[rule.id] >= rule.max_per_pass
        ).ids

    def _execute_batch(self, handled, busy):
        """Do these runs one after the other.

        :return: how many were handled
        """
        count = 0
        for run in self:
            rule = run.rule_id
            full = rule.max_per_pass and handled[rule.id] >= rule.max_per_pass
            gave_way = busy[run.id] >= PATIENCE
            if run.state not in (DUE, FAILED) or gave_way or full:
                continue
            if run._execute():
                handled[rule.id] += 1
                count += 1
            else:
                busy[run.id] += 1
        return count

    def _execute(self):
        """Do this run, whatever happens.

        :return: False if somebody else writes the case right now
        """
        started = time.monotonic()
        try:
            with self.env.cr.savepoint():
                self._act()
                self.done_on = fields.Datetime.now()
                self.duration = time.monotonic() - started
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            return False
        except Exception as error:
            _logger.info("Rule %s failed on a case", self.rule_id.id, exc_info=True)
            self._register_failure(error, time.monotonic() - started)
        return True

    def _act(self):
        case = self.case_id
        if not self._is_still_due():
            self._skip(self.env._("The case is no longer as the rule wants it."))
            return
        context = {
            "active_model": "crm.case",
            "active_id": case.id,
            "active_ids": case.ids,
            # Notes are read by people of that company.
            "lang": case.company_id.partner_id.lang or self.env.lang,
            # Mails go with the commit of this run, through the queue.
            "mail_notify_force_send": False,
        }
        for action in self.level_id.action_ids.sorted():
            action.with_context(**context).run()
        self.write({"state": DONE, "message": False, "attempts": self.attempts + 1})
        if self.rule_id.stop:
            self._stop_later_rules()

    def _is_still_due(self):
        """The case may have changed since it came to be due."""
        rule = self.rule_id
        source = rule._get_source()
        domain = rule._on_source(source, rule._get_case_domain())
        return bool(
            self.env[source.model].search_count(
                domain & rule._get_exact_domain(source, self), limit=1
            )
            and rule._filter_case_ids(self.case_id.ids)
        )

    def _stop_later_rules(self):
        rule = self.rule_id
        later = self.search(
            [("case_id", "=", self.case_id.id), ("state", "in", (DUE, FAILED))]
        ).filtered(
            lambda run: (
                (run.rule_id.sequence, run.rule_id.id) > (rule.sequence, rule.id)
            )
        )
        later._skip(self.env._("Stopped by rule %s.", rule.name))

    def _skip(self, reason):
        self.write({"state": SKIPPED, "message": reason})

    def _register_failure(self, error, duration):
        attempts = self.attempts + 1
        message = " ".join(str(error).split()) or type(error).__name__
        vals = {
            "attempts": attempts,
            "message": message[:500],
            "duration": duration,
            "state": PARKED,
            "next_try": False,
        }
        if attempts <= len(BACK_OFF):
            pause = timedelta(minutes=BACK_OFF[attempts - 1])
            vals.update(state=FAILED, next_try=fields.Datetime.now() + pause)
        self.write(vals)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_retry(self):
        """Try again what failed, in the next pass."""
        self.check_access("write")
        failed = self.filtered(lambda run: run.state in (FAILED, PARKED))
        failed.write({"state": DUE, "next_try": False, "attempts": 0})
        self.env["crm.case.rule"]._wake_up()

    def action_dismiss(self):
        """Leave it undone."""
        self.check_access("write")
        open_runs = self.filtered(lambda run: run.state in (DUE, FAILED, PARKED))
        open_runs._skip(self.env._("Dismissed by %s.", self.env.user.name))
