from odoo import models
from odoo.tools import email_normalize_all

from .crm_case_mail import HUMAN_MESSAGE_TYPES, STAFF


class CrmCase(models.Model):
    """Who watches a case hears what we answer.

    WATCHERS are mere addresses (``email_cc``): the customer copied them in or named
    them on the portal. What a person of ours writes to the customer goes to them too,
    by mail and without a link: hearing is no right to enter.

    NEVER: notes, automatic messages, what the customer writes, and conversations with
    other parties, which are no messages of the case. Left out is who hears it anyway,
    who got the very mail already, another party of the case, a colleague from outside
    a private team, and an address of ours, whose mails come back to us.
    """

    _inherit = "crm.case"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        if not self or not self.sudo().email_cc or not self._is_answer(message):
            return recipients
        told = {data["email_normalized"] for data in recipients}
        told |= self._get_deaf_watchers(message)
        watchers = dict.fromkeys(email_normalize_all(self.sudo().email_cc))
        heard = [address for address in watchers if address not in told]
        heard = self._filter_outside_addresses(heard)
        return recipients + [self._prepare_watcher(address) for address in heard]

    def _is_answer(self, message):
        is_human = message.sudo().message_type in HUMAN_MESSAGE_TYPES
        return is_human and self._detect_speaker(message) == STAFF

    def _get_deaf_watchers(self, message):
        """Who needs no mail: the author, and whom the very mail reached already."""
        message = message.sudo()
        addresses = (message.email_from, message.incoming_email_to)
        text = ",".join(filter(None, (*addresses, message.incoming_email_cc)))
        return {*email_normalize_all(text), message.author_id.email_normalized}

    def _filter_outside_addresses(self, addresses):
        """Those who may hear the conversation with the customer."""
        if not addresses:
            return addresses
        # sudo: whoever answers need not know parties, partners and aliases
        case = self.sudo()
        partners = case.env["res.partner"].search(
            [("email_normalized", "in", addresses)]
        )
        refused = case._filter_parties(partners) | case._filter_outsiders(partners)
        refused = set(refused.mapped("email_normalized"))
        refused |= case._get_party_addresses() | case._filter_own_addresses(addresses)
        return [address for address in addresses if address not in refused]

    def _filter_own_addresses(self, addresses):
        """Those whose mails come back to us.

        :param addresses: normalized
        """
        # sudo: everybody may ask whether an address is ours
        return set(self.env["mail.alias.domain"].sudo()._find_aliases(addresses))

    def _prepare_watcher(self, address):
        """An address as the framework describes a recipient that is no partner."""
        return {
            "active": True,
            "email_normalized": address,
            "id": False,
            "is_follower": False,
            "name": address,
            "lang": False,
            "groups": [],
            "notif": "email",
            "share": True,
            "type": "customer",
            "uid": False,
            "ushare": False,
        }
