from odoo import fields, models


class CrmSegmentationPin(models.Model):
    """A partner whom somebody put in or kept out, whatever the criteria say.

    *Automatic* pins are made by the first run that may take the category away: they
    keep it for the partners who carried it by hand.
    """

    _name = "crm.segmentation.pin"
    _description = "Segmentation Pin"
    _inherit = ["crm.segmentation.logged"]
    _rec_name = "partner_id"
    _log_access = False

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    mode = fields.Selection(
        [("in", "Always in"), ("out", "Never in")], required=True, default="in"
    )
    automatic = fields.Boolean(
        readonly=True,
        help="Carried the category before the first run that removes it.",
    )

    _partner_uniq = models.Constraint(
        "UNIQUE (segmentation_id, partner_id)",
        "A partner can be pinned only once in a segmentation.",
    )
