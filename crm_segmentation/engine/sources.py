"""What the headers of invoices and bills tell: one sub-query per source and range.

Every source yields at most one row per commercial partner. Amounts are read from the
headers of posted invoices, whose untaxed total is stored in the company's currency
with refunds negative (bills the other way round), through the partial covering index
``account_move._segmentation_idx``; its predicate is repeated here word for word, as
PostgreSQL uses a partial index only for a condition that implies its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo.tools import SQL

from .criteria import Column, Measure

SALE_TYPES = ("out_invoice", "out_refund")
PURCHASE_TYPES = ("in_invoice", "in_refund")
TRADE_TYPES = ("out_invoice", "in_invoice")
DEBT_TYPES = ("out_invoice", "out_refund")
# Sales and purchases that were paid on the spot: an option, as most keep them apart
RECEIPTS = {"out_invoice": "out_receipt", "in_invoice": "in_receipt"}
ZERO = Decimal(0)
INVOICE_DATE = SQL("m.invoice_date")

INDEX_PREDICATE = SQL(
    "m.state = 'posted' AND m.move_type IN ('out_invoice', 'out_refund',"
    " 'in_invoice', 'in_refund', 'out_receipt', 'in_receipt')"
)
OPEN_INDEX_PREDICATE = SQL(
    "m.state = 'posted' AND m.move_type IN ('out_invoice', 'out_refund')"
    " AND m.amount_residual_signed != 0"
)


@dataclass(frozen=True)
class InvoiceKind:
    """How a measure is read from the headers of invoices.

    :param SQL function: what is made of the rows of a partner
    :param bool of_dates: the days that have passed since invoice dates are measured,
        instead of amounts
    :param empty: what a partner without any such document has; None for nothing at all
    """

    types: tuple[str, ...]
    function: SQL
    of_dates: bool = False
    is_count: bool = False
    empty: Decimal | None = None


INVOICE_KINDS = {
    "sale": InvoiceKind(SALE_TYPES, SQL("SUM"), empty=ZERO),
    "purchase": InvoiceKind(PURCHASE_TYPES, SQL("SUM"), empty=ZERO),
    "sale_count": InvoiceKind(
        ("out_invoice",), SQL("COUNT"), is_count=True, empty=ZERO
    ),
    "purchase_count": InvoiceKind(
        ("in_invoice",), SQL("COUNT"), is_count=True, empty=ZERO
    ),
    "sale_average": InvoiceKind(("out_invoice",), SQL("AVG")),
    "sale_largest": InvoiceKind(("out_invoice",), SQL("MAX")),
    "sale_first": InvoiceKind(("out_invoice",), SQL("MIN"), of_dates=True),
    "sale_last": InvoiceKind(("out_invoice",), SQL("MAX"), of_dates=True),
}


@dataclass(frozen=True)
class Scope:
    """Whose books are read, and in which money.

    :param company_ids: companies whose invoices count
    :param today: the day of the run
    :param rates: ``(company_id, factor)`` into the segmentation's currency, empty
        when every company already keeps its books in it
    :param partner_company_ids: companies whose own partners are looked at next to
        the shared ones, None for every partner
    :param receipts: receipts count as invoices and bills
    """

    company_ids: tuple[int, ...]
    today: date
    rates: tuple[tuple[int, Decimal], ...] = ()
    partner_company_ids: tuple[int, ...] | None = None
    receipts: bool = False

    def expand(self, types: tuple[str, ...]) -> tuple[str, ...]:
        """Return types of documents with the receipts that count as these."""
        return types + tuple(
            RECEIPTS[type_] for type_ in types if self.receipts and type_ in RECEIPTS
        )

    @property
    def open_documents(self) -> SQL:
        """The condition on what is still to be paid, by an index if there is one."""
        if not self.receipts:
            return OPEN_INDEX_PREDICATE
        return SQL(
            "%s AND m.move_type IN %s AND m.amount_residual_signed != 0",
            INDEX_PREDICATE,
            self.expand(DEBT_TYPES),
        )


@dataclass(frozen=True)
class Range:
    """Partner ids in ``(lower, upper]``."""

    lower: int
    upper: int

    def contains(self, column: SQL) -> SQL:
        return SQL("%s > %s AND %s <= %s", column, self.lower, column, self.upper)


@dataclass(frozen=True)
class IdSet:
    """Some partner ids, in the place of a range.

    The array stands in a query of its own, so that the planner does not weigh each of
    its members, wherever it stands: for a thousand that took as long as the work. And
    it is one literal, because a thousand of them take as long to parse.
    """

    ids: tuple[int, ...]

    def contains(self, column: SQL) -> SQL:
        literal = "{" + ",".join(map(str, self.ids)) + "}"
        return SQL("%s = ANY((SELECT %s::int[])::int[])", column, literal)


Ids = Range | IdSet


@dataclass(frozen=True)
class Source:
    alias: str
    query: SQL
    columns: dict[Measure, Column]

    @property
    def join(self) -> SQL:
        alias = SQL.identifier(self.alias)
        return SQL(
            "LEFT JOIN (%s) %s ON %s.partner_id = p.id", self.query, alias, alias
        )


def single(alias: str, query: SQL, measure: Measure, empty=None) -> Source:
    """Return a source of one measure, which the query calls ``value``."""
    column = Column(SQL.identifier(alias, "value"), empty)
    return Source(alias, query, {measure: column})


def invoices(measures: Iterable[Measure], scope: Scope, ids: Ids) -> Source:
    """Return what the headers of invoices and bills tell, in one pass for them all."""
    measures = list(measures)
    names = {measure: f"m{index}" for index, measure in enumerate(measures)}
    types = sorted({type_ for m in measures for type_ in INVOICE_KINDS[m.kind].types})
    filtered = len(measures) > 1
    query = SQL(
        "SELECT m.commercial_partner_id AS partner_id, %s FROM account_move m %s"
        " WHERE %s AND m.move_type IN %s AND %s AND m.company_id IN %s%s GROUP BY 1",
        SQL(", ").join(
            SQL("%s AS %s", _measured(measure, scope, filtered), SQL.identifier(name))
            for measure, name in names.items()
        ),
        rates_join(scope),
        INDEX_PREDICATE,
        scope.expand(tuple(types)),
        ids.contains(SQL("m.commercial_partner_id")),
        scope.company_ids,
        within(_hull(measures)),
    )
    columns = {
        measure: Column(
            SQL.identifier("invoice", name), INVOICE_KINDS[measure.kind].empty
        )
        for measure, name in names.items()
    }
    return Source("invoice", query, columns)


def _hull(measures: list[Measure]) -> Measure:
    """Return the days that all the measures together look at."""
    firsts = [measure.first for measure in measures]
    lasts = [measure.last for measure in measures]
    return Measure(
        "",
        None if None in firsts else min(firsts),
        None if None in lasts else max(lasts),
    )


def within(measure: Measure, column: SQL = INVOICE_DATE) -> SQL:
    """Return the condition that a day lies in the window of the measure."""
    bounds = [(SQL(">="), measure.first), (SQL("<="), measure.last)]
    return SQL("").join(
        SQL(" AND %s %s %s", column, operator, day) for operator, day in bounds if day
    )


def _measured(measure: Measure, scope: Scope, filtered: bool) -> SQL:
    """Return one column of the query.

    :param bool filtered: the query reads the documents of other columns too
    """
    kind = INVOICE_KINDS[measure.kind]
    value = SQL("m.invoice_date") if kind.of_dates else _amount(scope)
    value = SQL("%s(%s)", kind.function, value)
    if filtered:
        value = SQL(
            "%s FILTER (WHERE m.move_type IN %s%s)",
            value,
            scope.expand(kind.types),
            within(measure),
        )
    if kind.of_dates:
        return SQL("%s - %s", scope.today, value)
    if kind.is_count:
        return SQL("NULLIF(%s, 0)", value)  # none is not set, as everywhere else
    if kind.types == PURCHASE_TYPES:
        return SQL("-%s", value)  # bills are stored negative
    return value


def _amount(scope: Scope) -> SQL:
    amount = SQL("m.amount_untaxed_signed")
    return SQL("%s * rate.factor", amount) if scope.rates else amount


def overdue(alias: str, measure: Measure, scope: Scope, ids: Ids) -> Source:
    """Return what is still open on invoices whose due date is past, less refunds."""
    residual = SQL("m.amount_residual_signed")
    if scope.rates:
        residual = SQL("%s * rate.factor", residual)
    query = SQL(
        "SELECT m.commercial_partner_id AS partner_id, SUM(%s) AS value"
        " FROM account_move m %s"
        " WHERE %s AND m.invoice_date_due < %s AND %s AND m.company_id IN %s"
        " GROUP BY 1",
        residual,
        rates_join(scope),
        scope.open_documents,
        scope.today,
        ids.contains(SQL("m.commercial_partner_id")),
        scope.company_ids,
    )
    return single(alias, query, measure, ZERO)


def rates_join(scope: Scope) -> SQL:
    if not scope.rates:
        return SQL()
    return SQL(
        "JOIN (VALUES %s) rate(company_id, factor) ON rate.company_id = m.company_id",
        SQL(", ").join(SQL("(%s, %s)", *rate) for rate in scope.rates),
    )


def trades(scope: Scope, ids: Ids) -> SQL:
    """Return ``(partner_id, day)`` of every posted invoice and bill."""
    return SQL(
        "SELECT m.commercial_partner_id AS partner_id, m.invoice_date AS day"
        " FROM account_move m"
        " WHERE %s AND m.move_type IN %s AND %s AND m.company_id IN %s",
        INDEX_PREDICATE,
        scope.expand(TRADE_TYPES),
        ids.contains(SQL("m.commercial_partner_id")),
        scope.company_ids,
    )
