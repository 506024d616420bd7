from odoo import api, fields, models
from odoo.exceptions import UserError


class ResPartnerCategory(models.Model):
    """A contact tag knows the segmentations that give it, and stays while they do."""

    _inherit = "res.partner.category"

    segmentation_ids = fields.One2many(
        "crm.segmentation",
        "categ_id",
        "Segmentations",
        groups="crm_segmentation.crm_segmentation_group_user",
    )
    segmentation_count = fields.Integer(
        compute="_compute_segmentation_count",
        groups="crm_segmentation.crm_segmentation_group_user",
    )

    @api.depends("segmentation_ids")
    def _compute_segmentation_count(self):
        for category in self:
            category.segmentation_count = len(category.segmentation_ids)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_segmentations(self):
        # whoever may not see the segmentation may not delete its category either
        segmentations = self.env["crm.segmentation"].sudo()
        found = segmentations.with_context(active_test=False).search(
            [("categ_id", "in", self.ids)], limit=1
        )
        if found:
            raise UserError(
                self.env._(
                    "“%(category)s” is given by the segmentation “%(segmentation)s”: "
                    "give that another category first.",
                    category=found.categ_id.name,
                    segmentation=found.name,
                )
            )

    def action_view_segmentations(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_segmentation.crm_segmentation_action"
        )
        action["domain"] = [("categ_id", "=", self.id)]
        action["context"] = {"default_categ_id": self.id, "default_exclusif": True}
        return action
