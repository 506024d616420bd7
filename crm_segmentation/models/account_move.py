from odoo import models


class AccountMove(models.Model):
    """Posted invoices, with an index that answers what a partner bought."""

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
