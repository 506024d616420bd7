import uuid

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import plaintext2html

from .crm_case_mail import HUMAN_MESSAGE_TYPES

MESSAGE_LIMIT = 200


class CrmCaseConversationMixin(models.AbstractModel):
    """A conversation with somebody outside, as a page of the portal shows it.

    Whoever may open the record reads what people wrote to each other there, and gets
    the files of these messages; notes, system messages and loose files stay with us.

    ONE DOOR: people outside read, write and upload on the pages of the portal, which
    check what they send. The framework's chatter takes neither their links nor their
    posts, and what it tells a customer with an account of a file carries no token, so
    that nothing outlives *Revoke Links*.
    """

    _name = "crm.case.conversation.mixin"
    _description = "Conversation on the Portal"
    _mail_post_access = "write"  # the pages post with all rights, after their checks

    def _get_portal_messages_domain(self):
        """The open conversation: what people wrote to each other, and what was sent
        in our name. Notes, system messages and other subtypes stay with us."""
        self.ensure_one()
        subtypes = self.env.ref("mail.mt_comment") | self._creation_subtype()
        return Domain(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("is_internal", "=", False),
                ("subtype_id", "in", subtypes.ids),
                ("subtype_id.internal", "=", False),
                ("message_type", "in", (*HUMAN_MESSAGE_TYPES, "auto_comment")),
            ]
        )

    def _get_portal_messages(self):
        """The last messages of the conversation, oldest first."""
        # sudo: the record was opened with the right to read it, and the domain says
        # which of its messages are meant for customers
        messages = self.env["mail.message"].sudo()
        domain = self._get_portal_messages_domain()
        return messages.search(domain, order="id desc", limit=MESSAGE_LIMIT)[::-1]

    def _get_portal_attachment(self, attachment_id):
        """An attachment of the conversation, or nothing.

        :param int attachment_id: what the customer asks for; may be a guess
        """
        self.ensure_one()
        domain = self._get_portal_messages_domain()
        domain &= Domain("attachment_ids", "in", [attachment_id])
        # sudo: see _get_portal_messages
        if not self.env["mail.message"].sudo().search_count(domain, limit=1):
            return self.env["ir.attachment"]
        return self.env["ir.attachment"].sudo().browse(attachment_id)

    def _portal_post_answer(self, author, text, attachments=()):
        if not text.strip() and not attachments:
            raise UserError(self.env._("Please write something, or attach a file."))
        return self._portal_post(author, text, attachments)

    def _portal_post(self, author, text, attachments=()):
        # Who answers by a link that was passed on must not become a follower: followers
        # may read it for ever.
        silent = self.with_context(mail_post_autofollow_author_skip=True)
        return silent.message_post(
            body=plaintext2html(text.strip()) if text.strip() else Markup(),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            author_id=author.id or None,
            email_from=author.email_formatted or self._get_portal_sender(),
            attachments=list(attachments),
        )

    def _get_portal_sender(self):
        """The address of who writes by a link, where no contact is known."""
        return self.partner_id.email_formatted

    # ------------------------------------------------------------
    # LINKS
    # ------------------------------------------------------------

    def action_revoke_links(self):
        """Make every link that was sent so far open nothing."""
        self.check_access("write")
        self._revoke_links()
        for record in self:
            record._message_log(
                body=record.env._("The links that were sent by mail were revoked.")
            )

    def _revoke_links(self):
        for record in self:
            record.access_token = str(uuid.uuid4())

    # ------------------------------------------------------------
    # THE FRAMEWORK'S CHATTER
    # ------------------------------------------------------------

    @api.model
    def _get_allowed_access_params(self):
        """No link opens the chatter: what it tells cannot be revoked."""
        return super()._get_allowed_access_params() - {"hash", "pid", "token"}

    def _message_update_content(self, message, /, **kwargs):
        """What somebody outside has said stays said."""
        if self.env.user.share and not self.env.su:
            raise AccessError(
                self.env._("Sent messages cannot be changed. Please send another one.")
            )
        return super()._message_update_content(message, **kwargs)
