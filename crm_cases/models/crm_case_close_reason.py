from odoo import fields, models

from .case_states import OUTCOMES

KINDS = [
    ("reason", "Reason"),
    ("cause", "Root Cause"),
    ("resolution", "Resolution"),
]


class CrmCaseCloseReason(models.Model):
    """One answer to what closing asks: why, from what cause, by which resolution.

    Three lists in one model, told apart by their kind, so that they can be counted.
    An answer may be limited to some types, and a reason to wins or to losses.
    """

    _name = "crm.case.close.reason"
    _description = "Closing Reason"
    _inherit = ["mail.thread"]
    _order = "kind, sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    kind = fields.Selection(KINDS, required=True, default="reason", tracking=True)
    outcome = fields.Selection(
        OUTCOMES,
        string="Only When",
        tracking=True,
        help="Offered for cases that end like this. Empty: for all.",
    )
    type_ids = fields.Many2many(
        "crm.case.type",
        "crm_case_close_reason_type_rel",
        "reason_id",
        "type_id",
        string="Types",
        tracking=True,
        help="Only cases of these types may use it. Empty: all types.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)

    _name_unique = models.Constraint(
        "UNIQUE(kind, name)", "This entry is already in the list."
    )
