import ast
import math

from psycopg2 import DataError

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# What "Use the Sales and Purchase Rules" switches
SWITCHED = ("sale", "purchase", "som")
MONEY = (
    "sale",
    "purchase",
    "sale_average",
    "sale_largest",
    "overdue",
    "product_amount",
    "sale_order_amount",
    "purchase_order_amount",
)
WINDOWED = (
    "sale",
    "purchase",
    "sale_count",
    "purchase_count",
    "sale_average",
    "sale_largest",
    "days_late",
    "product",
    "product_amount",
    "product_quantity",
    "event_count",
    "sale_order_amount",
    "sale_order_count",
    "purchase_order_amount",
    "purchase_order_count",
)
SCORES = ("som", "event_last")
PRODUCTS = ("product", "product_amount", "product_quantity")
# What a condition fails with that is none, or none of this database
UNREADABLE = (
    ValueError,
    TypeError,
    SyntaxError,
    KeyError,
    MemoryError,
    RecursionError,
    DataError,
)
# They hold or not; nothing is measured
PLAIN = ("product", "domain", "segmentation")
# Of apps that need not be there
APPS = {
    "case_open": "crm_cases",
    "case_closed": "crm_cases",
    "sale_order_amount": "sale",
    "sale_order_count": "sale",
    "purchase_order_amount": "purchase",
    "purchase_order_count": "purchase",
}
SET_OPERATORS = ("set", "not set")
MAX_DEPTH = 5
MAX_VALUE = 1e15


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
    * ``days_late``: by how many days invoices were paid late, on average. Those that
      are still open count from their due date to today, those not yet due do not
      count, and none counts less than 0.
    * ``product``: whether any of the products was ever invoiced to the partner;
      ``product_amount`` / ``product_quantity``: for how much, and how many, refunds
      subtracted. A category stands for all its products.
    * ``som``: the state of mind, 0 to 10. A partner who has none meets no criterion.
    * ``event_last``: the score of the last event, the mean if several are of that day;
      ``event_count``: how many events are known.
    * ``domain``: any condition on the partner. ``segmentation``: is in another one.
    * ``case_open`` / ``case_closed``: how many cases of these states.
    * ``sale_order_…`` / ``purchase_order_…``: untaxed amount, and number, of confirmed
      orders.
    * ``group``: the criteria in it, ``all``, ``any`` or ``none`` of them.

    ``set`` means that there is something to measure: an invoice, an event, a score.

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
        "crm.segmentation",
        compute="_compute_segmentation_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="cascade",
        copy=False,
    )
    parent_id = fields.Many2one(
        "crm.segmentation.line", "Group", index=True, ondelete="cascade"
    )
    child_ids = fields.One2many(
        "crm.segmentation.line", "parent_id", "Criteria of the Group", copy=True
    )
    group_kind = fields.Selection(
        [
            ("all", "All of these"),
            ("any", "At least one of these"),
            ("none", "None of these"),
        ],
        "The Group Holds if",
        required=True,
        default="any",
        help="How the criteria of a group count together.",
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
            ("days_late", "Days Late on Average"),
            ("product", "Products Bought"),
            ("product_amount", "Amount of Products"),
            ("product_quantity", "Quantity of Products"),
            ("event_last", "Score of the Last Event"),
            ("event_count", "Number of Events"),
            ("domain", "Condition on the Partner"),
            ("segmentation", "Other Segmentation"),
            ("case_open", "Number of Open Cases"),
            ("case_closed", "Number of Closed Cases"),
            ("sale_order_amount", "Sales Orders"),
            ("sale_order_count", "Number of Sales Orders"),
            ("purchase_order_amount", "Purchase Orders"),
            ("purchase_order_count", "Number of Purchase Orders"),
            ("group", "Group of Criteria"),
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
            ("between", "between"),
            ("set", "is set"),
            ("not set", "is not set"),
        ],
        "Operator",
        required=True,
        compute="_compute_expr_operator",
        store=True,
        readonly=False,
        precompute=True,
    )
    expr_value = fields.Float("Value", required=True, default=0)
    expr_value_to = fields.Float("and", help="The upper end, included.")
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
    product_ids = fields.Many2many("product.product", string="Products")
    product_categ_ids = fields.Many2many(
        "product.category", string="Product Categories"
    )
    domain = fields.Char("Condition", default="[]")
    other_segmentation_id = fields.Many2one(
        "crm.segmentation",
        "In the Segmentation",
        index="btree_not_null",
        ondelete="restrict",
    )
    operator = fields.Selection(
        [("and", "Mandatory Expression"), ("or", "Optional Expression")],
        "Mandatory / Optional",
        required=True,
        default="and",
    )

    _between_check = models.Constraint(
        "CHECK (expr_operator != 'between' OR expr_value <= expr_value_to)",
        "Say between which two values, the smaller one first.",
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

    @api.depends("parent_id")
    def _compute_segmentation_id(self):
        for line in self:
            line.segmentation_id = (
                line.parent_id.segmentation_id or line.segmentation_id
            )

    @api.depends("expr_name")
    def _compute_expr_operator(self):
        for line in self:
            # "is set" of one kind reads as something else, or as nonsense, with another
            allowed = line._get_operators()
            plain = allowed == SET_OPERATORS
            if line.expr_operator not in allowed or (
                not plain and line.expr_operator in SET_OPERATORS
            ):
                line.expr_operator = allowed[0]

    def _get_operators(self):
        """Return the operators that make sense with the kind, the usual one first."""
        if self.expr_name in PLAIN or self.expr_name == "group":
            return SET_OPERATORS
        return (">", ">=", "=", "!=", "<=", "<", "between", *SET_OPERATORS)

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
            "event_last": self.env._("of 10"),
            "event_count": self.env._("events"),
            "days_late": self.env._("days"),
            "product_quantity": self.env._("units"),
            "case_open": self.env._("cases"),
            "case_closed": self.env._("cases"),
            "sale_order_count": self.env._("orders"),
            "purchase_order_count": self.env._("orders"),
            **dict.fromkeys((*PLAIN, "group"), ""),
        }
        for line in self:
            currency = line.segmentation_id.currency_id
            line.unit = units.get(line.expr_name, currency.symbol)

    @api.depends("expr_name")
    def _compute_has_window(self):
        for line in self:
            line.has_window = line.expr_name in WINDOWED

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for line, vals in zip(self, vals_list, strict=True):
            if not line.parent_id:  # a copied group has its own segmentation
                vals.setdefault("segmentation_id", line.segmentation_id.id)
        return vals_list

    def _is_switched_off(self):
        self.ensure_one()
        active = self.segmentation_id.sales_purchase_active
        return self.expr_name in SWITCHED and not active

    # ------------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------------

    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A group cannot contain itself."))
        for line in self:
            depth, parent = 0, line.parent_id
            while parent:
                depth, parent = depth + 1, parent.parent_id
            if depth > MAX_DEPTH:
                raise ValidationError(
                    self.env._("Groups can be nested %s deep.", MAX_DEPTH)
                )

    @api.constrains("expr_name", "expr_operator")
    def _check_operator(self):
        for line in self:
            if line.expr_operator not in line._get_operators():
                raise ValidationError(
                    self.env._(
                        "“%(name)s” cannot be compared with “%(operator)s”.",
                        name=line.name,
                        operator=line.expr_operator,
                    )
                )

    @api.constrains("expr_value", "expr_value_to")
    def _check_values(self):
        for line in self:
            for value in (line.expr_value, line.expr_value_to):
                if not math.isfinite(value) or abs(value) > MAX_VALUE:
                    raise ValidationError(
                        self.env._("“%s” compares with an absurd number.", line.name)
                    )

    @api.constrains("domain", "expr_name")
    def _check_domain(self):
        """Refuse what cannot be read, or what its author may not look at."""
        partners = self.env["res.partner"].sudo(False)
        for line in self.filtered(lambda line: line.expr_name == "domain"):
            try:
                # What the database refuses must not cost the rest of the transaction.
                with self.env.cr.savepoint(flush=False):
                    partners.search(line._get_partner_domain(), limit=1)
            except UNREADABLE as error:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” has a condition that cannot be understood: "
                        "%(error)s",
                        name=line.name,
                        # The first line: below it the database repeats the query.
                        # Running out of depth says nothing at all.
                        error=str(error).partition("\n")[0] or type(error).__name__,
                    )
                ) from error

    def _get_partner_domain(self):
        return Domain(self._get_partner_domain_list())

    def _get_partner_domain_list(self):
        return ast.literal_eval(self.domain or "[]")

    @api.constrains("other_segmentation_id", "segmentation_id", "expr_name")
    def _check_other_segmentation(self):
        for line in self.filtered("other_segmentation_id"):
            if line.segmentation_id in line.other_segmentation_id._get_ancestors():
                raise ValidationError(
                    self.env._(
                        "“%(name)s” depends on “%(other)s”, which depends on it.",
                        name=line.segmentation_id.name,
                        other=line.other_segmentation_id.name,
                    )
                )
