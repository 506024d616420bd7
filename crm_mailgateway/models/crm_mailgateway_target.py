import json

from odoo import api, models
from odoo.tools import email_normalize, email_split

from ..pipeline import thread_key

CASE = "crm.case"
# More recipients than this are not looked up.
MAX_RECIPIENTS = 50


class CrmMailgatewayMessage(models.Model):
    """Whose business is a mail that nobody could route?

    One that is not parsed at all, or fails while it is, has no document yet. Managers
    of cases are asked about it, so they must see it; unless its recipients, as far as
    they can be read, tell that it is meant for another app.
    """

    _inherit = "crm.mailgateway.message"

    @api.model
    def _guess_target(self, arguments, recipients):
        """Return the model that a mail is probably meant for.

        :param dict arguments: those of ``message_process``
        :param str recipients: the To and Cc headers, decoded
        """
        if arguments.get("model"):
            return arguments["model"]
        addresses = {
            thread_key.split_address(email_normalize(address) or "")[0]
            for address in email_split(recipients or "")[:MAX_RECIPIENTS]
        }
        aliases = self.env["mail.alias"].sudo()  # read by any gateway user
        found = aliases.search([("alias_full_name", "in", list(addresses))])
        others = [m for m in found.alias_model_id.mapped("model") if m != CASE]
        return others[0] if others else CASE

    def _guess_own_target(self):
        """Return the model that this mail is probably meant for."""
        self.ensure_one()
        arguments = json.loads(self.arguments or "{}")
        return self.res_model or self._guess_target(arguments, self.email_to)
