from odoo import SUPERUSER_ID, api

OWN = """[
    '|', '|',
    ('user_id', '=', user.id),
    ('team_id', 'in', user.case_team_ids.ids),
    ('message_partner_ids', 'in', [user.partner_id.id]),
]"""


def migrate(cr, version):
    """The rule of own cases asks for the ids of teams instead of joining them.

    Rules are data that an upgrade leaves alone. One that somebody changed stays.
    """
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    rule = env.ref("crm_cases.crm_case_rule_own", False)
    if rule and "team_id.member_ids" in (rule.domain_force or ""):
        rule.domain_force = OWN
