from odoo import api, fields, models
from odoo.fields import Domain


class CrmCasePartMixin(models.AbstractModel):
    """A part of a case: who may read or write the case may do so with its parts.

    There are no rules of its own to keep in step with those of the case.
    """

    _name = "crm.case.part.mixin"
    _description = "Part of a Case"

    case_id = fields.Many2one("crm.case", required=True, index=True, ondelete="cascade")

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not (self.env.su or bypass_access):
            visible = self.env["crm.case"].with_context(active_test=False)
            domain = Domain(domain) & Domain("case_id", "in", visible._search([]))
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def write(self, vals):
        if vals.get("case_id"):  # moved to a case that one must reach as well
            self.env["crm.case"].browse(vals["case_id"]).check_access("write")
        return super().write(vals)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if result or not self or self.env.su:
            return result
        cases = self.sudo().case_id.with_env(self.env)
        refused = cases._check_access("read" if operation == "read" else "write")
        if not refused:
            return None
        forbidden = self.sudo().filtered(lambda part: part.case_id.id in refused[0].ids)
        return forbidden.with_env(self.env), refused[1]
