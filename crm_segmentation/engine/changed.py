"""Who has to be looked at again: about whom something was written, or time passed.

Without a write, a partner's membership changes only where a day moves over a border:
the ends of a window, a number of days since an invoice, a due date, the border between
two periods of the state of mind.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from odoo.tools import SQL

from . import criteria, events
from .criteria import Leaf, Measure
from .matching import Plan
from .sources import INDEX_PREDICATE, INVOICE_KINDS, IdSet, Range

DAY = timedelta(days=1)
EVERYBODY = Range(0, 2**31 - 1)

Days = tuple[date, date]  # both included

NO_DATES = INVOICE_KINDS["sale"]


def written_query(xid: float) -> SQL:
    """Return the ids of the partners logged since a transaction."""
    return SQL("SELECT partner_id FROM crm_segmentation_dirty WHERE xid >= %s", xid)


def changed_query(plan: Plan, before: criteria.Group, xid: float, last: date) -> SQL:
    """Return the ids of the partners to be looked at, or whose companies are to be.

    :param before: the tree of criteria as it was on the day of the last run
    :param float xid: the oldest transaction that the last run could not see
    :param last: the day of the last run
    """
    queries = [written_query(xid)]
    for old, new in zip(
        criteria.leaves(before), criteria.leaves(plan.tree), strict=True
    ):
        queries += _moved_queries(plan, old, new, last)
    return SQL(" UNION ").join(queries)


def commercial_query(partner_ids: Iterable[int]) -> SQL:
    """Return the ids of the commercial partners of some partners.

    An array in the place of the query above, as the planner takes a fresh log for any
    size and would read all the partners.
    """
    return SQL(
        "SELECT DISTINCT commercial_partner_id FROM res_partner WHERE %s",
        IdSet(tuple(partner_ids)).contains(SQL("id")),
    )


def _moved_queries(plan: Plan, old: Leaf, new: Leaf, last: date) -> Iterable[SQL]:
    """Return who may match differently only because days have passed."""
    kind = new.measure.kind
    if plan.scope.today == last:
        return []
    if kind in INVOICE_KINDS:
        return _moved_invoices(plan, old, new, last)
    return MOVED[kind](plan, old, new, last) if kind in MOVED else []


def _moved_invoices(plan: Plan, old: Leaf, new: Leaf, last: date) -> Iterable[SQL]:
    days = _window_days(old.measure, new.measure)
    if INVOICE_KINDS.get(new.measure.kind, NO_DATES).of_dates:
        days = _threshold_days(new, last, plan.scope.today)
    return [_invoice_query(plan, days)] if days else []


def _moved_debts(plan: Plan, _old: Leaf, _new: Leaf, last: date) -> Iterable[SQL]:
    return [_due_query(plan, (last - DAY, plan.scope.today))]


def _moved_late(plan: Plan, old: Leaf, new: Leaf, last: date) -> Iterable[SQL]:
    """What is open gets later every day."""
    overdue = _due_query(plan, (date.min, plan.scope.today))
    return [overdue, *_moved_invoices(plan, old, new, last)]


def _moved_last_event(plan: Plan, _old: Leaf, _new: Leaf, last: date) -> Iterable[SQL]:
    return [_event_query(plan, [(last + DAY, plan.scope.today)])]


def _moved_events(plan: Plan, old: Leaf, new: Leaf, _last: date) -> Iterable[SQL]:
    days = _window_days(old.measure, new.measure)
    return [_event_query(plan, days)] if days else []


def _window_days(old: Measure, new: Measure) -> list[Days]:
    """Return the days that only one of the two windows contains."""
    days = []
    if old.first != new.first:
        days.append((min(old.first, new.first), max(old.first, new.first)))
    if old.last != new.last:
        days.append((min(old.last, new.last), max(old.last, new.last)))
    return days


def _threshold_days(leaf: Leaf, last: date, today: date) -> list[Days]:
    """Return the invoice dates that have become older than what is asked for."""
    days = []
    for target in (leaf.target, leaf.target_to):
        age = timedelta(days=min(max(int(target), -3650), 365_000))
        days.append((last - age - 2 * DAY, today - age + 2 * DAY))
    return days


def _invoice_query(plan: Plan, days: Iterable[Days]) -> SQL:
    return SQL(
        "SELECT m.commercial_partner_id FROM account_move m"
        " WHERE %s AND m.company_id IN %s AND (%s)",
        INDEX_PREDICATE,
        plan.scope.company_ids,
        _any_of(SQL("m.invoice_date"), days),
    )


def _due_query(plan: Plan, days: Days) -> SQL:
    return SQL(
        "SELECT m.commercial_partner_id FROM account_move m"
        " WHERE %s AND m.company_id IN %s AND (%s)",
        plan.scope.open_documents,
        plan.scope.company_ids,
        _any_of(SQL("m.invoice_date_due"), [days]),
    )


def _event_query(plan: Plan, days: Iterable[Days]) -> SQL:
    return SQL(
        "SELECT e.partner_id FROM (%s) e WHERE %s",
        events.all_events(plan.event_queries, EVERYBODY),
        _any_of(SQL("e.day"), days),
    )


def _moved_moods(plan: Plan, old: Leaf, new: Leaf, _last: date) -> Iterable[SQL]:
    """Return whose events and trades have moved into another period.

    All the periods move by the same number of days: only what lies between an old
    border and its new place is affected.
    """
    before, now = old.measure.key, new.measure.key
    moved = now.first_day - before.first_day
    borders = [
        before.first_day + timedelta(days=before.days * number)
        for number in range(before.count + 1)
    ]
    days = [(border, border + moved - DAY) for border in borders]
    return [_event_query(plan, days), _invoice_query(plan, days)]


def _any_of(column: SQL, days: Iterable[Days]) -> SQL:
    return SQL(" OR ").join(
        SQL("%s BETWEEN %s AND %s", column, *sorted(pair)) for pair in days
    )


MOVED = {
    "overdue": _moved_debts,
    "days_late": _moved_late,
    "som": _moved_moods,
    "event_last": _moved_last_event,
    "event_count": _moved_events,
    **dict.fromkeys(("product", "product_amount", "product_quantity"), _moved_invoices),
}
