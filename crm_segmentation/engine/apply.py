"""Bring the category and the membership of some partners up to date.

One statement per range finds who belongs, and inserts and deletes only the
difference. A run that changes nothing therefore writes nothing.

What should be and what is are added up per partner: 1 who belongs, 2 who is a member,
4 who carries the category. 7 is as it should be, and everything else is a difference.
It is one pass over three sorted lists, whatever the planner believes about the sizes
of tables that a first run is still filling.

Several segmentations go through one statement; no two of them may share a category, as
each part of the statement sees the tables as they were before it.
"""

from collections.abc import Iterable, Sequence

from odoo.tools import SQL

from . import sources
from .matching import Plan, matching_query, partner_scope

# Odoo keeps its timestamps in UTC, in whole seconds
NOW = SQL("date_trunc('second', now() AT TIME ZONE 'UTC')")

ENTERING = (1, 5)
LEAVING = (2, 6)
UNTAGGED = (1, 3)  # belongs, and does not carry the category
CARRYING = (4, 6)  # carries it, and does not belong
KEPT = 5  # enters with the category in hand
LOST = 3  # is a member, and somebody took the category away


def diff_statement(plans: Sequence[Plan], ids: sources.Ids) -> SQL:
    """Return the statement that applies the difference within the range.

    It yields ``(event, segmentation_id, partner_ids)``, where event is ``entered`` or
    ``left`` for a change of membership, ``tagged`` or ``untagged`` for one of the
    category, and ``pinned`` for a new pin; no row when nothing of the kind happened.

    :param plans: plans of one scope; one alone if it pins carriers
    """
    steps = [
        SQL("plan(seg, category, run) AS (VALUES %s)", _plan_rows(plans)),
        *target_steps(plans, ids),
        SQL("delta AS MATERIALIZED (%s)", delta_query(plans, ids)),
        _entered_step(),
        _left_step(plans, ids),
        _tagged_step(),
        *_untagged_steps(plans, ids),
        _change_step(plans),
    ]
    events = ["entered", "left", "tagged"]
    events += ["untagged"] * any(plan.exclusive for plan in plans)
    events += ["pinned"] * plans[0].pin_carriers
    return SQL("WITH %s %s", SQL(", ").join(steps), _results(events))


def _plan_rows(plans: Sequence[Plan]) -> SQL:
    return SQL(", ").join(
        SQL("(%s, %s, %s)", plan.segmentation_id, plan.category_id, plan.run_id)
        for plan in plans
    )


def _results(events: Iterable[str]) -> SQL:
    return SQL(" UNION ALL ").join(
        SQL(
            "SELECT %s AS event, seg, array_agg(partner_id) FROM (%s) s GROUP BY seg",
            event,
            _changed(event),
        )
        for event in events
    )


def _changed(event: str) -> SQL:
    """Return ``(seg, partner_id)`` of a step; those of the category know only that."""
    if event in ("tagged", "untagged"):
        return SQL(
            "SELECT plan.seg, partner_id FROM %s JOIN plan ON category = category_id",
            _step(event),
        )
    return SQL("SELECT segmentation_id AS seg, partner_id FROM %s", _step(event))


def _step(event: str) -> SQL:
    return SQL.identifier(f"step_{event}")


# ----------------------------------------------------------------------
# Who belongs
# ----------------------------------------------------------------------


def target_steps(plans: Sequence[Plan], ids: sources.Ids) -> list[SQL]:
    """Find who belongs: matching or pinned in, and not pinned out."""
    pinned = [plan.segmentation_id for plan in plans if plan.has_pins]
    steps = [SQL("matching AS (%s)", matching_query(plans, ids))]
    target = SQL("SELECT seg, id FROM matching")
    if pinned:
        target = SQL(
            "(%s UNION %s) EXCEPT %s",
            target,
            pins_query(pinned, ids, "in"),
            pins_query(pinned, ids, "out"),
        )
    if plans[0].pin_carriers:
        steps.append(_pinned_step(plans[0], ids))
        target = SQL(
            "(%s) UNION SELECT segmentation_id, partner_id FROM %s",
            target,
            _step("pinned"),
        )
    return [*steps, SQL("target AS (%s)", target)]


