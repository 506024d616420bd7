from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date


class MailMessage(models.Model):
    """Where a dialog offers messages to choose from, their names are author, day and
    first words, as many characters as ``excerpt_length`` in the context says; elsewhere
    all of a record have one name."""

    _inherit = "mail.message"

    @api.depends("author_id", "body", "date", "email_from")
    @api.depends_context("excerpt_length", "lang", "tz")
    def _compute_display_name(self):
        length = self.env.context.get("excerpt_length")
        if not length:
            return super()._compute_display_name()
        for message in self:
            text = self.env["crm.case.party"]._get_excerpt(message, length)
            message.display_name = self.env._(
                "%(author)s, %(date)s: %(text)s",
                author=message.author_id.name or message.email_from or "?",
                date=format_date(self.env, message.date),
                text=text,
            )
        return None

    @api.model
    def _search_display_name(self, operator, value):
        if not self.env.context.get("excerpt_length"):
            return super()._search_display_name(operator, value)
        return Domain("body", operator, value) | Domain(
            "author_id.name", operator, value
        )
