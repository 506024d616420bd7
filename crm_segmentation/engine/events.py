"""Scored events, read live where each app keeps them, and what they tell.

Every query of events yields ``(partner_id, day, score, weight, source, res_id)``: the
commercial partner, the day at the company's place, a score of 0 to 10, a weight, the
code of the source, and the id of the record there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from odoo.tools import SQL

from . import state_of_mind
from .criteria import Column, Measure
from .payments import late_payments
from .sources import (
    INDEX_PREDICATE,
    ZERO,
    Ids,
    Scope,
    Source,
    single,
    trades,
    within,
)


@dataclass(frozen=True)
class EventSource:
    """A source that is switched on, with what its events are worth.

    :param score: of each event; sources with scores of their own ignore it
    :param days: how late a late payment is
    """

    code: str
    score: float
    weight: float
    days: int = 0


def event_query(source: EventSource, scope: Scope, timezone: str) -> SQL:
    """Return the events of one source.

    :param str timezone: where midnight is, for what is kept as a moment
    """
    if source.code in OWN_SCORES:
        query = OWN_SCORES[source.code](scope, timezone)
        score = SQL("e.score")
    else:
        query = FOUND[source.code](source, scope, timezone)
        score = SQL("%s::double precision", source.score)
    return SQL(
        "SELECT e.partner_id, e.day, %s AS score, %s::double precision AS weight,"
        " %s AS source, e.res_id FROM (%s) e",
        score,
        source.weight,
        SQL("%s::text", source.code),
        query,
    )


def all_events(queries: Iterable[SQL], ids: Ids) -> SQL:
    """Return the events of all sources about some partners."""
    return SQL(
        "SELECT e.* FROM (%s) e WHERE %s AND e.weight > 0",
        SQL(" UNION ALL ").join(SQL("(%s)", query) for query in queries) or NO_EVENTS,
        ids.contains(SQL("e.partner_id")),
    )


NO_EVENTS = SQL(
    "SELECT NULL::int AS partner_id, NULL::date AS day, NULL::float8 AS score,"
    " NULL::float8 AS weight, NULL::text AS source, NULL::int AS res_id WHERE FALSE"
)


# ----------------------------------------------------------------------
# Sources
# ----------------------------------------------------------------------


def _logged(scope: Scope, _timezone: str) -> SQL:
    return SQL(
        "SELECT v.commercial_partner_id AS partner_id, v.date AS day,"
        " v.score::double precision AS score, v.id AS res_id"
        " FROM crm_segmentation_event v"
        " WHERE (v.company_id IS NULL OR v.company_id IN %s)",
        scope.company_ids,
    )


def _ratings(_scope: Scope, timezone: str) -> SQL:
    """Stars go from 1 to 5; 0 stands for "asked, but not answered"."""
    return SQL(
        """
        SELECT c.commercial_partner_id AS partner_id, %s AS day,
               (r.rating - 1) / 4 * %s AS score, r.id AS res_id
          FROM rating_rating r
          JOIN res_partner c ON c.id = r.partner_id
         WHERE r.consumed IS TRUE AND r.rating >= 1
        """,
        _day(SQL("COALESCE(r.rated_on, r.create_date)"), timezone),
        state_of_mind.SCALE,
    )


def _refunds(_source: EventSource, scope: Scope, _timezone: str) -> SQL:
    return SQL(
        "SELECT m.commercial_partner_id AS partner_id, m.invoice_date AS day,"
        " m.id AS res_id FROM account_move m"
        " WHERE %s AND m.move_type = 'out_refund' AND m.company_id IN %s",
        INDEX_PREDICATE,
        scope.company_ids,
    )


def _late(source: EventSource, scope: Scope, _timezone: str) -> SQL:
    return late_payments(source.days, scope)


def _cases(source: EventSource, scope: Scope, timezone: str) -> SQL:
    return SQL(
        """
        SELECT c.commercial_partner_id AS partner_id, %s AS day, k.id AS res_id
          FROM crm_case k
          JOIN res_partner c ON c.id = k.partner_id
         WHERE k.state = %s AND k.date_closed IS NOT NULL
           AND (k.company_id IS NULL OR k.company_id IN %s)
        """,
        _day(SQL("k.date_closed"), timezone),
        source.code.removeprefix("case_"),
        scope.company_ids,
    )


def _leads(source: EventSource, scope: Scope, timezone: str) -> SQL:
    return SQL(
        """
        SELECT c.commercial_partner_id AS partner_id, %s AS day, k.id AS res_id
          FROM crm_lead k
          JOIN res_partner c ON c.id = k.partner_id
         WHERE k.won_status = %s
           AND (k.company_id IS NULL OR k.company_id IN %s)
        """,
        _day(SQL("COALESCE(k.date_closed, k.write_date)"), timezone),
        source.code.removeprefix("lead_"),
        scope.company_ids,
    )


def _day(moment: SQL, timezone: str) -> SQL:
    return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, timezone)


OWN_SCORES = {"manual": _logged, "rating": _ratings}
FOUND = {
    "refund": _refunds,
    "late": _late,
    "case_done": _cases,
    "case_cancel": _cases,
    "lead_won": _leads,
    "lead_lost": _leads,
}


# ----------------------------------------------------------------------
# Measures
# ----------------------------------------------------------------------


def moods(
    alias: str, measure: Measure, queries: Iterable[SQL], scope: Scope, ids: Ids
) -> Source:
    """Return the state of mind of the partners that events or trades tell about.

    The key of the measure is the parameters of the score.
    """
    parameters = measure.key
    query = state_of_mind.score_query(
        all_events(queries, ids), trades(scope, ids), parameters
    )
    empty = parameters.silent_score
    if empty is not None:
        empty = Decimal(repr(empty))
    column = Column(SQL.identifier(alias, "score"), empty, empty is not None)
    return Source(alias, query, {measure: column})


def last_event(
    alias: str, measure: Measure, queries: Iterable[SQL], scope: Scope, ids: Ids
) -> Source:
    """Return the score of the last event up to today, the mean of its day."""
    query = SQL(
        """
        SELECT partner_id, (SUM(score * weight) / SUM(weight))::numeric AS value
          FROM (SELECT partner_id, score, weight, day,
                       MAX(day) OVER (PARTITION BY partner_id) AS last
                  FROM (%s) event WHERE day <= %s) ranked
         WHERE day = last
         GROUP BY 1
        """,
        all_events(queries, ids),
        scope.today,
    )
    return single(alias, query, measure)


def event_count(
    alias: str, measure: Measure, queries: Iterable[SQL], _scope: Scope, ids: Ids
) -> Source:
    """Return how many events are known, of the days that count."""
    query = SQL(
        "SELECT partner_id, COUNT(*) AS value FROM (%s) event WHERE TRUE%s GROUP BY 1",
        all_events(queries, ids),
        within(measure, SQL("day")),
    )
    return single(alias, query, measure, ZERO)
