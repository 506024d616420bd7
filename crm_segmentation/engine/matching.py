"""Who of a range of partners meets the criteria.

Several segmentations are evaluated together: what they measure is read once per range,
however many of them look at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from odoo.tools import SQL

from . import criteria, events, payments, products, related, sources
from .criteria import Column, Measure


@dataclass(frozen=True)
class Plan:
    """Everything a run needs to know, frozen when it starts.

    :param run_id: the run that the changes are attributed to
    :param basis: fingerprint of all that it goes by, apart from the partners
    :param exclusive: take the category away from partners who do not belong
    :param pin_carriers: the first exclusive run over this category: partners who
        carry it by hand are pinned instead of losing it
    :param has_pins: partners are pinned in or out
    :param event_queries: sub-queries of scored events
    :param conditions: what the framework made of each condition on the partner
    """

    segmentation_id: int
    category_id: int
    tree: criteria.Group
    scope: sources.Scope
    event_queries: tuple[SQL, ...] = ()
    conditions: Mapping[str, tuple[SQL, SQL]] = field(default_factory=dict)
    run_id: int = 0
    basis: str = ""
    exclusive: bool = False
    pin_carriers: bool = False
    has_pins: bool = False


def matching_query(plans: Sequence[Plan], ids: sources.Ids) -> SQL:
    """Return ``(seg, id)`` of the partners who meet the criteria of the plans.

    Only active commercial entities are looked at: what their contacts buy counts
    for them.

    :param plans: plans of one scope
    """
    found = _get_sources(plans, ids)
    columns = {m: column for source in found for m, column in source.columns.items()}
    if len(plans) == 1:
        return SQL(
            "SELECT %s AS seg, p.id %s AND %s",
            plans[0].segmentation_id,
            _partners(plans[0].scope, found, ids),
            criteria.compile_tree(plans[0].tree, columns),
        )
    partners = _partners(plans[0].scope, found, ids)
    if not any(criteria.holds_for_nothing(plan.tree, columns) for plan in plans):
        partners = SQL("%s AND (%s)", partners, _anything_known(found))
    return _shared_query(plans, columns, partners)


def _anything_known(found: list[sources.Source]) -> SQL:
    """Return the condition that some source has a row: nobody else can match."""
    known = SQL(" OR ").join(
        SQL("%s IS NOT NULL", SQL.identifier(source.alias, "partner_id"))
        for source in found
    )
    return known or SQL("FALSE")


def _shared_query(plans, columns: Mapping[Measure, Column], partners: SQL) -> SQL:
    """Measure each partner once, and name the segmentations that it is in.

    Most partners are in none: the weakest conditions tell so without asking them all.
    """
    names = {measure: SQL.identifier(f"c{n}") for n, measure in enumerate(columns)}
    measured = SQL(", ").join(
        [SQL("p.id")]
        + [SQL("%s AS %s", columns[measure].sql, names[measure]) for measure in names]
    )
    shared = {
        measure: Column(names[measure], column.empty, column.always_set)
        for measure, column in columns.items()
    }
    cases = SQL(", ").join(
        SQL(
            "CASE WHEN %s THEN %s END",
            criteria.compile_tree(plan.tree, shared),
            plan.segmentation_id,
        )
        for plan in plans
    )
    possible = SQL(" OR ").join(
        criteria.compile_tree(node, shared)
        for node in criteria.weakest(plan.tree for plan in plans)
    )
    return SQL(
        "SELECT seg, id FROM (SELECT unnest(ARRAY[%s]) AS seg, id"
        " FROM (SELECT %s %s OFFSET 0) measured WHERE %s) found WHERE seg IS NOT NULL",
        cases,
        measured,
        partners,
        possible,
    )


def explain_query(plan: Plan, ids: sources.Ids) -> SQL:
    """Return, for each partner, what is measured and whether each criterion holds.

    One value and one verdict per leaf of the tree, in its order, and the verdict of the
    whole. The value is NULL where there is nothing to measure.
    """
    found = _get_sources([plan], ids)
    columns = {m: column for source in found for m, column in source.columns.items()}
    cells = []
    for leaf in criteria.leaves(plan.tree):
        column = columns[leaf.measure]
        value = column.sql
        if column.empty is not None:
            value = SQL("COALESCE(%s, %s)", value, column.empty)
        verdict = criteria.compile_leaf(leaf, column)
        cells += [value, SQL("COALESCE(%s, FALSE)", verdict)]
    verdict = criteria.compile_tree(plan.tree, columns)
    return SQL(
        "SELECT p.id, COALESCE(%s, FALSE), ARRAY[%s]::text[] %s",
        verdict,
        SQL(", ").join(SQL("(%s)::text", cell) for cell in cells),
        _partners(plan.scope, found, ids),
    )


def _partners(scope: sources.Scope, found: list[sources.Source], ids) -> SQL:
    return SQL(
        "FROM res_partner p %s WHERE %s AND p.active AND p.commercial_partner_id = p.id"
        "%s",
        SQL(" ").join(source.join for source in found),
        ids.contains(SQL("p.id")),
        partner_scope(scope, SQL("p")),
    )


def partner_scope(scope: sources.Scope, alias: SQL) -> SQL:
    if scope.partner_company_ids is None:
        return SQL()
    return SQL(
        " AND (%s.company_id IS NULL OR %s.company_id IN %s)",
        alias,
        alias,
        scope.partner_company_ids,
    )


def _get_sources(plans: Sequence[Plan], ids: sources.Ids) -> list[sources.Source]:
    """Return the sources of all that the plans measure, each measure once."""
    scope = plans[0].scope
    needed = dict.fromkeys(m for plan in plans for m in criteria.measures(plan.tree))
    found = []
    if of_invoices := [m for m in needed if m.kind in sources.INVOICE_KINDS]:
        found.append(sources.invoices(of_invoices, scope, ids))
    conditions = {
        key: query for plan in plans for key, query in plan.conditions.items()
    }
    # Plans that look at no event have no queries of them.
    queries = next((p.event_queries for p in plans if p.event_queries), ())
    for number, measure in enumerate(needed):
        if measure.kind in sources.INVOICE_KINDS:
            continue
        alias = f"{measure.kind}{number}"
        if measure.kind == "domain":
            query = conditions[measure.key]
            found.append(related.condition(alias, measure, query, ids))
        elif measure.kind in OF_EVENTS:
            make = OF_EVENTS[measure.kind]
            found.append(make(alias, measure, queries, scope, ids))
        else:
            found.append(OF_OTHERS[measure.kind](alias, measure, scope, ids))
    return found


OF_EVENTS = {
    "som": events.moods,
    "event_last": events.last_event,
    "event_count": events.event_count,
}
OF_OTHERS = {
    "overdue": sources.overdue,
    "days_late": payments.days_late,
    **dict.fromkeys(
        ("product", "product_amount", "product_quantity"), products.products
    ),
    **dict.fromkeys(related.CASE_STATES, related.cases),
    **dict.fromkeys(
        (
            "sale_order_amount",
            "sale_order_count",
            "purchase_order_amount",
            "purchase_order_count",
        ),
        related.orders,
    ),
    "segmentation": related.members,
}
