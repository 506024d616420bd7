from odoo import api, fields, models

CASE = "crm.case"
# RFC 3834 §5, RFC 2076 §3.9, and what Exchange understands.
BULK = ("bulk", "junk", "list", "auto_reply")


class CrmCase(models.Model):
    """Whether a machine opened the case, to which nothing is sent by itself.

    SET when the mail comes in, from its headers; a gateway that knows better gives
    ``is_automatic`` among the values of the new case. The word of a person, see
    ``_is_word_of_person``, takes it back: then there is somebody to talk to.
    """

    _inherit = "crm.case"

    is_automatic = fields.Boolean(
        string="Opened by a Machine",
        readonly=True,
        copy=False,
        help="The mail that opened it was sent by a program, or its sender wants no "
        "automatic answers: nobody is asked whether he is satisfied.",
    )

    def _register_human_message(self, message):
        result = super()._register_human_message(message)
        if self.sudo().is_automatic and self._is_word_of_person(message):
            # sudo: a customer answering on the portal may read the case, not write it
            self.sudo().is_automatic = False
        return result

    def _is_word_of_person(self, message):
        """Whether somebody outside typed this message himself: on the portal, as far as
        this addon can know."""
        message = message.sudo()
        is_outside = not message.author_id or message.author_id.partner_share
        return is_outside and message.message_type == "comment"


class MailThread(models.AbstractModel):
    """Mails of machines that open a case say so to it."""

    _inherit = "mail.thread"

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        if not self._is_automatic_mail(message):
            return routes
        return [
            (route[0], route[1], {"is_automatic": True, **(route[2] or {})}, *route[3:])
            if route[0] == CASE and not route[1]
            else route
            for route in routes or []
        ]

    @api.model
    def _is_automatic_mail(self, message):
        """Whether a mail was sent by a program or wants no automatic answer.

        :param email.message.EmailMessage message: the mail
        """

        def value(header):
            return str(message.get(header) or "").strip().lower()

        submitted = value("Auto-Submitted").partition(";")[0].strip()
        return (
            submitted not in ("", "no")
            or value("Precedence") in BULK
            or value("Return-Path") == "<>"
            or bool(value("X-Auto-Response-Suppress") or value("List-Id"))
        )
