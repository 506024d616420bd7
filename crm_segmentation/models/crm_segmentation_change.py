from odoo import fields, models


class CrmSegmentationChange(models.Model):
    """What a run changed that its memberships do not tell, for undoing it.

    Who enters is given the category and who is untagged usually leaves. The rows here
    are the rest: ``kept`` entered with the category in hand; ``tagged`` was in already
    and had lost it; ``untagged`` lost it; ``pinned`` got an automatic pin.
    """

    _name = "crm.segmentation.change"
    _description = "Change of a Segmentation Run"
    _log_access = False

    run_id = fields.Many2one(
        "crm.segmentation.run", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    event = fields.Selection(
        [
            ("kept", "Kept"),
            ("tagged", "Tagged"),
            ("untagged", "Untagged"),
            ("pinned", "Pinned"),
        ],
        required=True,
    )
