from odoo import api, fields, models

from ..models.crm_segmentation_preview import PREVIEW_SECONDS, SAMPLE_SIZE

EVENTS = ("matching", "entering", "leaving", "carrying")


class CrmSegmentationPreview(models.TransientModel):
    """How many match now, and who would enter and leave, with some of their names.

    ``carriers`` is the question of the first exclusive run: what becomes of those who
    carry the category by hand and do not match. The preview of a template tells about
    a segmentation that does not exist; nothing is asked then.
    """

    _name = "crm.segmentation.preview"
    _description = "Segmentation Preview"
    _rec_name = "segmentation_id"

    segmentation_id = fields.Many2one(
        "crm.segmentation", readonly=True, ondelete="cascade"
    )
    template_id = fields.Many2one(
        "crm.segmentation.template", readonly=True, ondelete="cascade"
    )
    sentence = fields.Char(compute="_compute_sentence")
    categ_id = fields.Many2one(related="segmentation_id.categ_id")
    matching_count = fields.Integer("Match Now", readonly=True)
    matching_sample = fields.Text("Some Who Match", readonly=True)
    entering_count = fields.Integer("Would Enter", readonly=True)
    entering_sample = fields.Text("Some Who Enter", readonly=True)
    leaving_count = fields.Integer("Would Leave", readonly=True)
    leaving_sample = fields.Text("Some Who Leave", readonly=True)
    carrying_count = fields.Integer("Carry the Category by Hand", readonly=True)
    carrying_sample = fields.Text("Some Who Carry It", readonly=True)
    looked_at = fields.Integer(readonly=True)
    looked_at_percent = fields.Float("Looked at (%)", readonly=True, default=100)
    reactions = fields.Text("Actions Due", readonly=True)
    carriers = fields.Selection(
        [
            ("pin", "Keep them as pinned"),
            ("rules", "Let the rules decide: they lose the category"),
        ],
        "Those Who Carry It by Hand",
        required=True,
        default="pin",
    )

    @api.depends("segmentation_id", "template_id")
    def _compute_sentence(self):
        for preview in self:
            subject = preview.segmentation_id or preview.template_id
            preview.sentence = subject.sentence

    def action_compute(self):
        """Start the run with what was decided about the carriers."""
        self.ensure_one()
        segmentation = self.segmentation_id
        if self.carrying_count and self.carriers == "rules":
            segmentation.carriers_pinned = True
        segmentation.action_process_start()
        return {"type": "ir.actions.act_window_close"}

    def action_more(self):
        """Look at the partners that there was no time for."""
        self.ensure_one()
        segmentation = self.segmentation_id
        counts, samples = segmentation._get_preview(self.looked_at, PREVIEW_SECONDS)
        vals = segmentation._prepare_preview_vals(counts, samples)
        for name in EVENTS:
            vals[f"{name}_count"] += self[f"{name}_count"]
            names = (self[f"{name}_sample"] or "").splitlines()
            names += vals[f"{name}_sample"].splitlines()
            vals[f"{name}_sample"] = "\n".join(names[:SAMPLE_SIZE])
        self.write(vals)
        return self._get_dialog(self.env._("Preview of %s", segmentation.name))

    def action_use_template(self):
        self.ensure_one()
        return self.template_id.action_use()

    def _get_dialog(self, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