def pins_query(segmentation_ids: Sequence[int], ids: sources.Ids, mode: str) -> SQL:
    return SQL(
        "SELECT n.segmentation_id, n.partner_id FROM crm_segmentation_pin n"
        " WHERE n.segmentation_id IN %s AND n.mode = %s AND %s",
        tuple(segmentation_ids),
        mode,
        ids.contains(SQL("n.partner_id")),
    )


def _pinned_step(plan: Plan, ids: sources.Ids) -> SQL:
    """Pin the partners who carry the category by hand and do not match."""
    return SQL(
        """
        %(step)s AS (
            INSERT INTO crm_segmentation_pin
                        (segmentation_id, partner_id, mode, automatic)
            SELECT %(segmentation)s, partner_id, 'in', TRUE
              FROM (%(carriers)s) carrier
            ON CONFLICT DO NOTHING
            RETURNING segmentation_id, partner_id
        )
        """,
        step=_step("pinned"),
        segmentation=plan.segmentation_id,
        carriers=carriers_query(plan, ids),
    )


def carriers_query(plan: Plan, ids: sources.Ids) -> SQL:
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
        scope=partner_scope(plan.scope, SQL("p")),
    )


# ----------------------------------------------------------------------
# What differs
# ----------------------------------------------------------------------


def delta_query(plans: Sequence[Plan], ids: sources.Ids) -> SQL:
    """Return ``(seg, id, flags)`` of the partners for whom something differs."""
    exclusive = tuple(plan.segmentation_id for plan in plans if plan.exclusive)
    harmless = SQL("(7)")
    if len(exclusive) < len(plans):
        # Without exclusivity it does not matter who else carries the category.
        harmless = SQL("(7, CASE WHEN seg IN %s THEN 7 ELSE 4 END)", exclusive or (0,))
    return SQL(
        """
        SELECT seg, id, SUM(flag) AS flags
          FROM (SELECT seg, id, 1 AS flag FROM target
                UNION ALL %(members)s
                UNION ALL %(carriers)s) state
         GROUP BY seg, id
        HAVING SUM(flag) NOT IN %(harmless)s
        """,
        members=_members(plans, ids),
        carriers=_carriers(plans, ids),
        harmless=harmless,
    )


def _members(plans: Sequence[Plan], ids: sources.Ids) -> SQL:
    return SQL(
        "SELECT m.segmentation_id, m.partner_id, 2 FROM crm_segmentation_membership m"
        " WHERE %s AND m.left_on IS NULL AND %s",
        _of_plans(plans, SQL("m.segmentation_id")),
        ids.contains(SQL("m.partner_id")),
    )


def _carriers(plans: Sequence[Plan], ids: sources.Ids) -> SQL:
    if len(plans) == 1:
        # A constant tells the planner how many there are; a join does not.
        return SQL(
            "SELECT %s, r.partner_id, 4 FROM res_partner_res_partner_category_rel r"
            " WHERE r.category_id = %s AND %s",
            plans[0].segmentation_id,
            plans[0].category_id,
            ids.contains(SQL("r.partner_id")),
        )
    return SQL(
        "SELECT plan.seg, r.partner_id, 4 FROM res_partner_res_partner_category_rel r"
        " JOIN plan ON plan.category = r.category_id"
        " WHERE r.category_id IN %s AND %s",
        tuple(plan.category_id for plan in plans),
        ids.contains(SQL("r.partner_id")),
    )


def _of_plans(plans: Sequence[Plan], column: SQL) -> SQL:
    if len(plans) == 1:
        return SQL("%s = %s", column, plans[0].segmentation_id)
    return SQL("%s IN %s", column, tuple(plan.segmentation_id for plan in plans))


# ----------------------------------------------------------------------
# What is written
# ----------------------------------------------------------------------


