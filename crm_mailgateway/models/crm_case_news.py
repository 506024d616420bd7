import time

from odoo import api, models

from ..trace import CONTEXT_KEY

# Each time costs a connection, as long as filing a mail takes.
PAUSE = 2  # seconds
# When this process told of a mail last, by database.
_told = {}


class CrmCase(models.Model):
    """Open boards hear of a flood of mails every few seconds, not once per mail.

    The first mail is told of when it is committed. Those that follow within seconds
    are left to the next one after the pause, or to the scheduled action that thanks,
    whichever comes first.
    """

    _inherit = "crm.case"

    @api.model
    def _announce(self):
        return super()._announce() if self._mailgateway_tells() else None

    @api.model
    def _tell_dashboards(self):
        return super()._tell_dashboards() if self._mailgateway_tells() else None

    @api.model
    def _mailgateway_tells(self):
        """Whether this transaction tells: one that files no mail always does."""
        trace = self.env.context.get(CONTEXT_KEY)
        if not trace:
            return True
        if trace.tells is None:
            database, now = self.env.cr.dbname, time.monotonic()
            trace.tells = now - _told.get(database, -PAUSE) >= PAUSE
            if trace.tells:
                _told[database] = now
        return trace.tells
