from odoo import fields, models


class CrmSegmentationPreview(models.TransientModel):
    """How many match now, and who would enter and leave, with some of their names.

    ``carriers`` is the question of the first exclusive run: what becomes of those who
    carry the category by hand and do not match.
    """

    _name = "crm.segmentation.preview"
    _description = "Segmentation Preview"
    _rec_name = "segmentation_id"

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, readonly=True, ondelete="cascade"
    )
    sentence = fields.Char(related="segmentation_id.sentence")
    categ_id = fields.Many2one(related="segmentation_id.categ_id")
    matching_count = fields.Integer("Match Now", readonly=True)
    matching_sample = fields.Text("Some Who Match", readonly=True)
    entering_count = fields.Integer("Would Enter", readonly=True)
    entering_sample = fields.Text("Some Who Enter", readonly=True)
    leaving_count = fields.Integer("Would Leave", readonly=True)
    leaving_sample = fields.Text("Some Who Leave", readonly=True)
    carrying_count = fields.Integer("Carry the Category by Hand", readonly=True)
    carrying_sample = fields.Text("Some Who Carry It", readonly=True)
    carriers = fields.Selection(
        [
            ("pin", "Keep them as pinned"),
            ("rules", "Let the rules decide: they lose the category"),
        ],
        "Those Who Carry It by Hand",
        required=True,
        default="pin",
    )

    def action_compute(self):
        """Start the run with what was decided about the carriers."""
        self.ensure_one()
        segmentation = self.segmentation_id
        if self.carrying_count and self.carriers == "rules":
            segmentation.carriers_pinned = True
        segmentation.action_process_start()
        return {"type": "ir.actions.act_window_close"}
