from markupsafe import Markup

from odoo import models
from odoo.tools import email_normalize, formataddr
from odoo.tools.mail import append_content_to_html

from ..pipeline import references, thread_key
from ..pipeline.classify import OWN_HEADER

CASE = "crm.case"


class MailMail(models.Model):
    """What a mail of a case carries, so that its answer finds the case again.

    The mark of the case stands small at the end of the text, for clients that drop
    headers; a header tells us our own mail if it comes back. Where sub-addressing
    works, answers go to an address with a token: for customers that of the case, for
    one of our people that of this very user, because it proves who he is. His token
    stands in his mail's Reply-To and nowhere else. Odoo sends one mail per recipient.
    """

    _inherit = "mail.mail"

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        mails = super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
        if self.model != CASE or not self.res_id:
            return mails
        secret = self.env["crm.mailgateway.secret"]
        token = secret._case_token(self.res_id)
        # sudo: the queue may run as anybody
        chain = self.env[CASE].sudo().browse(self.res_id).exists().mail_references
        for mail in mails:
            mail["headers"] = {
                **(mail.get("headers") or {}),
                OWN_HEADER: secret._own_marks()[0],
            }
            self._crm_mailgateway_add_references(mail, chain)
            self._crm_mailgateway_add_marker(mail, thread_key.marker(token))
            self._crm_mailgateway_add_token(mail, token)
        return mails

    def _crm_mailgateway_add_references(self, mail, chain):
        """Continue the conversation as its other side knows it (RFC 5322 §3.6.4)."""
        if not chain:
            return
        mail["references"] = references.merge(chain, mail["references"])
        mail["headers"].setdefault("In-Reply-To", references.last_of(chain))

    def _crm_mailgateway_add_marker(self, mail, marker):
        if marker in (mail["body"] or ""):
            return
        html = Markup(
            '<div style="margin-top:16px;font-size:10px;color:#888888">%s</div>'
        )
        mail["body"] = append_content_to_html(
            mail["body"] or "", html % marker, plaintext=False
        )
        mail["body_alternative"] = f"{mail['body_alternative'] or ''}\n\n{marker}"

    def _crm_mailgateway_add_token(self, mail, token):
        """Put a token into the Reply-To, if its domain delivers such addresses."""
        address = email_normalize(mail.get("reply_to") or "")
        if not address or not self._crm_mailgateway_has_subaddressing(address):
            return
        user = self._crm_mailgateway_internal_recipient(mail)
        if user:
            secret = self.env["crm.mailgateway.secret"]
            token = secret._speaker_token(self.res_id, user.id)
        with_token = thread_key.add_to_address(address, token)
        if with_token:
            name = (mail["reply_to"] or "").rpartition("<")[0].strip(' "')
            mail["reply_to"] = formataddr((name, with_token))

    def _crm_mailgateway_internal_recipient(self, mail):
        """Return the internal user who alone gets a mail, or nobody."""
        partner = mail.get("partner_id") or self.env["res.partner"]
        users = partner.sudo().user_ids  # the queue may run as anybody
        alone = len(mail["email_to_normalized"]) == 1 and not mail["email_cc"]
        internal = users.filtered(lambda user: not user.share)
        return internal[:1] if alone else internal.browse()

    def _crm_mailgateway_has_subaddressing(self, address):
        domains = self.env["mail.alias.domain"].sudo()  # as above
        domain = domains.search([("name", "=", address.rpartition("@")[2])], limit=1)
        return domain.subaddressing == "on"
