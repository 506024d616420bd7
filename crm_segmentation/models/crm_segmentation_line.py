from odoo import api, fields, models
from odoo.tools import format_amount, formatLang

AMOUNTS = ("sale", "purchase")


class CrmSegmentationLine(models.Model):
    """A criterion: what is measured, how it is compared, and with what.

    * ``sale`` / ``purchase``: the untaxed amounts of posted invoices / bills of the
      partner and its contacts, refunds subtracted, in the segmentation's currency.
      A partner without any has bought for 0.
    * ``som``: the state of mind, 0 to 10. A partner who has none meets no criterion.
    """

    _name = "crm.segmentation.line"
    _description = "Segmentation Criterion"
    _order = "sequence, id"

    name = fields.Char(
        "Rule Name",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    expr_name = fields.Selection(
        [
            ("sale", "Sale Amount"),
            ("som", "State of Mind"),
            ("purchase", "Purchase Amount"),
        ],
        "Control Variable",
        required=True,
        default="sale",
    )
    expr_operator = fields.Selection(
        [
            ("<", "<"),
            ("<=", "≤"),
            ("=", "="),
            ("!=", "≠"),
            (">=", "≥"),
            (">", ">"),
        ],
        "Operator",
        required=True,
        default=">",
    )
    expr_value = fields.Float("Value", required=True)
    unit = fields.Char(compute="_compute_unit")
    operator = fields.Selection(
        [("and", "Mandatory Expression"), ("or", "Optional Expression")],
        "Mandatory / Optional",
        required=True,
        default="and",
    )

    @api.depends("expr_name")
    def _compute_name(self):
        labels = dict(self._fields["expr_name"]._description_selection(self.env))
        for line in self:
            if not line.name or line.name in labels.values():
                line.name = labels.get(line.expr_name)

    @api.depends("expr_name", "segmentation_id.currency_id")
    def _compute_unit(self):
        for line in self:
            if line.expr_name in AMOUNTS:
                line.unit = line.segmentation_id.currency_id.symbol
            else:
                line.unit = self.env._("of 10")

    def _get_clause(self):
        """Return the criterion as the part of a sentence that follows *partners*."""
        self.ensure_one()
        clauses = {
            "sale": self.env._("who bought for %s"),
            "purchase": self.env._("who sold us for %s"),
            "som": self.env._("whose state of mind is %s"),
        }
        return clauses[self.expr_name] % self._get_comparison()

    def _get_comparison(self):
        comparisons = {
            "<": self.env._("less than %s"),
            "<=": self.env._("at most %s"),
            "=": self.env._("exactly %s"),
            "!=": self.env._("anything but %s"),
            ">=": self.env._("at least %s"),
            ">": self.env._("more than %s"),
        }
        return comparisons[self.expr_operator] % self._format_value()

    def _format_value(self):
        currency = self.segmentation_id.currency_id
        if self.expr_name in AMOUNTS and currency:
            return format_amount(
                self.env, self.expr_value, currency, trailing_zeroes=False
            )
        return formatLang(self.env, self.expr_value, digits=2)
