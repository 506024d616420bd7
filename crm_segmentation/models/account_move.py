from odoo import models


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
