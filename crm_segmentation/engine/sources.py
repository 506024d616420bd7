"""Where the measured values come from: one sub-query per source and id range.

Every source yields at most one row per commercial partner. Amounts are read from the
headers of posted invoices, whose untaxed total is stored in the company's currency
with refunds negative (bills the other way round), through the partial covering index
``account_move._segmentation_idx``; its predicate is repeated here word for word, as
PostgreSQL uses a partial index only for a condition that implies its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from odoo.tools import SQL

from . import state_of_mind
from .criteria import Column

SALE_TYPES = ("out_invoice", "out_refund")
PURCHASE_TYPES = ("in_invoice", "in_refund")
TRADE_TYPES = ("out_invoice", "in_invoice")
AMOUNT_TYPES = {"sale": SALE_TYPES, "purchase": PURCHASE_TYPES}

INDEX_PREDICATE = SQL(
    "m.state = 'posted' AND m.move_type IN ('out_invoice', 'out_refund',"
    " 'in_invoice', 'in_refund', 'out_receipt', 'in_receipt')"
)


@dataclass(frozen=True)
class Scope:
    """Whose books are read, and in which money.

    :param company_ids: companies whose invoices count
    :param rates: ``(company_id, factor)`` into the segmentation's currency, empty
        when every company already keeps its books in it
    :param partner_company_ids: companies whose own partners are looked at next to
        the shared ones, None for every partner
    """

    company_ids: tuple[int, ...]
    rates: tuple[tuple[int, Decimal], ...] = ()
    partner_company_ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Range:
    """Partner ids in ``(lower, upper]``."""

    lower: int
    upper: int

    def contains(self, column: SQL) -> SQL:
        return SQL("%s > %s AND %s <= %s", column, self.lower, column, self.upper)


@dataclass(frozen=True)
class Source:
    alias: str
    query: SQL
    columns: dict[str, Column]

    @property
    def join(self) -> SQL:
        alias = SQL.identifier(self.alias)
        return SQL(
            "LEFT JOIN (%s) %s ON %s.partner_id = p.id", self.query, alias, alias
        )


def amounts(measures: Iterable[str], scope: Scope, ids: Range) -> Source:
    """Return what was sold to and bought from each partner, refunds subtracted."""
    measures = sorted(measures)
    types = sum((AMOUNT_TYPES[measure] for measure in measures), ())
    query = SQL(
        "SELECT m.commercial_partner_id AS partner_id, %s FROM account_move m %s"
        " WHERE %s AND m.move_type IN %s AND %s AND m.company_id IN %s GROUP BY 1",
        SQL(", ").join(
            _total(measure, scope, filtered=len(measures) > 1) for measure in measures
        ),
        _rates_join(scope),
        INDEX_PREDICATE,
        types,
        ids.contains(SQL("m.commercial_partner_id")),
        scope.company_ids,
    )
    columns = {
        measure: Column(SQL.identifier("invoice", measure), Decimal(0))
        for measure in measures
    }
    return Source("invoice", query, columns)


def _total(measure: str, scope: Scope, *, filtered: bool) -> SQL:
    """Return one column of the query.

    :param bool filtered: the query reads the documents of other columns too
    """
    amount = SQL("SUM(m.amount_untaxed_signed)")
    if scope.rates:
        amount = SQL("SUM(m.amount_untaxed_signed * rate.factor)")
    if filtered:
        types = AMOUNT_TYPES[measure]
        amount = SQL("%s FILTER (WHERE m.move_type IN %s)", amount, types)
    if measure == "purchase":
        amount = SQL("-%s", amount)  # bills are stored negative
    return SQL("%s AS %s", amount, SQL.identifier(measure))


def _rates_join(scope: Scope) -> SQL:
    if not scope.rates:
        return SQL()
    return SQL(
        "JOIN (VALUES %s) rate(company_id, factor) ON rate.company_id = m.company_id",
        SQL(", ").join(SQL("(%s, %s)", *rate) for rate in scope.rates),
    )


def trades(scope: Scope, ids: Range) -> SQL:
    """Return ``(partner_id, day)`` of every posted invoice and bill."""
    return SQL(
        "SELECT m.commercial_partner_id AS partner_id, m.invoice_date AS day"
        " FROM account_move m"
        " WHERE %s AND m.move_type IN %s AND %s AND m.company_id IN %s",
        INDEX_PREDICATE,
        TRADE_TYPES,
        ids.contains(SQL("m.commercial_partner_id")),
        scope.company_ids,
    )


def ratings(timezone: str) -> SQL:
    """Return the ratings customers gave as scored events.

    Stars go from 1 to 5; 0 stands for "asked, but not answered".
    """
    return SQL(
        """
        SELECT c.commercial_partner_id AS partner_id,
               (COALESCE(r.rated_on, r.create_date)
                AT TIME ZONE 'UTC' AT TIME ZONE %s)::date AS day,
               (r.rating - 1) / 4 * %s AS score,
               1.0::double precision AS weight
          FROM rating_rating r
          JOIN res_partner c ON c.id = r.partner_id
         WHERE r.consumed IS TRUE AND r.rating >= 1
        """,
        timezone,
        state_of_mind.SCALE,
    )


def moods(
    events: Iterable[SQL],
    parameters: state_of_mind.Parameters,
    scope: Scope,
    ids: Range,
) -> Source:
    """Return the state of mind of the partners that events or trades tell about."""
    every_event = SQL(
        "SELECT e.* FROM (%s) e WHERE %s",
        SQL(" UNION ALL ").join(SQL("(%s)", event) for event in events),
        ids.contains(SQL("e.partner_id")),
    )
    query = state_of_mind.score_query(every_event, trades(scope, ids), parameters)
    empty = parameters.silent_score
    if empty is not None:
        empty = Decimal(repr(empty))
    return Source("mood", query, {"som": Column(SQL("mood.score"), empty)})
