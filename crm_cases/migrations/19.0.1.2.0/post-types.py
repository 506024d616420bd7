from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Leads convert, opportunities that are done were won, campaigns get theirs."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    lead, opportunity, campaign = (
        env.ref(f"crm_cases.crm_case_type_{name}", False)
        for name in ("lead", "opportunity", "campaign")
    )
    if lead and opportunity:
        lead.convert_type_id = opportunity
    cases = env["crm.case"].with_context(tracking_disable=True, active_test=False)
    won = env.ref("crm_cases.crm_case_stage_won", False)
    if opportunity and won:
        cases.search(
            [("type_id", "=", opportunity.id), ("stage_id.state", "=", "done")]
        ).write({"stage_id": won.id})
    if campaign:
        cases.search([("type_id", "=", campaign.id)])._ensure_campaign()
