from odoo import fields, models
from odoo.tools import SQL


class CrmMailgatewayRaw(models.Model):
    """The exact bytes of a received mail, in a table of their own.

    A ``bytea`` column, not an attachment: one INSERT stores them durably together
    with their journal row, while the filestore is not synced to disk and a torn
    file would make every later attempt fail. And not a ``Binary`` field, which
    would hold base64 and travel with every read of the row.
    """

    _name = "crm.mailgateway.raw"
    _description = "Bytes of a Received Mail"
    _log_access = False

    journal_id = fields.Many2one(
        "crm.mailgateway.message",
        required=True,
        index=True,
        ondelete="cascade",
    )

    _journal_unique = models.UniqueIndex("(journal_id)")

    def init(self):
        """Add the column that the ORM has no type for."""
        self.env.cr.execute(
            SQL(
                "ALTER TABLE %s ADD COLUMN IF NOT EXISTS content bytea",
                SQL.identifier(self._table),
            )
        )
