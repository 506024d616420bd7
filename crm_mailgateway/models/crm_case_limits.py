from datetime import timedelta

from odoo import api, fields, models

TOTAL_PARAMETER = "crm_mailgateway.acknowledgements_per_hour_total"
TOTAL = 1_000


class CrmCase(models.Model):
    """How many senders are thanked in an hour, all together.

    A flood of mails from ever new addresses makes cases, and no flood of answers. Who
    is listed in *Settings → Technical → Gateway Allowed Senders* has no limit.
    """

    _inherit = "crm.case"

    def _thanked_too_often(self, address):
        allowed = self.env["mail.gateway.allowed"].sudo()  # read by any gateway user
        if allowed.search_count([("email_normalized", "=", address)], limit=1):
            return False
        return super()._thanked_too_often(address) or self._thanked_too_many()

    @api.model
    def _thanked_too_many(self):
        parameters = self.env["ir.config_parameter"].sudo()  # read by any gateway user
        given = str(parameters.get_param(TOTAL_PARAMETER, TOTAL))
        limit = int(given) if given.isdecimal() else TOTAL
        since = fields.Datetime.now() - timedelta(hours=1)
        results = self.env["crm.mailgateway.result"].sudo()  # the gateway's own book
        thanked = results.search_count(
            [
                ("ack_state", "in", ("pending", "queued")),
                ("create_date", ">=", since),
            ],
            limit=limit,
        )
        return thanked >= limit
