from odoo import fields, models
from odoo.exceptions import AccessError

from .crm_case_limits import LIMIT, LIMIT_PARAMETER, TOTAL, TOTAL_PARAMETER
from .crm_case_team_fallback import PARAMETER as FALLBACK_PARAMETER
from .mail_thread_attachments import (
    COUNT_PARAMETER,
    EXTENSIONS_PARAMETER,
    MAX_COUNT,
    SIZE_PARAMETER,
)
from .mail_thread_voice import AUTHSERV_PARAMETER


class ResConfigSettings(models.TransientModel):
    """Whom to believe, how often to thank, and which attachments to keep."""

    _inherit = "res.config.settings"

    crm_mailgateway_fallback_team_id = fields.Many2one(
        "crm.case.team",
        string="Team for everything else",
        config_parameter=FALLBACK_PARAMETER,
    )
    crm_mailgateway_authserv_ids = fields.Char(
        "Sender checks by",
        config_parameter=AUTHSERV_PARAMETER,
        help="Names with which your own mail servers begin Authentication-Results. For "
        "mails that a mail server hands over through a pipe; each mailbox has its own.",
    )
    crm_mailgateway_thanks = fields.Integer(
        "Acknowledgements per sender and hour",
        config_parameter=LIMIT_PARAMETER,
        default=LIMIT,
    )
    crm_mailgateway_thanks_total = fields.Integer(
        "Acknowledgements per hour",
        config_parameter=TOTAL_PARAMETER,
        default=TOTAL,
    )
    crm_mailgateway_blocked_extensions = fields.Char(
        "Refused attachments",
        config_parameter=EXTENSIONS_PARAMETER,
        help="Extensions, separated by blanks. Empty: the usual programs.",
    )
    crm_mailgateway_attachments_count = fields.Integer(
        "Attachments per mail", config_parameter=COUNT_PARAMETER, default=MAX_COUNT
    )
    crm_mailgateway_attachments_size = fields.Integer(
        "Attachments per mail (MB)", config_parameter=SIZE_PARAMETER, default=25
    )
    crm_mailgateway_secret_changed_on = fields.Datetime(
        compute="_compute_crm_mailgateway_secret_changed_on"
    )

    def _compute_crm_mailgateway_secret_changed_on(self):
        changed_on = self.env["crm.mailgateway.secret"]._rotated_on()
        self.crm_mailgateway_secret_changed_on = changed_on

    def action_crm_mailgateway_rotate_secret(self):
        """Make a new secret for tokens.

        :raise AccessError: for all but administrators
        """
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only administrators may change the secret."))
        self.env["crm.mailgateway.secret"]._rotate()
        return {"type": "ir.actions.client", "tag": "reload"}
