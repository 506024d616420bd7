from odoo import models

# What criteria look at; lines and payments change these too
WATCHED = {
    "state",
    "move_type",
    "commercial_partner_id",
    "company_id",
    "amount_untaxed_signed",
    "amount_residual_signed",
    "invoice_date",
    "invoice_date_due",
}


class AccountMove(models.Model):
    """Posted invoices, with indexes that answer what a partner bought and owes."""

    _inherit = "account.move"

    # What each partner bought and sold is summed from this index alone. The engine
    # repeats the condition word for word (engine/sources.py). On a large live
    # database create it first with CREATE INDEX CONCURRENTLY under the same name,
    # account_move_segmentation_idx: Odoo then keeps it and locks nothing.
    _segmentation_idx = models.Index(
        "(commercial_partner_id)"
        " INCLUDE (amount_untaxed_signed, move_type, company_id, invoice_date)"
        " WHERE state = 'posted' AND move_type IN ('out_invoice', 'out_refund',"
        " 'in_invoice', 'in_refund', 'out_receipt', 'in_receipt')"
    )
    # What is still open is little beside what was ever invoiced.
    _segmentation_open_idx = models.Index(
        "(commercial_partner_id)"
        " INCLUDE (amount_residual_signed, company_id, invoice_date_due)"
        " WHERE state = 'posted' AND move_type IN ('out_invoice', 'out_refund')"
        " AND amount_residual_signed != 0"
    )

    def _write_multi(self, vals_list):
        # The one way by which every stored change comes, recomputed amounts too.
        self._log_for_segmentation(vals_list)
        return super()._write_multi(vals_list)

    def _log_for_segmentation(self, vals_list):
        """Have the partners of changed posted invoices looked at again."""
        changed = {
            id_: "state" in vals
            for id_, vals in zip(self._ids, vals_list, strict=True)
            if not WATCHED.isdisjoint(vals)
        }
        if changed:
            self.env["crm.segmentation.dirty"]._add_moves(changed)
