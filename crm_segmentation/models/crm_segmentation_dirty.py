from odoo import api, fields, models
from odoo.tools import SQL

PENDING = "crm.segmentation.dirty"
PENDING_MOVES = "crm.segmentation.dirty.moves"


class CrmSegmentationDirty(models.Model):
    """Partners about whom something was written that a criterion may look at.

    A log, appended to and never updated: no unique key, as two users who post for one
    customer at the same time would make each other's transaction fail on it. What a
    transaction wrote is collected and appended by one statement when it commits.

    ``xid`` is the transaction that wrote the row. A run remembers the oldest
    transaction that was still open when it began (``crm.segmentation.dirty_xid``) and
    the next one takes the rows from there on: transactions do not commit in the order
    of their numbers, and a row that was invisible must not be missed. A row that is
    taken twice does no harm.
    """

    _name = "crm.segmentation.dirty"
    _description = "Partners to Look at Again"
    _log_access = False

    # No foreign key: it would lock the partner, and rows of the deleted do no harm.
    partner_id = fields.Integer(required=True)
    xid = fields.Float("Transaction", required=True)
    written_on = fields.Datetime(required=True)

    _xid_idx = models.Index("(xid)")

    @api.model
    def _add_moves(self, changed):
        """Log the partners of invoices when the transaction commits.

        :param changed: by id of the invoice, whether its state was written; without
            that only posted ones count
        """
        pending = self._get_pending(PENDING_MOVES, self._append_moves)
        for id_, by_state in changed.items():
            pending[id_] = by_state or pending.get(id_, False)

    def _append_moves(self):
        pending = self.env.cr.precommit.data.pop(PENDING_MOVES, None)
        if pending:
            self._append(
                SQL(
                    "SELECT DISTINCT commercial_partner_id FROM account_move"
                    " WHERE commercial_partner_id IS NOT NULL AND move_type != 'entry'"
                    " AND (id = ANY(%s) OR id = ANY(%s) AND state = 'posted')",
                    [id_ for id_, by_state in pending.items() if by_state],
                    [id_ for id_, by_state in pending.items() if not by_state],
                )
            )

    def _get_pending(self, key, append):
        precommit = self.env.cr.precommit
        if key not in precommit.data:
            precommit.data[key] = {}
            precommit.add(append)
        return precommit.data[key]

    @api.model
    def _add(self, partner_ids):
        """Log partners when the transaction commits.

        :param partner_ids: ids of any partners; contacts count for their companies
        """
        partner_ids = {id_ for id_ in partner_ids if id_}
        if not partner_ids:
            return
        pending = self._get_pending(PENDING, self._append_partners)
        pending.update(dict.fromkeys(partner_ids))

    def _append_partners(self):
        pending = self.env.cr.precommit.data.pop(PENDING, None)
        if pending:
            self._append(SQL("SELECT unnest(%s)", sorted(pending)))

    @api.model
    def _append_pending(self):
        """Append now what would be at the end of the transaction."""
        self.env.flush_all()
        self._append_moves()
        self._append_partners()

    def _append(self, query):
        """Append the partners whom a query yields, within the transaction."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO crm_segmentation_dirty (partner_id, xid, written_on)"
                " SELECT id, pg_current_xact_id()::text::float8,"
                " now() AT TIME ZONE 'UTC' FROM (%s) changed(id)",
                query,
            )
        )
