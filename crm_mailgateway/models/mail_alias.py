from odoo import api, models
from odoo.tools import LazyTranslate

from ..trace import CONTEXT_KEY

_lt = LazyTranslate(__name__)


class MailAlias(models.Model):
    """An alias of a team stays valid, and its senders are not bounced.

    When a mail cannot become a case the mail is kept and staff see why. Telling
    the customer of our trouble, and closing the address for all others, helps nobody.
    """

    _inherit = "mail.alias"

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        """Spare the search for addresses known not to be ours."""
        trace = self.env.context.get(CONTEXT_KEY)
        plain = isinstance(domain, list)
        if trace and plain and _asks_in_vain(domain, trace.own_addresses):
            return self.browse()
        return super().search(domain, offset=offset, limit=limit, order=order)

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


def _asks_in_vain(domain, own_addresses):
    """Tell whether a search looks for aliases by addresses that are none.

    :param dict own_addresses: whether it is ours, by address
    """
    asked = [
        leaf[2]
        for leaf in domain
        if isinstance(leaf, tuple | list) and leaf[0] == "alias_full_name"
    ]
    return len(asked) == 1 and all(own_addresses.get(a) is False for a in asked[0])
