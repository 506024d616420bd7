"""Bring the category and the membership of one range of partners up to date.

One statement per range finds who belongs, and inserts and deletes only the
difference. A run that changes nothing therefore writes nothing.

The sets are subtracted with EXCEPT and NOT IN, not with NOT EXISTS. While a first run
fills the tables, the planner still takes them for empty and would compare every row
with every other one in a nested loop; these two it can only hash or sort. None of the
columns is ever NULL, and every set lies within the range. Rows go in ordered by
partner, as that is how the indexes are filled fastest.
"""

from dataclasses import dataclass, replace

from odoo.tools import SQL

from . import criteria, sources
from .state_of_mind import Parameters

# Odoo keeps its timestamps in UTC, in whole seconds
NOW = SQL("date_trunc('second', now() AT TIME ZONE 'UTC')")


@dataclass(frozen=True)
class Plan:
    """Everything a run needs to know, frozen when it starts.

    :param exclusive: take the category away from partners who do not belong
    :param pin_carriers: the first exclusive run over this category: partners who
        carry it by hand are pinned instead of losing it
    :param has_pins: partners are pinned in or out
    :param events: sub-queries of scored events
    """

    segmentation_id: int
    category_id: int
    tree: criteria.Group
    scope: sources.Scope
    mood: Parameters
    events: tuple[SQL, ...]
    exclusive: bool = False
    pin_carriers: bool = False
    has_pins: bool = False


def matching_query(plan: Plan, ids: sources.Range) -> SQL:
    """Return the ids of the partners of the range that meet the criteria.

    Only active commercial entities are looked at: what their contacts buy counts
    for them.
    """
    found = _get_sources(plan, ids)
    columns = {}
    for source in found:
        columns.update(source.columns)
    return SQL(
        "SELECT p.id FROM res_partner p %s"
        " WHERE %s AND p.active AND p.commercial_partner_id = p.id%s AND %s",
        SQL(" ").join(source.join for source in found),
        ids.contains(SQL("p.id")),
        _partner_scope(plan.scope, SQL("p")),
        criteria.compile_tree(plan.tree, columns),
    )


def _get_sources(plan: Plan, ids: sources.Range) -> list[sources.Source]:
    needed = criteria.measures(plan.tree)
    found = []
    if of_invoices := [m for m in needed if m.kind in sources.INVOICE_KINDS]:
        found.append(sources.invoices(of_invoices, plan.scope, ids))
    kinds = {measure.kind for measure in needed}
    if "overdue" in kinds:
        found.append(sources.overdue(plan.scope, ids))
    if "som" in kinds:
        found.append(sources.moods(plan.events, plan.mood, plan.scope, ids))
    return found


def _partner_scope(scope: sources.Scope, alias: SQL) -> SQL:
    if scope.partner_company_ids is None:
        return SQL()
    return SQL(
        " AND (%s.company_id IS NULL OR %s.company_id IN %s)",
        alias,
        alias,
        scope.partner_company_ids,
    )


def diff_statement(plan: Plan, ids: sources.Range) -> SQL:
    """Return the statement that applies the difference within the range.

    It yields ``(event, partner_ids)``, where event is ``entered`` or ``left`` for a
    change of membership, ``tagged`` or ``untagged`` for one of the category, and
    ``pinned`` for a new pin; the ids are NULL when nothing of the kind happened.
    All parts see the tables as they were before the statement.
    """
    steps = [
        SQL("matching AS MATERIALIZED (%s)", matching_query(plan, ids)),
        *_pin_steps(plan, ids),
        SQL("target AS MATERIALIZED (%s)", _target(plan, ids)),
        _entered_step(plan, ids),
        _left_step(plan, ids),
        _tagged_step(plan, ids),
    ]
    events = ["entered", "left", "tagged"]
    if plan.exclusive:
        steps += [_candidate_step(plan, ids), _untagged_step(plan, ids)]
        events.append("untagged")
    if plan.pin_carriers:
        events.append("pinned")
    rows = [
        SQL("SELECT %s AS event, array_agg(partner_id) FROM %s", event, _step(event))
        for event in events
    ]
    return SQL("WITH %s %s", SQL(", ").join(steps), SQL(" UNION ALL ").join(rows))


