from odoo import api, fields, models


class ResPartner(models.Model):
    """A partner knows the segmentations it belongs to."""

    _inherit = "res.partner"

    # What we think of a partner is profiling: for segmentation users only.
    segmentation_membership_ids = fields.One2many(
        "crm.segmentation.membership",
        "partner_id",
        string="Segmentation Memberships",
        domain=[("left_on", "=", False)],
        groups="crm_segmentation.crm_segmentation_group_user",
    )
    segmentation_ids = fields.Many2many(
        "crm.segmentation",
        string="Segmentations",
        compute="_compute_segmentation_ids",
        groups="crm_segmentation.crm_segmentation_group_user",
    )
    segmentation_count = fields.Integer(
        compute="_compute_segmentation_ids",
        groups="crm_segmentation.crm_segmentation_group_user",
    )

    @api.depends("commercial_partner_id.segmentation_membership_ids.segmentation_id")
    def _compute_segmentation_ids(self):
        for partner in self:
            memberships = partner.commercial_partner_id.segmentation_membership_ids
            partner.segmentation_ids = memberships.segmentation_id
            partner.segmentation_count = len(partner.segmentation_ids)

    def action_view_segmentations(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_segmentation.crm_segmentation_membership_action"
        )
        action["domain"] = [("partner_id", "=", self.commercial_partner_id.id)]
        action["context"] = {"search_default_open": 1}
        return action
