from odoo import api, models, tools

CODE = "crm.case"


class IrSequence(models.Model):
    """Which sequence numbers the cases of a company: asked once, until that changes."""

    _inherit = "ir.sequence"

    @api.model
    @tools.ormcache("company_id")
    def _get_case_sequence_id(self, company_id):
        domain = [("code", "=", CODE), ("company_id", "in", (company_id, False))]
        return self.sudo().search(domain, order="company_id", limit=1).id

    @api.model_create_multi
    def create(self, vals_list):
        if CODE in {vals.get("code") for vals in vals_list}:
            self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if {"code", "company_id", "active"} & vals.keys():
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
