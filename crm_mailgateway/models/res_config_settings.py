from odoo import fields, models

from .crm_mailgateway_retention import RETENTION
from .fetchmail_server import MAX_SIZE, MAX_SIZE_PARAMETER, TIMEOUT, TIMEOUT_PARAMETER


class ResConfigSettings(models.TransientModel):
    """What an administrator may want otherwise about mail."""

    _inherit = "res.config.settings"

    crm_mailgateway_max_size = fields.Integer(
        "Largest mail (MB)",
        config_parameter=MAX_SIZE_PARAMETER,
        default=MAX_SIZE,
        help="Larger mails are not downloaded. They stay in their mailbox, and are"
        " listed with their headers.",
    )
    crm_mailgateway_timeout = fields.Integer(
        "Connection timeout (seconds)",
        config_parameter=TIMEOUT_PARAMETER,
        default=TIMEOUT,
        help="How long a mailbox may take to answer.",
    )
    crm_mailgateway_keep_processed_days = fields.Integer(
        "Keep processed mails (days)",
        config_parameter="crm_mailgateway.keep_processed_days",
        default=RETENTION["processed"],
    )
    crm_mailgateway_keep_ignored_days = fields.Integer(
        "Keep ignored mails (days)",
        config_parameter="crm_mailgateway.keep_ignored_days",
        default=RETENTION["ignored"],
    )
    crm_mailgateway_health_mail_to = fields.Char(
        "Daily health mail to",
        config_parameter="crm_mailgateway.health_mail_to",
        help="Addresses, separated by commas. Leave empty for no daily mail.",
    )
