from odoo import api, models

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
