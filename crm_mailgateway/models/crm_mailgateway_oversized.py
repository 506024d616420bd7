from odoo import api, models
from odoo.tools import SQL, LazyTranslate

from .. import words

_lt = LazyTranslate(__name__)

# A name that means another mail tomorrow (POP3 without UIDL) proves nothing.
PASSING_NAME = "number %"


class CrmMailgatewayMessage(models.Model):
    """Mails that are too large to be downloaded, known by their name in the mailbox.

    One is recorded once with its headers, and stays in its mailbox until the limit
    allows it. When it is downloaded in the end, its record says so and needs no
    decision any more.
    """

    _inherit = "crm.mailgateway.message"

    @api.model
    def _get_known_oversized(self, mailbox_id, keys):
        """Return those of the mails left in a mailbox that are recorded already."""
        return self._get_server_keys(
            SQL("mailbox_id = %s AND server_key = ANY(%s)", mailbox_id, keys)
        )

    @api.model
    def _get_awaited_oversized(self, mailbox_id):
        """Return the names of the mails that nobody has decided about yet."""
        return self._get_server_keys(
            SQL(
                "mailbox_id = %s AND server_key NOT LIKE %s AND state = 'quarantined'",
                mailbox_id,
                PASSING_NAME,
            )
        )

    @api.model
    def _get_server_keys(self, condition):
        rows = self.env.execute_query(
            SQL("SELECT server_key FROM crm_mailgateway_message WHERE %s", condition)
        )
        return {key for (key,) in rows}

    @api.model
    def _note_download(self, mailbox_id, server_key, row_id):
        """Close the record of a mail that was too large, now that it is here.

        :param int row_id: the row that holds it
        """
        waiting = self.search(
            [
                ("mailbox_id", "=", mailbox_id),
                ("server_key", "=", server_key),
                ("state", "=", "quarantined"),
            ]
        )
        verdict = _lt("It was downloaded in the end: see #%s", row_id)
        waiting.write({"state": "ignored", "verdict_terms": words.pack(verdict)})
