import logging
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

CHUNK = 20_000
# A transaction may have begun, and dated what it wrote, so long before it is seen.
# The daily full pass finds what took longer.
OVERLAP = timedelta(minutes=10)


class Source(NamedTuple):
    """Where the dates of a reference are: the model, its path to the case (empty: it
    is the case), the date, and further conditions."""

    model: str
    path: str
    date: str
    domain: Domain = Domain.TRUE


class CrmCaseRule(models.Model):
    """How a pass finds what is due, without looking at everything.

    For each level, repetition and clock it calculates once which references are due
    by now. New ones lie between the last pass's answer and this one's, or belong to
    cases written since. What the run log knows already is left out. A clock's first
    pass, and one pass a day, looks at all references instead.
    """

    _inherit = "crm.case.rule"

    def _try_collect(self, now):
        """Put what is due on the run log, unless another worker is about it."""
        try:
            with self.env.cr.savepoint():
                self.try_lock_for_update(allow_referencing=True)._collect(now)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            _logger.info("Rule %s is at work elsewhere", self.id)
            self.env.cr.rollback()
        except Exception as error:
            _logger.exception("Rule %s cannot be evaluated", self.id)
            self._park(str(error) or type(error).__name__)

    def _park(self, problem):
        """Say what is wrong, and wait until somebody changes something."""
        self.parked_reason = problem

    def _collect(self, now):
        self.env["crm.case.rule.run"].flush_model()
        for rule in self.filtered(lambda rule: not rule.parked_reason):
            for level in rule.level_ids:
                for group in self.env["crm.case.rule.clock"]._get_groups(level.unit):
                    rule._collect_group(level, group, now)

    def _collect_group(self, level, group, now):
        """The latest repetition first: what it finds is done, the earlier ones of the
        same reference were missed and are only noted."""
        found = set()
        for iteration in range(level.repeat_times, -1, -1):
            clock = self._get_clock(level, iteration, group)
            if clock.problem:
                continue
            due = list(self._find_due(level, iteration, group, now, clock))
            self._log_due(level, iteration, due, found)
            found.update(due)

    def _get_clock(self, level, iteration, group):
        clock = level.clock_ids.filtered(
            lambda c: (
                (c.iteration, c.calendar_id, c.zone)
                == (iteration, group.calendar, group.zone)
            )
        )
        return clock or clock.create(
            {
                "level_id": level.id,
                "iteration": iteration,
                "calendar_id": group.calendar.id,
                "zone": group.zone,
            }
        )

    # ------------------------------------------------------------
    # FIND
    # ------------------------------------------------------------

    def _find_due(self, level, iteration, group, now, clock):
        """Yield (case id, reference) of what is due and not on the run log, and move
        the clock; with an empty clock look at everything and move nothing. Subjects
        that take a pattern too long are among them: each run finds out for itself."""
        delay = level._get_delay(iteration, group.calendar, group.zone)
        threshold = delay.threshold(now)
        if not threshold:
            clock.problem = self.env._(
                "%s has not enough working time.",
                group.calendar.display_name or self.env._("The company"),
            )
            return
        source = self._get_source()
        for query in self._build_queries(level, group, source, clock, delay, threshold):
            query.add_where(self._not_on_the_log(level, iteration, query, source))
            query.add_where(self._not_before_move(query, source))
            for rows in self._fetch(query, source):
                candidates = [row for row in rows if delay.is_due(row[1], now)]
                matches = self._match_case_ids([row[0] for row in candidates])
                possible = matches.possible
                yield from (row for row in candidates if row[0] in possible)
        clock._advance(now, threshold)

    @api.model
    def _get_sources(self):
        """Sources that are not a date of the case itself, by reference."""
        unreached = Domain("date_reached", "=", False)
        status = "crm.case.sla.status"
        return {
            "sla_warning": Source(status, "case_id", "warning_at", unreached),
            "sla_breach": Source(status, "case_id", "deadline", unreached),
        }

    def _get_source(self):
        sources = self._get_sources()
        return sources.get(self.reference) or Source("crm.case", "", self.reference)

    def _build_queries(self, level, group, source, clock, delay, threshold):
        """One query over everything, or two: what came to be due by the lapse of
        time, and what was written since."""
        due = Domain(source.date, "<=", threshold)
        start = level._get_start()
        if start:
            due &= Domain(source.date, ">=", start)
        due &= self._on_source(source, self._get_case_domain() & group.domain)
        if clock._needs_full_pass():
            return [self._search_source(source, due)]
        low = delay.window_start(clock.passed, clock.threshold)
        written = Domain("write_date", ">=", clock.passed - OVERLAP)
        return [
            self._search_source(source, due & Domain(source.date, ">", low)),
            self._search_source(
                source,
                due & Domain(source.date, "<=", low) & self._written(source, written),
            ),
        ]

    @api.model
    def _on_source(self, source, domain):
        if not source.path:
            return domain
        # A path leads to archived cases too.
        domain &= Domain("active", "=", True)
        return source.domain & Domain(source.path, "any", domain)

    @api.model
    def _get_cases_domain(self, source, cases):
        return Domain(source.path or "id", "in", cases.ids)

    @api.model
    def _written(self, source, written):
        """The case was written, or what carries the date."""
        return written | self._on_source(source, written) if source.path else written

    def _search_source(self, source, domain):
        return self.env[source.model]._search(domain)

    def _not_on_the_log(self, level, iteration, query, source):
        return SQL(
            """NOT EXISTS (
                SELECT FROM crm_case_rule_run run
                WHERE run.level_id = %s AND run.case_id = %s
                AND run.reference = %s AND run.iteration = %s
            )""",
            level.id,
            SQL.identifier(query.table, source.path or "id"),
            self._sql_reference(query, source),
            iteration,
        )

    @api.model
    def _not_before_move(self, query, source):
        """What happened before a case moved in is nobody's turn here."""
        return SQL(
            """NOT EXISTS (
                SELECT FROM crm_case moved
                WHERE moved.id = %s AND moved.imported_on >= %s
            )""",
            SQL.identifier(query.table, source.path or "id"),
            SQL.identifier(query.table, source.date),
        )

    @api.model
    def _sql_reference(self, query, source):
        """The date to the second: that of creation is finer."""
        column = SQL.identifier(query.table, source.date)
        return SQL("date_trunc('second', %s)", column)

    def _fetch(self, query, source):
        """Yield lists of (case id, reference), page by page."""
        case = SQL.identifier(query.table, source.path or "id")
        date = SQL.identifier(query.table, source.date)
        row_id = SQL.identifier(query.table, "id")
        query.order = SQL("%s, %s", date, row_id)
        query.limit = CHUNK
        conditions = list(query._where_clauses)
        rows = []
        while not query.is_empty():
            sql = query.select(case, self._sql_reference(query, source), date, row_id)
            rows = self.env.execute_query(sql)
            yield [(case_id, reference) for case_id, reference, _date, _id in rows]
            if len(rows) < CHUNK:
                return
            after = SQL("(%s, %s) > (%s, %s)", date, row_id, *rows[-1][2:])
            query._where_clauses = [*conditions, after]

    # ------------------------------------------------------------
    # LOG
    # ------------------------------------------------------------

    def _log_due(self, level, iteration, due, missed):
        """Put what is due on the run log.

        :param missed: what a later repetition found: noted, not done
        """
        self.env["crm.case.rule.run"].create(
            [
                {
                    "rule_id": self.id,
                    "level_id": level.id,
                    "case_id": case_id,
                    "reference": reference,
                    "iteration": iteration,
                    "state": "skipped" if (case_id, reference) in missed else "due",
                }
                for case_id, reference in due
            ]
        )

    # ------------------------------------------------------------
    # PREVIEW
    # ------------------------------------------------------------

    def _get_due_case_ids(self, include_past=False):
        """Cases on which this rule would act now, by the rights of the caller.

        :param bool include_past: as if the past counted
        """
        self.ensure_one()
        self.env["crm.case.rule.run"].flush_model()
        now = fields.Datetime.now()
        rule = self.with_context(crm_case_rule_include_past=include_past)
        found = set()
        Clock = self.env["crm.case.rule.clock"].sudo()
        for level in rule.level_ids:
            for group in Clock._get_groups(level.unit):
                for iteration in range(level.repeat_times + 1):
                    due = rule._find_due(level, iteration, group, now, Clock.new())
                    found.update(case_id for case_id, _reference in due)
        return sorted(self._match_case_ids(found).ids)
