from odoo import models

from ..pipeline import thread_key
from ..trace import CONTEXT_KEY


class MailAliasDomain(models.Model):
    """An address of ours with a token is an address of ours, and no person."""

    _inherit = "mail.alias.domain"

    def _find_aliases(self, email_list):
        plain = {
            address: thread_key.split_address(address)[0]
            for address in email_list
            if address and "+" in address
        }
        if not plain or not self.env.context.get(CONTEXT_KEY):
            return super()._find_aliases(email_list)
        asked = [plain.get(address, address) for address in email_list]
        ours = set(super()._find_aliases(asked))
        return [a for a in email_list if a and plain.get(a, a.lower()) in ours]
