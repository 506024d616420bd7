from odoo import fields, models


class CrmMailgatewayIgnore(models.TransientModel):
    """Why received mails need no case. The reason stands in the journal."""

    _name = "crm.mailgateway.ignore"
    _description = "Ignore Received Mails"

    received_ids = fields.Many2many(
        "crm.mailgateway.message",
        "crm_mailgateway_ignore_message_rel",
        "wizard_id",
        "message_id",
        required=True,
    )
    reason = fields.Char(required=True, help="For example: advertisement.")

    def action_apply(self):
        self.received_ids._ignore(self.reason)
        return {"type": "ir.actions.act_window_close"}
