from odoo import models
from odoo.fields import Domain


class CrmCaseShadowMixin(models.AbstractModel):
    """A record about one case is seen by whoever sees the case, and by nobody else.

    The rules of cases apply as they are, whatever they will be: they are asked, not
    repeated. The model has a field ``case_id``.
    """

    _name = "crm.case.shadow.mixin"
    _description = "Seen with its Case"

    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not (self.env.su or bypass_access):
            # Archived cases are cases; a plain empty domain would ask nobody.
            visible = self.env["crm.case"]._search([("active", "in", (True, False))])
            domain = Domain(domain) & Domain("case_id", "in", visible)
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if result or self.env.su or not self:
            return result
        # sudo: only to learn whose rights have to be asked
        visible = self.sudo().case_id.with_env(self.env)._filtered_access("read")
        hidden = self.filtered(
            lambda record: record.sudo().case_id.id not in visible.ids
        )
        if hidden:
            rules = self.env["ir.rule"]
            return hidden, lambda: rules._make_access_error(operation, hidden)
        return None
