from odoo import models

from ..trace import CONTEXT_KEY


class CrmCaseParty(models.Model):
    """The out-of-office note of a supplier is filed with him, and answers nothing."""

    _inherit = "crm.case.party"

    def _register_answer(self, message):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace and not trace.classification.is_customers_word:
            return None
        return super()._register_answer(message)
