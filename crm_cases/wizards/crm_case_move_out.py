from odoo import fields, models
from odoo.fields import Domain


class CrmCaseMoveOut(models.TransientModel):
    """What somebody is about to download. Only he can."""

    _name = "crm.case.move.out"
    _description = "Export of Cases"

    case_ids = fields.Many2many("crm.case", string="Cases")
    is_all = fields.Boolean()

    def _get_cases(self):
        """The cases, as far as the user may read them now, archived ones too."""
        # sudo: which ones were chosen; the search tells which of them may be read
        chosen = self.sudo().case_ids.ids
        domain = Domain.TRUE if self.is_all else Domain("id", "in", chosen)
        cases = self.env["crm.case"].with_context(active_test=False)
        return cases.search(domain, order="id")
