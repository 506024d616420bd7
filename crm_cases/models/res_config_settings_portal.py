from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Settings of Cases that hold for all teams; the rest is set per team."""

    _inherit = "res.config.settings"

    crm_cases_privacy_url = fields.Char(
        string="Privacy Statement",
        config_parameter="crm_cases.privacy_url",
        help="Address of the page that the public forms refer to.",
    )
    crm_cases_form_limit_client = fields.Integer(
        string="Requests per Sender and Hour",
        config_parameter="crm_cases.form_limit_client",
        default=10,
        help="How many requests one network address may send by public forms.",
    )
    crm_cases_form_limit_address = fields.Integer(
        string="Mails per Address and Hour",
        config_parameter="crm_cases.form_limit_address",
        default=3,
        help="How many confirmations one email address is asked for.",
    )
