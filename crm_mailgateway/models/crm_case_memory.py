from odoo import api, models
from odoo.tools import email_normalize

from ..trace import CONTEXT_KEY


class CrmCase(models.Model):
    """What is known of a case that a mail is just becoming need not be asked for."""

    _inherit = "crm.case"

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Return the mere names to the gateway, which describes all fields to see
        whether there is one."""
        if self.env.context.get(CONTEXT_KEY) and allfields is None and not attributes:
            return {name: {} for name in self._fields}
        return super().fields_get(allfields, attributes)

    def _partner_find_from_emails(self, records_emails, *arguments, **options):
        """Find contacts by what is known of the mail's addresses already.

        Odoo collects followers, and what it would write into a new contact, even
        where it is not to make any.
        """
        trace = self.env.context.get(CONTEXT_KEY)
        given = {name for name, value in options.items() if value}
        # No contact is made, and addresses of ours are left out.
        if (
            trace
            and not arguments
            and given - {"filter_found"} == {"no_create", "avoid_alias"}
        ):
            keep = options.get("filter_found")
            found = {
                case.id: self._mailgateway_recall_contacts(trace, addresses, keep)
                for case, addresses in records_emails.items()
            }
            if all(contacts is not None for contacts in found.values()):
                return found
        return super()._partner_find_from_emails(records_emails, *arguments, **options)

    @api.model
    def _mailgateway_recall_contacts(self, trace, addresses, keep):
        """Return the contacts of addresses, or None if that is not so simple."""
        contacts = self.env["res.partner"]
        wanted = [email_normalize(address, strict=False) for address in addresses]
        if not wanted or not all(wanted):
            return None
        domains = self.env["mail.alias.domain"].sudo()  # read by any gateway user
        ours = domains._find_aliases(wanted)
        others = [address for address in wanted if address not in ours]
        found = contacts._crm_mailgateway_recall(trace, others, keep)
        return None if found is None else contacts.union(*found)

    def _message_compute_parent_id(self, parent_id):
        """A new case has no earlier message."""
        trace = self.env.context.get(CONTEXT_KEY)
        if trace and not parent_id and self.id in trace.new_cases:
            return False
        return super()._message_compute_parent_id(parent_id)

    def message_post(self, **kwargs):
        """Find out the reply address of a received mail only if somebody gets it."""
        if self.env.context.get(CONTEXT_KEY):
            kwargs.setdefault("reply_to", False)
        return super().message_post(**kwargs)

    def _notify_thread_by_email(self, message, recipients_data, **kwargs):
        if recipients_data and not message.reply_to:
            addresses = self._notify_get_reply_to(
                default=message.email_from, author_id=message.author_id.id
            )
            message.sudo().reply_to = addresses[self.id]  # as message_post would
        return super()._notify_thread_by_email(message, recipients_data, **kwargs)
