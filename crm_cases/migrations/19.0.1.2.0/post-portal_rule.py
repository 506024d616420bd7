from odoo import SUPERUSER_ID, api

DOMAIN = """[
    ('active', '=', True),
    '|', '|',
    ('partner_id', '=', user.partner_id.id),
    ('message_partner_ids', 'in', [user.partner_id.id]),
    '&',
    '|', ('team_id', '=', False), ('team_id.portal_company', '=', True),
    '|',
    ('partner_id', 'child_of', [user.commercial_partner_id.id]),
    ('message_partner_ids', 'child_of', [user.commercial_partner_id.id]),
]"""


def migrate(cr, version):
    """A team decides now whether colleagues see each other's cases; the rule of old
    databases is not updated by itself."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    rule = env.ref("crm_cases.crm_case_rule_portal", raise_if_not_found=False)
    if rule:
        rule.domain_force = DOMAIN
    env["crm.case.type"].search(
        [("code", "in", ("request", "issue", "claim"))]
    ).show_in_forms = True
