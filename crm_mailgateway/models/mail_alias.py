from odoo import models


class MailAlias(models.Model):
    """An alias of a team stays valid, and its senders are not bounced.

    When a mail cannot become a case the mail is kept and staff see why. Telling
    the customer of our trouble, and closing the address for all others, helps nobody.
    """

    _inherit = "mail.alias"

    def _alias_bounce_incoming_email(self, message, message_dict, set_invalid=True):
        if self.alias_model_id.sudo().model == "crm.case":
            return
        super()._alias_bounce_incoming_email(message, message_dict, set_invalid)
