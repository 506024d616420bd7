import logging
import time
from collections import Counter

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import groupby

from ..transaction import all_or_nothing
from .crm_case_rule_run import DONE, DUE, FAILED, NOBODY

_logger = logging.getLogger(__name__)

# What a rollback takes back entirely. Code, and kinds of other addons, may have talked
# to the world.
REVERSIBLE = {
    "case_assign",
    "case_escalate",
    "case_remind",
    "followers",
    "mail_post",
    "next_activity",
    "object_write",
    "remove_followers",
    "webhook",
}


class CrmCaseRuleRun(models.Model):
    """How runs are done: as many as possible together, else one by one.

    Cases of one level stand for themselves, so they are read, checked and written
    together. If one of them fails, all are taken back and each is done in a savepoint
    of its own; so is what cannot be taken back.
    """

    _inherit = "crm.case.rule.run"

    def _execute_batch(self, sweep):
        """Do these runs, level by level."""
        for _key, members in groupby(self, lambda run: (run.level_id, run.iteration)):
            runs = self.browse().union(*members)
            for part in runs._split_by_case():
                part._execute_level(sweep)

    def _split_by_case(self):
        """Parts in which no case comes twice, as it does when due for two dates."""
        seen, parts = Counter(), {}
        for run in self:
            number = seen[run.case_id]
            seen[run.case_id] += 1
            parts[number] = parts.get(number, self.browse()) | run
        return parts.values()

    def _execute_level(self, sweep):
        runs = self.filtered(lambda run: run.state in (DUE, FAILED))
        runs = runs[: sweep.may_handle(self.rule_id)]
        if not runs:
            return
        runs = runs._sort_out(sweep)
        written = {run.case_id: run.case_id.write_date for run in runs}
        done = runs._execute_together(written)
        if done is None:
            done = runs._execute_singly(written, sweep)
        sweep.handled[self.rule_id.id] += len(runs)
        if self.rule_id.stop:
            done._stop_later_rules()

    def _sort_out(self, sweep):
        """Runs that still fit; the others are noted as not needed, or parked."""
        matches = self._get_still_due()
        slow = self.filtered(lambda run: run.case_id.id in matches.slow)
        slow._park(self.env._("The pattern takes too long on this subject."))
        left = self.filtered(lambda run: run.case_id.id in matches.left)
        if left:
            # Enough time was spent on patterns: in the next pass.
            sweep.full.add(self.rule_id.id)
        fitting = self.filtered(lambda run: run.case_id.id in matches.ids)
        outdated = self - slow - left - fitting
        outdated._skip(self.env._("The case is no longer as the rule wants it."))
        return fitting

    def _get_still_due(self):
        """What has become of these cases since they came to be due.

        :return: :class:`~.crm_case_rule_filter.Matches`
        """
        rule = self.rule_id
        source = rule._get_source()
        cases = self.env[source.model]._search(
            rule._on_source(source, rule._get_case_domain())
            & rule._get_cases_domain(source, self.case_id)
        )
        # Rows are (case id, reference) pairs: a case may carry other dates too.
        found = {row for rows in rule._fetch(cases, source) for row in rows}
        due = [run for run in self if (run.case_id.id, run.reference) in found]
        return rule._match_case_ids([run.case_id.id for run in due])

    # ------------------------------------------------------------
    # TOGETHER
    # ------------------------------------------------------------

    def _is_reversible(self):
        kinds = {action.state for action in self.level_id.action_ids}
        return kinds <= REVERSIBLE

    def _execute_together(self, written):
        """Do all of these runs, or none.

        :return: what was done; None if one failed or they have to be done one by one
        """
        if len(self) < 2 or not self._is_reversible():
            return None
        started = time.monotonic()
        try:
            with all_or_nothing(self.env.cr):
                done = [run for run in self if run._act(written)]
        except Exception:  # noqa: BLE001  whatever an action may raise
            return None
        duration = (time.monotonic() - started) / len(self)
        return self._mark_done(dict.fromkeys(done, duration))

    # ------------------------------------------------------------
    # ONE BY ONE
    # ------------------------------------------------------------

    def _execute_singly(self, written, sweep):
        """Do each of these runs, whatever happens to the others.

        :return: what was done
        """
        durations = {}
        for run in self:
            started = time.monotonic()
            try:
                with all_or_nothing(run.env.cr):
                    acted = run._act(written)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody else writes the case right now.
                sweep.busy[run.id] += 1
            except Exception as error:
                _logger.info("Rule %s failed on a case", run.rule_id.id, exc_info=True)
                run._register_failure(error, time.monotonic() - started)
            else:
                if acted:
                    durations[run] = time.monotonic() - started
        return self._mark_done(durations)

    def _act(self, written):
        """Run the actions of this level on the case.

        :param written: when cases were last written, as they were found to fit
        :return: whether it was still needed
        """
        case = self.case_id
        if self._was_touched(written[case]) and case.id not in (
            self._get_still_due().ids
        ):
            self._skip(self.env._("The case is no longer as the rule wants it."))
            return False
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
        return True

    def _was_touched(self, written):
        """Whether the case may have been written since: by this very transaction, all
        of whose writing bears the same date."""
        return self.case_id.write_date != written or written >= self.env.cr.now()

    def _mark_done(self, durations):
        """Note what was done.

        :param durations: seconds by run
        :return: these runs
        """
        now = fields.Datetime.now()
        done = self.browse().union(*durations)
        for attempts, runs in done.grouped("attempts").items():
            runs.write(
                {
                    "state": DONE,
                    "message": False,
                    "attempts": attempts + 1,
                    "done_on": now,
                    **NOBODY,
                }
            )
        for run, duration in durations.items():
            run.duration = duration
        return done
