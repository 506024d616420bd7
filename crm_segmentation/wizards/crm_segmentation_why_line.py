from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine.related import CASE_STATES, ORDERS
from ..engine.sources import DEBT_TYPES, INVOICE_KINDS, SALE_TYPES
from ..models.crm_segmentation_line import PRODUCTS

EVENTS = ("som", "event_last", "event_count")
# What invoices and bills are behind a criterion
MOVE_TYPES = {
    **{kind: measured.types for kind, measured in INVOICE_KINDS.items()},
    "overdue": DEBT_TYPES,
    "days_late": ("out_invoice",),
    **dict.fromkeys(PRODUCTS, SALE_TYPES),
}
MODELS = {
    **dict.fromkeys(MOVE_TYPES, "account.move"),
    **dict.fromkeys(EVENTS, "res.partner"),
    **dict.fromkeys(CASE_STATES, "crm.case"),
    "sale_order_amount": "sale.order",
    "sale_order_count": "sale.order",
    "purchase_order_amount": "purchase.order",
    "purchase_order_count": "purchase.order",
    "domain": "res.partner",
    "segmentation": "crm.segmentation",
}


class CrmSegmentationWhyLine(models.TransientModel):
    """A criterion, what it says about the partner, and the way to what is behind it.

    Invoices, bills, orders and cases are listed, those that were measured and no
    others; events and ratings are shown with the state of mind, a condition with the
    partner, and of another segmentation it is asked why in turn.
    """

    _name = "crm.segmentation.why.line"
    _description = "Why a Criterion Holds"

    why_id = fields.Many2one("crm.segmentation.why", required=True, ondelete="cascade")
    line_id = fields.Many2one("crm.segmentation.line", ondelete="cascade")
    expr_name = fields.Selection(related="line_id.expr_name")
    clause = fields.Char("Criterion")
    value = fields.Char("Is")
    holds = fields.Boolean()
    has_documents = fields.Boolean(compute="_compute_has_documents")

    @api.depends("expr_name")
    def _compute_has_documents(self):
        for line in self:
            model = MODELS.get(line.expr_name)
            line.has_documents = model in self.env and self.env[model].has_access(
                "read"
            )

    def action_view_documents(self):
        """Open what was measured.

        :raise UserError: if there is nothing, or nothing the user may read
        """
        self.ensure_one()
        if not self.has_documents:
            raise UserError(self.env._("There are no documents behind this."))
        partner = self.why_id.partner_id.commercial_partner_id
        if self.expr_name in EVENTS:
            return partner.action_view_state_of_mind()
        if self.expr_name == "segmentation":
            return self._ask_other()
        if self.expr_name == "domain":
            return partner.get_formview_action()
        return {
            "type": "ir.actions.act_window",
            "name": f"{partner.display_name}: {self.clause}",
            "res_model": MODELS[self.expr_name],
            "view_mode": "list,form",
            "domain": list(self._get_documents_domain(partner)),
            "context": {"create": False},
        }

    def _ask_other(self):
        """Ask why the partner is in the segmentation that the criterion looks at."""
        other = self.line_id.sudo().other_segmentation_id.sudo(False)
        vals = {"segmentation_id": other.id, "partner_id": self.why_id.partner_id.id}
        return self.why_id.create(vals)._get_dialog()

    def _get_documents_domain(self, partner):
        segmentation = self.why_id.segmentation_id
        today = segmentation._get_today(fields.Datetime.now())
        if self.expr_name in MOVE_TYPES:
            domain = self._get_moves_domain(partner, segmentation, today)
        elif self.expr_name in CASE_STATES:
            domain = Domain("state", "in", CASE_STATES[self.expr_name])
            domain &= self._get_partner_domain(partner)
        else:
            domain = self._get_orders_domain(segmentation, today)
            domain &= self._get_partner_domain(partner)
        company = segmentation.company_id
        if company and self.expr_name not in CASE_STATES:
            domain &= Domain("company_id", "child_of", company.id)
        return domain

    def _get_partner_domain(self, partner):
        return Domain("partner_id.commercial_partner_id", "=", partner.id)

    def _get_moves_domain(self, partner, segmentation, today):
        types = segmentation.sudo()._get_scope(today).expand(MOVE_TYPES[self.expr_name])
        domain = Domain("commercial_partner_id", "=", partner.id)
        domain &= Domain("move_type", "in", types) & Domain("state", "=", "posted")
        first, last = self.line_id._get_window_days(today)
        if first:
            domain &= Domain("invoice_date", ">=", first)
        if last:
            domain &= Domain("invoice_date", "<=", last)
        if self.expr_name == "overdue":
            domain &= Domain("invoice_date_due", "<", today)
            domain &= Domain("amount_residual", "!=", 0)
        if self.expr_name in PRODUCTS:
            domain &= Domain("invoice_line_ids", "any", self._get_products_domain())
        return domain

    def _get_products_domain(self):
        """Return which lines of invoices are about the products of the criterion."""
        found = Domain("product_id", "in", self.line_id.product_ids.ids)
        categories = self.line_id.product_categ_ids.ids
        found |= Domain("product_id.categ_id", "child_of", categories)
        return Domain("display_type", "=", "product") & found

    def _get_orders_domain(self, segmentation, today):
        """Return the confirmed orders of the days that count, at the company's place"""
        kind = self.expr_name.rpartition("_")[0]
        _table, state, moment = ORDERS[kind]
        column = moment.code.removeprefix("o.")
        timezone = pytz.timezone(segmentation._get_timezone())
        first, last = self.line_id._get_window_days(today)
        domain = Domain("state", "=", state)
        if first:
            domain &= Domain(column, ">=", _get_midnight(first, timezone))
        if last:
            end = _get_midnight(last + timedelta(days=1), timezone)
            domain &= Domain(column, "<", end)
        return domain


def _get_midnight(day, timezone):
    """Return when a day begins there, in UTC as the database keeps it."""
    begins = timezone.localize(datetime.combine(day, time.min))
    return begins.astimezone(pytz.utc).replace(tzinfo=None)
