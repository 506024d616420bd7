from odoo import api, fields, models

from ..models.crm_segmentation_preview import SAMPLE_SIZE

EVENTS = ("matching", "entering", "leaving", "carrying")


class CrmSegmentationPreview(models.TransientModel):
    """How many match now, and who would enter and leave, with some of their names.

    ``carriers`` is the question of the first exclusive run: what becomes of those who
    carry the category by hand and do not match. The preview of a template tells about
    a segmentation that does not exist; nothing is asked then.

    While the dialog is open it calls ``look_further`` until all partners were looked at
    or its button *Stop* is pressed. No call takes much longer than a second, so that
    whoever stops, or closes the dialog, leaves nothing running behind.
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
    range_size = fields.Integer(readonly=True)
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

    def look_further(self):
        """Look at more of the partners that there was no time for.

        :return: how many percent of them were looked at by now
        """
        self.ensure_one()
        if self.looked_at_percent < 100:
            subject = self.template_id or self.segmentation_id
            found = {name: self[f"{name}_count"] for name in EVENTS}
            vals = subject._look(self.looked_at, self.range_size, found)
            for name in EVENTS:
                names = (self[f"{name}_sample"] or "").splitlines()
                names += vals[f"{name}_sample"].splitlines()
                vals[f"{name}_sample"] = "\n".join(names[:SAMPLE_SIZE])
            self.write(vals)
        return self.looked_at_percent

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
