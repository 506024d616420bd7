from odoo import models
from odoo.tools import LazyTranslate

from ..trace import CONTEXT_KEY

_lt = LazyTranslate(__name__)


class MailAlias(models.Model):
    """An alias of a team stays valid, and its senders are not bounced.

    When a mail cannot become a case the mail is kept and staff see why. Telling
    the customer of our trouble, and closing the address for all others, helps nobody.
    """

    _inherit = "mail.alias"

    def _alias_bounce_incoming_email(self, message, message_dict, set_invalid=True):
        # Called on a cursor of its own, which may not know an alias just created.
        alias = self.exists()
        if alias and alias.alias_model_id.sudo().model == "crm.case":
            self._crm_mailgateway_note_refusal(message_dict)
            return
        super()._alias_bounce_incoming_email(
            message, message_dict, set_invalid=set_invalid
        )

    def _crm_mailgateway_note_refusal(self, message_dict):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            trace.verdict = _lt(
                "%(address)s does not accept mails from %(sender)s.",
                address=self.alias_full_name or self.alias_name,
                sender=message_dict.get("email_from"),
            )
