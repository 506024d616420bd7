from odoo import fields, models


class FetchmailServer(models.Model):
    """Whether the server behind a mailbox checks senders.

    A mail can bring an ``Authentication-Results`` header of its own. If our server
    adds none, that one is the topmost. So nobody's verdict is believed until an
    administrator names the server that adds its own to every mail of this mailbox.
    """

    _inherit = "fetchmail.server"

    crm_mailgateway_authserv_ids = fields.Char(
        "Sender Checks by",
        help="The name with which your mail server begins the Authentication-Results "
        "header, such as mx.example.com. Name it only if it adds this header to every "
        "mail of this mailbox, and removes those that mails bring along. A colleague's "
        "mail then counts as his. Empty: no header is believed.",
    )