def _step(event: str) -> SQL:
    return SQL.identifier(f"step_{event}")


def _pin_steps(plan: Plan, ids: sources.Range) -> list[SQL]:
    """Pin the partners who carry the category by hand and do not match."""
    if not plan.pin_carriers:
        return []
    return [
        SQL(
            """
            %(step)s AS (
                INSERT INTO crm_segmentation_pin
                            (segmentation_id, partner_id, mode, automatic)
                SELECT %(segmentation)s, partner_id, 'in', TRUE
                  FROM (%(carriers)s) carrier
                ON CONFLICT DO NOTHING
                RETURNING partner_id
            )
            """,
            step=_step("pinned"),
            segmentation=plan.segmentation_id,
            carriers=carriers_query(plan, ids),
        )
    ]


def carriers_query(plan: Plan, ids: sources.Range) -> SQL:
    """Return who carries the category by hand and is not among the ``matching``.

    By hand: they never were a member of any segmentation of this category.
    """
    return SQL(
        """
        SELECT r.partner_id
          FROM res_partner_res_partner_category_rel r
          JOIN res_partner p ON p.id = r.partner_id
         WHERE r.category_id = %(category)s
           AND %(inside)s AND %(partner_inside)s%(scope)s
           AND r.partner_id NOT IN (SELECT id FROM matching)
           AND r.partner_id NOT IN (
               SELECT m.partner_id FROM crm_segmentation_membership m
                WHERE m.segmentation_id IN (
                      SELECT id FROM crm_segmentation
                       WHERE categ_id = %(category)s)
                  AND %(member_inside)s)
        """,
        category=plan.category_id,
        inside=ids.contains(SQL("r.partner_id")),
        partner_inside=ids.contains(SQL("p.id")),
        member_inside=ids.contains(SQL("m.partner_id")),
        scope=_partner_scope(plan.scope, SQL("p")),
    )


def _target(plan: Plan, ids: sources.Range) -> SQL:
    """Return who belongs: matching or pinned in, and not pinned out."""
    target = SQL("SELECT id FROM matching")
    if plan.has_pins:
        pin = _pins(plan, ids)
        target = SQL(
            "(%s UNION %s AND mode = 'in') EXCEPT %s AND mode = 'out'",
            target,
            pin,
            pin,
        )
    if plan.pin_carriers:
        target = SQL(
            "(%s) UNION ALL SELECT partner_id FROM %s", target, _step("pinned")
        )
    return target


def preview_statement(plan: Plan, ids: sources.Range) -> SQL:
    """Return the statement that tells what a run would do, and writes nothing.

    It yields ``(event, partner_ids)``: ``matching``, ``entering`` and ``leaving``
    by the rules and the pins there are, and ``carrying`` the category by hand without
    matching, for the first exclusive run to decide about.
    """
    members = SQL(
        "SELECT m.partner_id FROM crm_segmentation_membership m"
        " WHERE m.segmentation_id = %s AND m.left_on IS NULL AND %s",
        plan.segmentation_id,
        ids.contains(SQL("m.partner_id")),
    )
    asked = plan.pin_carriers
    plan = replace(plan, pin_carriers=False)
    sets = {
        "matching": SQL("SELECT id FROM target"),
        "entering": SQL("SELECT id FROM target EXCEPT %s", members),
        "leaving": SQL("%s EXCEPT SELECT id FROM target", members),
    }
    if asked:
        carriers = carriers_query(plan, ids)
        sets["carrying"] = SQL("%s EXCEPT SELECT id FROM target", carriers)
        if plan.has_pins:
            sets["carrying"] = SQL("%s EXCEPT %s", sets["carrying"], _pins(plan, ids))
    return SQL(
        "WITH matching AS MATERIALIZED (%s), target AS MATERIALIZED (%s) %s",
        matching_query(plan, ids),
        _target(plan, ids),
        SQL(" UNION ALL ").join(
            SQL("SELECT %s AS event, array_agg(id) FROM (%s) found(id)", event, query)
            for event, query in sets.items()
        ),
    )


def _pins(plan: Plan, ids: sources.Range) -> SQL:
    return SQL(
        "SELECT partner_id FROM crm_segmentation_pin WHERE segmentation_id = %s AND %s",
        plan.segmentation_id,
        ids.contains(SQL("partner_id")),
    )


