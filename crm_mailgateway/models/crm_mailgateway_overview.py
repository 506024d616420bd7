from odoo import api, fields, models
from odoo.tools import format_duration

from .crm_mailgateway_health import LATE_AFTER


class CrmMailgatewayHealth(models.Model):
    """What stands above the list of mailboxes: whether anything is late at all.

    Mails are accounted for by mailbox, below. Above is what no mailbox tells: the
    scheduled actions that fetch, process, thank and send, the mailboxes that do not
    answer, and the customer who has waited longest.
    """

    _inherit = "crm.mailgateway.health"

    @api.model
    @api.readonly
    def get_overview(self):
        """Return what the page of health shows above its list.

        :return: ``crons`` and ``troubled`` as lists of name and words, ``stopped`` as
            list of names, ``oldest`` as id, name and words of a case, or False
        """
        self.check_access("read")
        return {
            "crons": [
                {"name": name, "late": minutes > LATE_AFTER and _hours(minutes)}
                for name, minutes in self._get_cron_lateness()
            ],
            "stopped": self._get_stopped_crons(),
            "troubled": self._get_troubled(),
            "oldest": self._get_oldest_in_words(),
        }

    @api.model
    def _get_troubled(self):
        # sudo: managers of cases see the name of a mailbox, not its password
        mailboxes = self.env["fetchmail.server"].sudo()
        troubled = mailboxes.search([("error_date", "!=", False)], limit=20)
        return [{"name": m.name, "error": m.error_message or ""} for m in troubled]

    @api.model
    def _get_oldest_in_words(self):
        case = self._get_oldest_unanswered()
        if not case:
            return False
        waited = fields.Datetime.now() - case.date_last_customer_message
        minutes = waited.total_seconds() / 60
        since = (
            self.env._("%s days", waited.days) if waited.days > 1 else _hours(minutes)
        )
        return {"id": case.id, "name": case.display_name, "since": since}


def _hours(minutes):
    return format_duration(minutes / 60) + " h"
