from odoo import fields, models


class CrmSegmentationDay(models.TransientModel):
    """Who was in at the end of a day: as a list, or as a file."""

    _name = "crm.segmentation.day"
    _description = "Members on a Day"
    _rec_name = "segmentation_id"

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, ondelete="cascade"
    )
    day = fields.Date(required=True, default=fields.Date.context_today)

    def action_show(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(
                "%(name)s on %(day)s", name=self.segmentation_id.name, day=self.day
            ),
            "res_model": "crm.segmentation.membership",
            "view_mode": "list",
            "domain": [
                ("segmentation_id", "=", self.segmentation_id.id),
                ("in_on", "=", str(self.day)),
            ],
        }

    def action_export(self):
        self.ensure_one()
        path = f"/crm_segmentation/{self.segmentation_id.id}/members.csv"
        return {
            "type": "ir.actions.act_url",
            "url": f"{path}?day={self.day}",
            "target": "download",
        }
