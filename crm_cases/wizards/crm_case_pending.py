from odoo import fields, models


class CrmCasePending(models.TransientModel):
    """Until when, and for what, cases wait. Both may stay empty."""

    _name = "crm.case.pending"
    _description = "Put Cases on Hold"

    case_ids = fields.Many2many(
        "crm.case",
        "crm_case_pending_case_rel",
        "wizard_id",
        "case_id",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    until = fields.Datetime(help="The case opens again by itself at this time.")
    reason = fields.Char(help="For example: spare part ordered.")

    def action_apply(self):
        self.case_ids._put_on_hold(self.until, self.reason)
        return {"type": "ir.actions.act_window_close"}
