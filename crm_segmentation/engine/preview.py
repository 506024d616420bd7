"""What a run would do, counted and not done."""

from dataclasses import replace

from odoo.tools import SQL

from . import sources
from .apply import (
    ENTERING,
    LEAVING,
    carriers_query,
    delta_query,
    pins_query,
    target_steps,
)
from .matching import Plan


def preview_statement(plan: Plan, ids: sources.Ids, sample: int) -> SQL:
    """Return the statement that tells what a run would do, and writes nothing.

    It yields ``(event, count, partner_ids)``: ``matching``, ``entering`` and
    ``leaving`` by the rules and the pins there are, and ``carrying`` the category by
    hand without matching, for the first exclusive run to decide about.

    :param sample: how many partners are named at most
    """
    asked = plan.pin_carriers
    plan = replace(plan, pin_carriers=False)
    sets = {
        "matching": SQL("SELECT id FROM target"),
        "entering": SQL("SELECT id FROM delta WHERE flags IN %s", ENTERING),
        "leaving": SQL("SELECT id FROM delta WHERE flags IN %s", LEAVING),
    }
    if asked:
        pins = SQL(" UNION ").join(
            SQL(
                "SELECT partner_id FROM (%s) p",
                pins_query([plan.segmentation_id], ids, m),
            )
            for m in ("in", "out")
        )
        sets["carrying"] = SQL("%s EXCEPT (%s)", carriers_query(plan, ids), pins)
    return SQL(
        "WITH %s, delta AS MATERIALIZED (%s) %s",
        SQL(", ").join(target_steps([plan], ids)),
        delta_query([plan], ids),
        SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s AS event, COUNT(*), (array_agg(id ORDER BY id))[1:%s]"
                " FROM (%s) found(id)",
                event,
                sample,
                query,
            )
            for event, query in sets.items()
        ),
    )
