from odoo import models
from odoo.fields import Domain


class IrRule(models.Model):
    """The analysis of cases shows what its reader sees of the cases themselves."""

    _inherit = "ir.rule"

    def _compute_domain(self, model_name, mode="read"):
        if model_name != "crm.case.report":
            return super()._compute_domain(model_name, mode)
        domain = super()._compute_domain("crm.case", mode)
        return domain if domain.is_true() else Domain("case_id", "any", domain)
