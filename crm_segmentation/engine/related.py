"""Measures over the records of other models: orders, cases, conditions, members."""

from odoo.tools import SQL

from .criteria import Measure
from .sources import ZERO, Ids, Scope, Source, single, within

# Their confirmed orders: table, state, day of the order
ORDERS = {
    "sale_order": (SQL("sale_order"), "sale", SQL("o.date_order")),
    "purchase_order": (SQL("purchase_order"), "purchase", SQL("o.date_approve")),
}
CASE_STATES = {
    "case_open": ("draft", "open", "pending"),
    "case_closed": ("done", "cancel"),
}


def orders(alias: str, measure: Measure, scope: Scope, ids: Ids) -> Source:
    """Return the untaxed amount or the number of confirmed orders.

    An order is in its own currency; ``currency_rate`` leads to the company's. The key
    of the measure is the time zone that says which day it was.
    """
    kind, _sep, what = measure.kind.rpartition("_")
    table, state, moment = ORDERS[kind]
    day = SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, measure.key)
    query = SQL(
        """
        SELECT c.commercial_partner_id AS partner_id, %s AS value
          FROM %s o
          JOIN res_partner c ON c.id = o.partner_id %s
         WHERE o.state = %s AND %s AND o.company_id IN %s%s
         GROUP BY 1
        """,
        SQL("COUNT(*)") if what == "count" else _order_amount(scope),
        table,
        _order_rates(scope),
        state,
        ids.contains(SQL("c.commercial_partner_id")),
        scope.company_ids,
        within(measure, day),
    )
    return single(alias, query, measure, ZERO)


def _order_amount(scope: Scope) -> SQL:
    rate = SQL("rate.factor") if scope.rates else SQL("1")
    return SQL(
        "SUM(o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1) * %s)::numeric",
        rate,
    )


def _order_rates(scope: Scope) -> SQL:
    if not scope.rates:
        return SQL()
    return SQL(
        "JOIN (VALUES %s) rate(company_id, factor) ON rate.company_id = o.company_id",
        SQL(", ").join(SQL("(%s, %s)", *rate) for rate in scope.rates),
    )


def cases(alias: str, measure: Measure, scope: Scope, ids: Ids) -> Source:
    """Return how many cases the partners have in the states of the kind."""
    query = SQL(
        """
        SELECT c.commercial_partner_id AS partner_id, COUNT(*) AS value
          FROM crm_case k
          JOIN res_partner c ON c.id = k.partner_id
         WHERE k.active AND k.state IN %s AND %s
           AND (k.company_id IS NULL OR k.company_id IN %s)
         GROUP BY 1
        """,
        CASE_STATES[measure.kind],
        ids.contains(SQL("c.commercial_partner_id")),
        scope.company_ids,
    )
    return single(alias, query, measure, ZERO)


def members(alias: str, measure: Measure, _scope: Scope, ids: Ids) -> Source:
    """Return who is in another segmentation; its id is the key of the measure."""
    query = SQL(
        "SELECT partner_id, 1 AS value FROM crm_segmentation_membership"
        " WHERE segmentation_id = %s AND left_on IS NULL AND %s",
        measure.key,
        ids.contains(SQL("partner_id")),
    )
    return single(alias, query, measure)


def condition(alias: str, measure: Measure, query: tuple[SQL, SQL], ids: Ids) -> Source:
    """Return who meets a condition on the partner.

    :param query: what the framework made of the condition: from and where
    """
    from_clause, where = query
    found = SQL(
        "SELECT res_partner.id AS partner_id, 1 AS value FROM %s WHERE %s AND %s",
        from_clause,
        ids.contains(SQL("res_partner.id")),
        where,
    )
    return single(alias, found, measure)
