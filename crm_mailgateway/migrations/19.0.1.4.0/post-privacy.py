from odoo import SUPERUSER_ID, api

RULES = {
    "company": """[
            '|',
            '&', ('case_id', '=', False), '|',
            ('team_id', '=', False),
            ('team_id.company_id', 'in', company_ids + [False]),
            '&', ('case_id', '!=', False),
            ('case_id.company_id', 'in', company_ids + [False]),
        ]""",
    "private": """[
            '|', '|', '|',
            '&', ('case_id', '=', False), '|', '|',
            ('team_id', '=', False),
            ('team_id.is_private', '=', False),
            ('team_id', 'in', user.case_team_ids.ids),
            '&', ('case_id', '!=', False), ('case_id.is_private', '=', False),
            ('case_id.user_id', '=', user.id),
            ('case_id.team_id', 'in', user.case_team_ids.ids),
        ]""",
}
BATCH = 1000


def migrate(cr, version):
    """Mails without a case are as private as the team that they are meant for.

    Rules are not updated with the addon.
    """
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name, domain in RULES.items():
        xmlid = f"crm_mailgateway.crm_mailgateway_message_rule_{name}"
        rule = env.ref(xmlid, raise_if_not_found=False)
        if rule:
            rule.domain_force = domain
    received, last = env["crm.mailgateway.message"], 0
    without_case = [("case_id", "=", False), ("team_id", "=", False)]
    while rows := received.search(
        [*without_case, ("id", ">", last)], order="id", limit=BATCH
    ):
        rows._note_team()
        last = rows[-1].id
        env.flush_all()
        env.invalidate_all()
