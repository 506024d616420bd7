from odoo import models


class MailScheduledMessage(models.Model):
    """A message to a customer that is sent later is a person's word then.

    The framework posts it like an automatic one. On a case that would leave the
    customer's question unanswered, and the answer out of the portal.
    """

    _inherit = "mail.scheduled.message"

    def _message_created_hook(self, message):
        result = super()._message_created_hook(message)
        if message.model == "crm.case" and not self.is_note:
            message.sudo().message_type = "comment"  # it is the author's own
            case = self.env[message.model].browse(message.res_id)
            case._register_human_message(message)
        return result