def _entered_step() -> SQL:
    return SQL(
        """
        %s AS (
            INSERT INTO crm_segmentation_membership
                        (segmentation_id, partner_id, entered_on, entered_run)
            SELECT plan.seg, delta.id, %s, plan.run
              FROM delta JOIN plan ON plan.seg = delta.seg
             WHERE flags IN %s
             ORDER BY 1, 2
            RETURNING segmentation_id, partner_id
        )
        """,
        _step("entered"),
        NOW,
        ENTERING,
    )


def _left_step(plans: Sequence[Plan], ids: sources.Ids) -> SQL:
    return SQL(
        """
        %s AS (
            UPDATE crm_segmentation_membership m
               SET left_on = %s, left_run = plan.run
              FROM delta JOIN plan ON plan.seg = delta.seg
             WHERE flags IN %s AND m.segmentation_id = delta.seg
               AND m.partner_id = delta.id AND m.left_on IS NULL AND %s AND %s
            RETURNING m.segmentation_id, m.partner_id
        )
        """,
        _step("left"),
        NOW,
        LEAVING,
        _of_plans(plans, SQL("m.segmentation_id")),
        ids.contains(SQL("m.partner_id")),
    )


def _tagged_step() -> SQL:
    return SQL(
        """
        %s AS (
            INSERT INTO res_partner_res_partner_category_rel (category_id, partner_id)
            SELECT plan.category, delta.id
              FROM delta JOIN plan ON plan.seg = delta.seg
             WHERE flags IN %s
             ORDER BY 1, 2
            ON CONFLICT DO NOTHING
            RETURNING category_id, partner_id
        )
        """,
        _step("tagged"),
        UNTAGGED,
    )


def _untagged_steps(plans: Sequence[Plan], ids: sources.Ids) -> list[SQL]:
    """Take the category from those who do not belong to any of its segmentations."""
    exclusive = tuple(plan.segmentation_id for plan in plans if plan.exclusive)
    if not exclusive:
        return []
    query = SQL(
        """
        %(step)s AS (
            DELETE FROM res_partner_res_partner_category_rel r
             USING delta
              JOIN plan ON plan.seg = delta.seg
              JOIN res_partner p ON p.id = delta.id
             WHERE flags IN %(carrying)s AND delta.seg IN %(exclusive)s
               AND r.category_id = plan.category AND r.partner_id = delta.id
               AND %(partner_inside)s AND %(ours)s
               AND NOT EXISTS (
                   SELECT FROM crm_segmentation_membership m
                     JOIN crm_segmentation s ON s.id = m.segmentation_id
                    WHERE m.partner_id = delta.id AND m.left_on IS NULL
                      AND s.categ_id = plan.category AND s.id != delta.seg)
            RETURNING r.category_id, r.partner_id
        )
        """,
        step=_step("untagged"),
        carrying=CARRYING,
        exclusive=exclusive,
        ours=_ours(plans[0]),
        partner_inside=ids.contains(SQL("p.id")),
    )
    return [query]


def _ours(plan: Plan) -> SQL:
    """Leave the partners of other companies alone, unless they just left us."""
    return SQL(
        "((TRUE%s) OR flags IN %s)", partner_scope(plan.scope, SQL("p")), LEAVING
    )


def _change_step(plans: Sequence[Plan]) -> SQL:
    """Note what the memberships do not tell, so that the run can be undone."""
    rows = [
        SQL(
            "SELECT seg, id, CASE flags WHEN %s THEN 'kept' ELSE 'tagged' END AS event"
            " FROM delta WHERE flags IN %s",
            KEPT,
            (KEPT, LOST),
        )
    ]
    if any(plan.exclusive for plan in plans):
        rows.append(SQL("SELECT *, 'untagged' FROM (%s) u", _changed("untagged")))
    if plans[0].pin_carriers:
        rows.append(SQL("SELECT *, 'pinned' FROM (%s) u", _changed("pinned")))
    return SQL(
        """
        %s AS (
            INSERT INTO crm_segmentation_change (run_id, partner_id, event)
            SELECT plan.run, changed.id, changed.event
              FROM (%s) changed(seg, id, event) JOIN plan ON plan.seg = changed.seg
        )
        """,
        _step("noted"),
        SQL(" UNION ALL ").join(rows),
    )
