from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

LIMIT_PARAMETER = "crm_mailgateway.acknowledgements_per_hour"
LIMIT = 5
TOTAL_PARAMETER = "crm_mailgateway.acknowledgements_per_hour_total"
TOTAL = 1_000

# In one question: each new case asks it.
QUESTION = """
SELECT NOT EXISTS (SELECT 1 FROM mail_gateway_allowed WHERE email_normalized = %s)
   AND (%s OR EXISTS (SELECT 1 FROM crm_mailgateway_result
                 WHERE sender = %s AND create_date >= %s
                   AND ack_state IN ('pending', 'queued') OFFSET %s LIMIT 1)
     OR EXISTS (SELECT 1 FROM crm_mailgateway_result
                 WHERE create_date >= %s
                   AND ack_state IN ('pending', 'queued') OFFSET %s LIMIT 1))
"""


class CrmCase(models.Model):
    """How many senders are thanked in an hour: the same one, and all together.

    A flood of mails from ever new addresses makes cases, and no flood of answers. Who
    is listed in *Settings → Technical → Gateway Allowed Senders* has no limit.
    """

    _inherit = "crm.case"

    def _thanked_too_often(self, address):
        own = self._get_thanks_limit(LIMIT_PARAMETER, LIMIT)
        total = self._get_thanks_limit(TOTAL_PARAMETER, TOTAL)
        since = fields.Datetime.now() - timedelta(hours=1)
        # Earlier mails of the same transaction count.
        self.env["crm.mailgateway.result"].flush_model(["sender", "ack_state"])
        closed = not (own and total)
        own, total = max(0, own - 1), max(0, total - 1)
        values = (address, closed, address, since, own, since, total)
        return self.env.execute_query(SQL(QUESTION, *values))[0][0]

    @api.model
    def _get_thanks_limit(self, parameter, standard):
        parameters = self.env["ir.config_parameter"].sudo()  # read by any gateway user
        given = str(parameters.get_param(parameter, standard))
        return int(given) if given.isdecimal() else standard
