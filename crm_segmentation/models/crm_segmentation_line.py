from odoo import api, fields, models
from odoo.tools import format_amount, format_date, formatLang

# What "Use the Sales and Purchase Rules" switches
SWITCHED = ("sale", "purchase", "som")
MONEY = ("sale", "purchase", "sale_average", "sale_largest", "overdue")
WINDOWED = (
    "sale",
    "purchase",
    "sale_count",
    "purchase_count",
    "sale_average",
    "sale_largest",
)


class CrmSegmentationLine(models.Model):
    """A criterion: what is measured, how it is compared, and with what.

    * ``sale`` / ``purchase``: the untaxed amounts of posted invoices / bills of the
      partner and its contacts, refunds subtracted, in the segmentation's currency.
      A partner without any has bought for 0.
    * ``sale_count`` / ``purchase_count``: how many invoices / bills; refunds are none.
    * ``sale_average`` / ``sale_largest``: of the untaxed amounts of the invoices,
      refunds left alone. A partner without an invoice meets no criterion.
    * ``sale_first`` / ``sale_last``: the days since the first / last invoice. A partner
      without an invoice meets no criterion.
    * ``overdue``: what is still to be paid on posted invoices whose due date is past,
      taxes included, less what is open on refunds that are due.
    * ``som``: the state of mind, 0 to 10. A partner who has none meets no criterion.

    Amounts and numbers of documents may be limited to a window of invoice dates, both
    ends included. A relative one ends on the day the run started at the company's
    place, and moves on with every run.
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
            ("sale_count", "Number of Invoices"),
            ("purchase_count", "Number of Bills"),
            ("sale_average", "Average Invoice"),
            ("sale_largest", "Largest Invoice"),
            ("sale_first", "Days since First Invoice"),
            ("sale_last", "Days since Last Invoice"),
            ("overdue", "Amount Overdue"),
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
    has_window = fields.Boolean(compute="_compute_has_window")
    window_type = fields.Selection(
        [("all", "All Time"), ("last", "In the Last"), ("between", "Between")],
        "When",
        required=True,
        default="all",
        help="The invoice dates that count.",
    )
    window_number = fields.Integer("Number", default=12)
    window_unit = fields.Selection(
        [
            ("days", "Days"),
            ("weeks", "Weeks"),
            ("months", "Months"),
            ("years", "Years"),
        ],
        "Period",
        default="months",
    )
    date_from = fields.Date("From")
    date_to = fields.Date("To")
    operator = fields.Selection(
        [("and", "Mandatory Expression"), ("or", "Optional Expression")],
        "Mandatory / Optional",
        required=True,
        default="and",
    )

    _window_last_check = models.Constraint(
        "CHECK (window_type != 'last' OR (window_number BETWEEN 1 AND 1000"
        " AND window_unit IS NOT NULL AND window_number IS NOT NULL))",
        "Say how many days, weeks, months or years count: 1 to 1000.",
    )
    _window_between_check = models.Constraint(
        "CHECK (window_type != 'between' OR (date_from IS NOT NULL"
        " AND date_to IS NOT NULL AND date_from <= date_to))",
        "Say from which day to which day, the earlier one first.",
    )

    @api.depends("expr_name")
    def _compute_name(self):
        labels = dict(self._fields["expr_name"]._description_selection(self.env))
        for line in self:
            if not line.name or line.name in labels.values():
                line.name = labels.get(line.expr_name)

    @api.depends("expr_name", "segmentation_id.currency_id")
    def _compute_unit(self):
        units = {
            "som": self.env._("of 10"),
            "sale_count": self.env._("invoices"),
            "purchase_count": self.env._("bills"),
            "sale_first": self.env._("days"),
            "sale_last": self.env._("days"),
        }
        for line in self:
            currency = line.segmentation_id.currency_id
            line.unit = units.get(line.expr_name, currency.symbol)

    @api.depends("expr_name")
    def _compute_has_window(self):
        for line in self:
            line.has_window = line.expr_name in WINDOWED

    # ------------------------------------------------------------------
    # SENTENCE
    # ------------------------------------------------------------------

    def _is_switched_off(self):
        self.ensure_one()
        active = self.segmentation_id.sales_purchase_active
        return self.expr_name in SWITCHED and not active

    def _get_clause(self):
        """Return the criterion as the part of a sentence that follows *partners*."""
        self.ensure_one()
        clauses = {
            "sale": self.env._("who bought for %s"),
            "purchase": self.env._("who sold us for %s"),
            "som": self.env._("whose state of mind is %s"),
            "sale_count": self.env._("whose number of invoices is %s"),
            "purchase_count": self.env._("whose number of bills is %s"),
            "sale_average": self.env._("whose average invoice is %s"),
            "sale_largest": self.env._("whose largest invoice is %s"),
            "sale_first": self.env._("whose first invoice is %s days old"),
            "sale_last": self.env._("whose last invoice is %s days old"),
            "overdue": self.env._("whose overdue invoices amount to %s"),
        }
        clause = clauses[self.expr_name] % self._get_comparison()
        window = self._get_window_text()
        if not window:
            return clause
        return self.env._("%(criterion)s %(window)s", criterion=clause, window=window)

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
        if self.expr_name in MONEY and currency:
            return format_amount(
                self.env, self.expr_value, currency, trailing_zeroes=False
            )
        whole = self.expr_name != "som" and self.expr_value == int(self.expr_value)
        return formatLang(self.env, self.expr_value, digits=0 if whole else 2)

    def _get_window_text(self):
        """Return the window as it ends a clause, nothing for all time."""
        if not self.has_window or self.window_type == "all":
            return ""
        if self.window_type == "between":
            return self.env._(
                "between %(first)s and %(last)s",
                first=format_date(self.env, self.date_from) or "…",
                last=format_date(self.env, self.date_to) or "…",
            )
        if self.window_number == 1:
            return self._get_last_unit_text()
        texts = {
            "days": self.env._("in the last %s days", self.window_number),
            "weeks": self.env._("in the last %s weeks", self.window_number),
            "months": self.env._("in the last %s months", self.window_number),
            "years": self.env._("in the last %s years", self.window_number),
        }
        return texts.get(self.window_unit, "")

    def _get_last_unit_text(self):
        texts = {
            "days": self.env._("today"),
            "weeks": self.env._("in the last week"),
            "months": self.env._("in the last month"),
            "years": self.env._("in the last year"),
        }
        return texts.get(self.window_unit, "")
