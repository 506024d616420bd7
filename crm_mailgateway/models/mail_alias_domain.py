from odoo import models

from ..trace import CONTEXT_KEY


class MailAliasDomain(models.Model):
    """Within one mail, Odoo asks half a dozen times which addresses are its own.

    The answer is remembered for the mail in hand, and for no longer.
    """

    _inherit = "mail.alias.domain"

    def _find_aliases(self, email_list):
        trace = self.env.context.get(CONTEXT_KEY)
        if not trace:
            return super()._find_aliases(email_list)
        question = tuple(email_list)
        if question not in trace.own_addresses:
            trace.own_addresses[question] = super()._find_aliases(email_list)
        return list(trace.own_addresses[question])
