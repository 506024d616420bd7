from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# For how many days the bytes are kept, by state; settings may say otherwise.
RETENTION = {"processed": 90, "ignored": 30}
# Which mails these are. What is spam, or made a case that is, is kept no longer than
# what is ignored.
SPAM = SQL(
    "row.state = 'processed' AND (row.classification = 'spam' OR EXISTS"
    " (SELECT FROM crm_case c WHERE c.id = row.case_id AND c.is_spam))"
)
CONDITIONS = {
    "processed": SQL("row.state = 'processed'"),
    "ignored": SQL("(row.state = 'ignored' OR %s)", SPAM),
}
BATCH = 500


class CrmMailgatewayMessage(models.Model):
    """For how long the exact bytes of mails are kept.

    Those of processed mails for 90 days, those of ignored ones and spam for 30; what
    failed or is quarantined until a person decided. The row stays, with the digest of
    the bytes, so that the same mail delivered once more is still recognised.
    """

    _inherit = "crm.mailgateway.message"

    @api.model
    def _get_retention(self, state):
        """Return for how many days the bytes of mails in a state are kept."""
        name = f"crm_mailgateway.keep_{state}_days"
        given = self.env["ir.config_parameter"].sudo().get_param(name) or ""
        return int(given) if given.isdecimal() else RETENTION[state]

    @api.model
    def _cron_purge(self):
        """Forget the bytes of mails that are old enough."""
        progress = self.env["ir.cron"]
        for state in RETENTION:
            while row_ids := self._find_expired(state):
                self._purge(row_ids)
                if not progress._commit_progress(len(row_ids)):
                    return

    @api.model
    def _find_expired(self, state):
        until = fields.Datetime.now() - timedelta(days=self._get_retention(state))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT raw.journal_id FROM crm_mailgateway_raw raw
                  JOIN crm_mailgateway_message row ON row.id = raw.journal_id
                 WHERE %s AND row.create_date < %s
                 ORDER BY raw.journal_id LIMIT %s
                """,
                CONDITIONS[state],
                until,
                BATCH,
            )
        )
        return [row_id for (row_id,) in rows]
