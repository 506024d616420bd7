"""What products a partner bought, from the lines of posted invoices."""

from odoo.tools import SQL

from .criteria import Measure
from .sources import (
    INDEX_PREDICATE,
    SALE_TYPES,
    ZERO,
    Ids,
    Scope,
    Source,
    rates_join,
    single,
    within,
)

BOUGHT = SQL("MAX(CASE WHEN m.move_type != 'out_refund' THEN 1 END)")
# In the unit of the product; a refund takes its quantity back
QUANTITY = SQL(
    "SUM(CASE m.move_type WHEN 'out_refund' THEN -l.quantity ELSE l.quantity END"
    " * COALESCE(u.factor, 1) / COALESCE(d.factor, 1))::numeric"
)


def products(alias: str, measure: Measure, scope: Scope, ids: Ids) -> Source:
    """Return how much of some products the partners were invoiced.

    The key of the measure is ``(product_ids, category_ids)``: a product counts when
    it is one of the first or lies in one of the second.
    """
    product_ids, category_ids = measure.key
    query = SQL(
        """
        SELECT m.commercial_partner_id AS partner_id, %(value)s AS value
          FROM account_move m %(rates)s
          JOIN account_move_line l ON l.move_id = m.id AND l.display_type = 'product'
          JOIN product_product v ON v.id = l.product_id
          JOIN product_template t ON t.id = v.product_tmpl_id
          LEFT JOIN uom_uom u ON u.id = l.product_uom_id
          LEFT JOIN uom_uom d ON d.id = t.uom_id
         WHERE %(posted)s AND m.move_type IN %(types)s AND %(inside)s
           AND m.company_id IN %(companies)s%(window)s
           AND (v.id = ANY(%(products)s) OR t.categ_id = ANY(%(categories)s))
         GROUP BY 1
        """,
        value=_value(measure.kind, scope),
        rates=rates_join(scope),
        posted=INDEX_PREDICATE,
        types=scope.expand(SALE_TYPES),
        inside=ids.contains(SQL("m.commercial_partner_id")),
        companies=scope.company_ids,
        window=within(measure),
        products=list(product_ids),
        categories=list(category_ids),
    )
    empty = None if measure.kind == "product" else ZERO
    return single(alias, query, measure, empty)


def _value(kind: str, scope: Scope) -> SQL:
    if kind == "product_amount":
        # Lines of invoices are credits: their balance is negative.
        rate = SQL("rate.factor") if scope.rates else SQL("1")
        return SQL("-SUM(l.balance * %s)", rate)
    return BOUGHT if kind == "product" else QUANTITY