def _entered_step(plan: Plan, ids: sources.Range) -> SQL:
    return SQL(
        """
        %(step)s AS (
            INSERT INTO crm_segmentation_membership
                        (segmentation_id, partner_id, entered_on)
            SELECT %(segmentation)s, id, %(now)s
              FROM (SELECT id FROM target
                    EXCEPT
                    SELECT m.partner_id FROM crm_segmentation_membership m
                     WHERE m.segmentation_id = %(segmentation)s
                       AND m.left_on IS NULL AND %(inside)s) new
             ORDER BY id
            RETURNING partner_id
        )
        """,
        step=_step("entered"),
        now=NOW,
        segmentation=plan.segmentation_id,
        inside=ids.contains(SQL("m.partner_id")),
    )


def _left_step(plan: Plan, ids: sources.Range) -> SQL:
    return SQL(
        """
        %(step)s AS (
            UPDATE crm_segmentation_membership m
               SET left_on = %(now)s
             WHERE m.segmentation_id = %(segmentation)s
               AND m.left_on IS NULL AND %(inside)s
               AND m.partner_id NOT IN (SELECT id FROM target)
            RETURNING partner_id
        )
        """,
        step=_step("left"),
        now=NOW,
        segmentation=plan.segmentation_id,
        inside=ids.contains(SQL("m.partner_id")),
    )


def _tagged_step(plan: Plan, ids: sources.Range) -> SQL:
    return SQL(
        """
        %(step)s AS (
            INSERT INTO res_partner_res_partner_category_rel (category_id, partner_id)
            SELECT %(category)s, id
              FROM (SELECT id FROM target
                    EXCEPT
                    SELECT r.partner_id FROM res_partner_res_partner_category_rel r
                     WHERE r.category_id = %(category)s AND %(inside)s) new
             ORDER BY id
            ON CONFLICT DO NOTHING
            RETURNING partner_id
        )
        """,
        step=_step("tagged"),
        category=plan.category_id,
        inside=ids.contains(SQL("r.partner_id")),
    )


def _candidate_step(plan: Plan, ids: sources.Range) -> SQL:
    """Find the few who carry the category without belonging.

    Whether they are ours to change is then asked of them alone.
    """
    return SQL(
        """
        candidate AS MATERIALIZED (
            SELECT r.partner_id
              FROM res_partner_res_partner_category_rel r
             WHERE r.category_id = %(category)s AND %(inside)s
               AND r.partner_id NOT IN (SELECT id FROM target)
        )
        """,
        category=plan.category_id,
        inside=ids.contains(SQL("r.partner_id")),
    )


def _untagged_step(plan: Plan, ids: sources.Range) -> SQL:
    """Take the category from those who do not belong to any of its segmentations."""
    return SQL(
        """
        %(step)s AS (
            DELETE FROM res_partner_res_partner_category_rel r
             USING candidate c JOIN res_partner p ON p.id = c.partner_id
             WHERE r.category_id = %(category)s AND r.partner_id = c.partner_id
               AND %(carrier_inside)s AND %(partner_inside)s AND %(ours)s
               AND c.partner_id NOT IN (
                   SELECT m.partner_id FROM crm_segmentation_membership m
                    WHERE m.segmentation_id IN (
                          SELECT id FROM crm_segmentation
                           WHERE categ_id = %(category)s
                             AND id != %(segmentation)s)
                      AND m.left_on IS NULL AND %(inside)s)
            RETURNING r.partner_id
        )
        """,
        step=_step("untagged"),
        category=plan.category_id,
        segmentation=plan.segmentation_id,
        ours=_ours(plan),
        inside=ids.contains(SQL("m.partner_id")),
        carrier_inside=ids.contains(SQL("r.partner_id")),
        partner_inside=ids.contains(SQL("p.id")),
    )


def _ours(plan: Plan) -> SQL:
    """Leave the partners of other companies alone, unless they just left us."""
    return SQL(
        "((TRUE%s) OR p.id IN (SELECT partner_id FROM %s))",
        _partner_scope(plan.scope, SQL("p")),
        _step("left"),
    )
