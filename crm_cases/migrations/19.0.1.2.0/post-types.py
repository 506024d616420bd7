from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

# What the types that we ship show and ask for; types of others stay as they are.
FLAGS = {
    "bug": ("use_resolution", "require_cause", "require_resolution"),
    "claim": (
        "use_resolution",
        "require_cause",
        "require_resolution",
        "require_note",
    ),
    "lead": ("counts_as_lead",),
    "opportunity": ("counts_as_lead", "use_outcome", "require_reason"),
    "task": ("use_checklist", "use_repeat"),
    "campaign": ("use_campaign",),
}


def migrate(cr, version):
    """Types say which blocks they show; opportunities that are done were won."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    types = {}
    for name, flags in FLAGS.items():
        case_type = env.ref(f"crm_cases.crm_case_type_{name}", False)
        if case_type:
            types[name] = case_type
            # Not by the ORM: it refuses, rightly, to switch under cases that are done.
            for flag in flags:
                cr.execute(
                    SQL(
                        "UPDATE crm_case_type SET %s = TRUE WHERE id = %s",
                        SQL.identifier(flag),
                        case_type.id,
                    )
                )
    for name in {"task", "campaign"} & set(types):
        cr.execute(
            "UPDATE crm_case_type SET use_contact = FALSE WHERE id = %s",
            [types[name].id],
        )
    env.invalidate_all()
    if {"lead", "opportunity"} <= set(types):
        types["lead"].convert_type_id = types["opportunity"]
    _mark_won(env, types.get("opportunity"))
    _found_campaigns(env, types.get("campaign"))


def _mark_won(env, opportunity):
    won = env.ref("crm_cases.crm_case_stage_won", False)
    if opportunity and won:
        cases = env["crm.case"].with_context(tracking_disable=True, active_test=False)
        cases.search([("type_id", "=", opportunity.id), ("state", "=", "done")]).write(
            {"stage_id": won.id}
        )


def _found_campaigns(env, campaign):
    if campaign:
        cases = env["crm.case"].with_context(tracking_disable=True, active_test=False)
        cases.search([("type_id", "=", campaign.id)])._ensure_campaign()
