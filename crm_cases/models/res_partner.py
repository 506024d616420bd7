from odoo import api, fields, models
from odoo.fields import Domain

from .case_states import ACTIVE_STATES


class ResPartner(models.Model):
    """A partner knows the cases of its whole commercial entity.

    A contact that staff enter, or whose address they correct, becomes the customer of
    the open cases of that address that have none. Only theirs: whoever signs up by
    himself has not proved that the address is his.
    """

    _inherit = "res.partner"

    case_count = fields.Integer(
        string="Cases",
        compute="_compute_case_count",
        groups="crm_cases.crm_cases_group_own",
    )

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners.filtered("email")._take_cases_of_address()
        return partners

    def write(self, vals):
        result = super().write(vals)
        if vals.get("email"):
            self._take_cases_of_address()
        return result

    def _take_cases_of_address(self):
        """Become the customer of waiting cases: one search for the whole batch."""
        if not self.env.user._is_internal():
            return
        by_email = {p.email_normalized: p for p in self if p.email_normalized}
        # sudo: who enters contacts may have no right on cases
        cases = self.env["crm.case"].sudo()
        waiting = cases.search(
            Domain("email_normalized", "in", list(by_email))
            & Domain("partner_id", "=", False)
            & Domain("state", "in", ACTIVE_STATES)
        )
        for email, same in waiting.grouped("email_normalized").items():
            partner = by_email[email]
            same.filtered(
                lambda case, p=partner: p.company_id <= case.company_id
            ).partner_id = partner

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
        """The cases of these contacts; of a company, with those of its people."""
        roots = self.filtered("is_company").commercial_partner_id | self
        return self.env["crm.case"]._get_cases_action(
            self.env._("Cases of %s", ", ".join(self.mapped("display_name"))),
            [("partner_id", "child_of", roots.ids)],
            {"default_partner_id": self.id} if len(self) == 1 else {},
        )
