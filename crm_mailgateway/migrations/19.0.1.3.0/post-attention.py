from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Mails that wait are told of within hours, unless somebody chose otherwise."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    cron = env.ref("crm_mailgateway.ir_cron_attention", raise_if_not_found=False)
    if cron and (cron.interval_number, cron.interval_type) == (1, "days"):
        cron.interval_type = "hours"
