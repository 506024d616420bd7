from odoo import fields, models


class ResPartner(models.Model):
    """A partner knows the cases of its whole commercial entity."""

    _inherit = "res.partner"

    case_count = fields.Integer(
        string="Cases",
        compute="_compute_case_count",
        groups="crm_cases.crm_cases_group_own",
    )

    def _compute_case_count(self):
        """Cases of the contact and of everybody below it, in one grouped query."""
        self.case_count = 0
        family = self.with_context(active_test=False).search_fetch(
            [("id", "child_of", self.ids)], ["parent_id"]
        )
        counts = self.env["crm.case"]._read_group(
            [("partner_id", "in", family.ids)], ["partner_id"], ["__count"]
        )
        own_ids = set(self.ids)
        for partner, count in counts:
            while partner:
                if partner.id in own_ids:
                    partner.case_count += count
                partner = partner.parent_id

    def action_view_cases(self):
        self.ensure_one()
        family = ("partner_id", "child_of", self.commercial_partner_id.ids)
        domain = [family] if self.is_company else [("partner_id", "child_of", self.ids)]
        return self.env["crm.case"]._get_cases_action(
            self.env._("Cases of %s", self.name),
            domain,
            {"default_partner_id": self.id},
        )
