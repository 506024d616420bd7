from odoo import api, fields, models, tools
from odoo.tools import SQL

WATCHED = frozenset({"active", "company_id", "commercial_partner_id"})


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

    # ------------------------------------------------------------------
    # LOG OF CHANGES
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        self.env["crm.segmentation.dirty"]._add(partners.ids)
        return partners

    def _write_multi(self, vals_list):
        watched = self._get_segmentation_fields()
        changed = [
            id_
            for id_, vals in zip(self._ids, vals_list, strict=True)
            if not watched.isdisjoint(vals)
        ]
        if changed:
            self._log_for_segmentation(
                changed, any("commercial_partner_id" in vals for vals in vals_list)
            )
        return super()._write_multi(vals_list)

    def _log_for_segmentation(self, partner_ids, moved):
        """Have partners looked at again, and whom they belonged to until now.

        :param bool moved: some get another commercial entity
        """
        if moved:
            query = SQL(
                "SELECT commercial_partner_id FROM res_partner WHERE id = ANY(%s)",
                partner_ids,
            )
            self.env.cr.execute(query)
            partner_ids = partner_ids + [id_ for [id_] in self.env.cr.fetchall()]
        self.env["crm.segmentation.dirty"]._add(partner_ids)

    @api.model
    @tools.ormcache()
    def _get_segmentation_fields(self):
        """Return the fields that criteria look at."""
        lines = self.env["crm.segmentation.line"].sudo()
        conditions = lines.search([("expr_name", "=", "domain")])
        names = [line._get_domain_fields() for line in conditions]
        return WATCHED.union(*names) - {None}
