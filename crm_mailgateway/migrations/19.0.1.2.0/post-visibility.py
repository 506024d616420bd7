from odoo import SUPERUSER_ID, api

OWN = """[
            '|', '|',
            ('case_id.user_id', '=', user.id),
            ('case_id.team_id', 'in', user.case_team_ids.ids),
            ('case_id.message_partner_ids', 'in', [user.partner_id.id]),
        ]"""


def migrate(cr, version):
    """Let the rule of mails say what that of cases says, and show mails that wait.

    Rules are not updated with the addon. Mails that nobody could route said nothing
    about whom they are meant for, so only administrators saw them.
    """
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    rule = env.ref(
        "crm_mailgateway.crm_mailgateway_message_rule_own", raise_if_not_found=False
    )
    if rule:
        rule.domain_force = OWN
    unknown = [("state", "in", ("failed", "quarantined")), ("res_model", "=", False)]
    for received in env["crm.mailgateway.message"].search(unknown, limit=10_000):
        received.res_model = received._guess_own_target()
