from odoo import api, fields, models

from ..pipeline import classify

KINDS = [
    (classify.HUMAN, "Person"),
    (classify.SILENT, "Person, wants no automatic answer"),
    (classify.AUTOMATIC, "Automatic"),
    (classify.OUT_OF_OFFICE, "Out of office"),
    (classify.BOUNCE, "Bounce"),
    (classify.REPORT, "Delivery report"),
    (classify.LIST, "Mailing list"),
    (classify.MARKETING, "Advertisement"),
    (classify.SPAM, "Flagged as spam"),
    (classify.OWN, "Our own mail"),
    (classify.CALENDAR, "Invitation"),
]


class CrmMailgatewayResult(models.Model):
    """What kind of mail it was, found out while it was processed."""

    _inherit = "crm.mailgateway.result"

    classification = fields.Selection(KINDS, "Kind of Mail", readonly=True)


class CrmMailgatewayMessage(models.Model):
    """Kind of a mail, and the message that it became."""

    _inherit = "crm.mailgateway.message"

    classification = fields.Selection(
        KINDS,
        "Kind of Mail",
        readonly=True,
        help="Empty for mails that were not parsed, or not yet.",
    )
    mail_message_id = fields.Many2one(
        "mail.message",
        string="Message",
        compute="_compute_mail_message_id",
        help="The message in the conversation that this mail became.",
    )

    @api.depends("message_id", "state")
    @api.depends_context("uid")
    def _compute_mail_message_id(self):
        """Find messages by their Message-ID, as far as the reader may see them."""
        processed = self.filtered(lambda row: row.state == "processed")
        wanted = [name for name in processed.mapped("message_id") if name]
        found = self.env["mail.message"].search_fetch(
            [("message_id", "in", wanted)], ["message_id"]
        )
        by_id = {message.message_id: message for message in found}
        for received in self:
            message = received in processed and by_id.get(received.message_id)
            received.mail_message_id = message
