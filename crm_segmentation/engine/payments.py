"""When invoices were paid, from the reconciliation of their receivable lines."""

from odoo.tools import SQL

from .criteria import Measure
from .sources import INDEX_PREDICATE, Ids, Scope, Source, single, within

# The day on which the last part of an invoice was paid
PAID_ON = SQL(
    """
    LATERAL (
        SELECT MAX(r.max_date) AS day
          FROM account_move_line l
          JOIN account_partial_reconcile r ON r.debit_move_id = l.id
         WHERE l.move_id = m.id AND l.display_type = 'payment_term'
    ) paid
    """
)


def days_late(alias: str, measure: Measure, scope: Scope, ids: Ids) -> Source:
    """Return by how many days invoices were paid late, on average.

    What is still open counts to today once it is due. Paid early counts as 0.
    """
    query = SQL(
        """
        SELECT m.commercial_partner_id AS partner_id,
               AVG(GREATEST(COALESCE(paid.day, %(today)s) - m.invoice_date_due, 0))
                   AS value
          FROM account_move m
          LEFT JOIN %(paid)s ON m.amount_residual_signed = 0
         WHERE %(posted)s AND m.move_type IN %(types)s AND %(inside)s
           AND m.company_id IN %(companies)s%(window)s
           AND m.amount_total_signed > 0
           AND (m.amount_residual_signed = 0 AND paid.day IS NOT NULL
                OR m.amount_residual_signed != 0 AND m.invoice_date_due < %(today)s)
         GROUP BY 1
        """,
        today=scope.today,
        paid=PAID_ON,
        posted=INDEX_PREDICATE,
        types=scope.expand(("out_invoice",)),
        inside=ids.contains(SQL("m.commercial_partner_id")),
        companies=scope.company_ids,
        window=within(measure),
    )
    return single(alias, query, measure)


def late_payments(days: int, scope: Scope) -> SQL:
    """Return ``(partner_id, day, res_id)`` of invoices paid more than ``days`` late."""
    return SQL(
        """
        SELECT m.commercial_partner_id AS partner_id, paid.day, m.id AS res_id
          FROM account_move m CROSS JOIN %s
         WHERE %s AND m.move_type IN %s AND m.company_id IN %s
           AND m.amount_residual_signed = 0 AND m.amount_total_signed > 0
           AND paid.day > m.invoice_date_due + %s
        """,
        PAID_ON,
        INDEX_PREDICATE,
        scope.expand(("out_invoice",)),
        scope.company_ids,
        days,
    )
