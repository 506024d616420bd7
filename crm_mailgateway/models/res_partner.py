from odoo import api, models
from odoo.tools import email_normalize

from ..trace import CONTEXT_KEY


class ResPartner(models.Model):
    """Within one mail, Odoo asks four times which contacts have its addresses.

    They are looked up once. Only addresses of one contact at most are answered from
    memory: which of several is meant depends on the document.
    """

    _inherit = "res.partner"

    @api.model
    def _find_or_create_from_emails(self, emails, ban_emails=None, **options):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace and options.get("no_create") and not ban_emails:
            keep = options.get("filter_found")
            found = self._crm_mailgateway_recall(trace, emails, keep)
            if found is not None:
                return found
        return super()._find_or_create_from_emails(
            emails, ban_emails=ban_emails, **options
        )

    @api.model
    def _crm_mailgateway_recall(self, trace, emails, keep=None):
        """Return a contact per address, or None if that is not so simple.

        :param keep: tells of a contact whether it may be meant
        """
        addresses = [email_normalize(address or "") for address in emails]
        if not all(addresses):
            return None
        known = trace.contacts.setdefault((self.env.uid, self.env.su), {})
        if not known.keys() >= set(addresses):
            # All of the mail at once: the next question is about the others.
            missing = sorted({*addresses, *trace.addresses} - known.keys())
            known.update((address, []) for address in missing)
            for partner in self.search([("email_normalized", "in", missing)]):
                known[partner.email_normalized].append(partner.id)
        if any(len(known[address]) > 1 for address in addresses):
            return None
        found = [self.browse(known[address]) for address in addresses]
        return [contact.filtered(keep) for contact in found] if keep else found

    @api.model_create_multi
    def create(self, vals_list):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            trace.contacts.clear()
        return super().create(vals_list)
