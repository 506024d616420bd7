from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL

# What the sentence is made of, of each criterion
SENTENCE_FIELDS = (
    "expr_name",
    "expr_operator",
    "expr_value",
    "expr_value_to",
    "operator",
    "group_kind",
    "child_ids",
    "product_ids",
    "product_categ_ids",
    "domain",
    "other_segmentation_id",
    "window_type",
    "window_number",
    "window_unit",
    "date_from",
    "date_to",
)


class CrmSegmentation(models.Model):
    """Criteria that decide which partners carry a category.

    MATCHING
    A partner matches when every mandatory criterion holds and, if there are optional
    ones, at least one of them. ``sales_purchase_active`` switches the sale, purchase
    and state of mind criteria off. A segmentation without an active criterion does
    not run: it would take everybody.

    WHO IS LOOKED AT
    Active commercial entities, shared ones and those of the segmentation's company.
    What the contacts of a company buy counts for the company. Without a company the
    books of all companies count, converted into the segmentation's currency at
    today's rate.

    WHAT A RUN DOES
    It walks the partners by id in ranges, one transaction each, and applies only the
    difference: members enter and leave, and those who enter get the category.
    With ``exclusif`` the category is taken away from those who do not belong to any
    segmentation of this category; without it they keep the category. ``partner_id``
    is the highest partner id done, written together with the range: a run that is
    stopped, fails or is killed continues from there.

    PINS
    Pinned partners are always or never in. The first exclusive run over a category
    pins the partners who carry it by hand and do not match.

    WHO COMPUTES
    The buttons hand the work to the scheduled action. ``process_start`` and
    ``process_continue`` do it on the caller's cursor, committing after each range.
    """

    _name = "crm.segmentation"
    _description = "Partner Segmentation"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    description = fields.Text()
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        tracking=True,
        help="Whose invoices and bills count. Empty: those of all companies.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="The currency the amounts of the criteria are in.",
    )

    segmentation_type = fields.Selection(
        [("dynamic", "By Criteria"), ("static", "Picked by Hand")],
        "Who Belongs",
        required=True,
        default="dynamic",
        tracking=True,
        help="Picked by hand: the partners pinned in are the members, nobody else.",
    )

    # What it does
    categ_id = fields.Many2one(
        "res.partner.category",
        "Partner Category",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="The category given to the partners that match.",
    )
    exclusif = fields.Boolean(
        "Exclusive",
        tracking=True,
        help="The category is reserved to the partners that match: it is removed "
        "from the others. Otherwise members who leave keep the category.",
    )
    segmentation_line = fields.One2many(
        "crm.segmentation.line",
        "segmentation_id",
        "Criteria",
        domain=[("parent_id", "=", False)],
        copy=True,
    )
    mandatory_line_ids = fields.One2many(
        "crm.segmentation.line",
        "segmentation_id",
        "All of these",
        domain=[("operator", "=", "and"), ("parent_id", "=", False)],
        copy=False,
    )
    optional_line_ids = fields.One2many(
        "crm.segmentation.line",
        "segmentation_id",
        "At least one of these",
        domain=[("operator", "=", "or"), ("parent_id", "=", False)],
        copy=False,
    )
    pin_ids = fields.One2many(
        "crm.segmentation.pin", "segmentation_id", "Pinned Partners"
    )
    sentence = fields.Char("Rule", compute="_compute_sentence")
    sales_purchase_active = fields.Boolean(
        "Use the Sales and Purchase Rules",
        default=True,
        tracking=True,
        help="Off: the sale, purchase and state of mind criteria are ignored.",
    )

    with_receipts = fields.Boolean(
        "Count Receipts",
        tracking=True,
        help="Sales and purchase receipts, which are paid on the spot, count as "
        "invoices and bills.",
    )

    # State of mind
    som_interval = fields.Integer(
        "Days per Period",
        default=30,
        help="The average number of days between two sales or purchases: the length "
        "of one period.",
    )
    som_interval_max = fields.Integer(
        "Number of Periods", default=3, help="How many past periods are examined."
    )
    som_interval_default = fields.Float(
        "Starting Score (0 = None)",
        default=5.0,
        help="The state of mind before the oldest period, 0 to 10. With 0, a partner "
        "about whom no event is known has no state of mind.",
    )
    som_interval_decrease = fields.Float(
        "Decrease (0 to 1)",
        default=0.8,
        help="The state of mind is multiplied by this after a period without any "
        "event, invoice or bill.",
    )
    som_interval_weight = fields.Float(
        "Weight of a Period (0 to 1)",
        default=0.5,
        help="How much the events of a period count against everything before it.",
    )

    # Runs
    state = fields.Selection(
        [
            ("not running", "Not Running"),
            ("running", "Running"),
            ("stopped", "Stopped"),
            ("failed", "Failed"),
        ],
        "Execution Status",
        required=True,
        readonly=True,
        default="not running",
        copy=False,
    )
    partner_id = fields.Integer(
        "Max Partner ID Processed", readonly=True, copy=False, default=0
    )
    partner_id_end = fields.Integer("Last Partner ID", readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress")
    interval_number = fields.Integer("Repeat Every", default=1)
    interval_type = fields.Selection(
        [
            ("manual", "Only by Hand"),
            ("days", "Days"),
            ("weeks", "Weeks"),
            ("months", "Months"),
        ],
        "Repeat",
        required=True,
        default="days",
    )
    next_run = fields.Date(
        default=fields.Date.context_today,
        copy=False,
        help="The scheduled action computes the segmentation in the night of this day.",
    )
    last_run = fields.Datetime("Last Run Started", readonly=True, copy=False)
    duration = fields.Float("Duration (seconds)", readonly=True, copy=False)
    run_definition = fields.Char(readonly=True, copy=False)
    last_error = fields.Text(readonly=True, copy=False)
    entered_count = fields.Integer("Entered", readonly=True, copy=False)
    left_count = fields.Integer("Left", readonly=True, copy=False)
    member_count = fields.Integer("Members", readonly=True, copy=False)
    category_count = fields.Integer(
        "Partners with the Category", compute="_compute_category_count"
    )
    run_ids = fields.One2many("crm.segmentation.run", "segmentation_id", "Runs")
    run_id = fields.Many2one(
        "crm.segmentation.run", "Last Run", readonly=True, copy=False
    )
    can_undo = fields.Boolean(compute="_compute_can_undo")
    brake_percent = fields.Float(
        "Ask above (%)",
        default=20.0,
        help="A run that would remove more than this share of the members, and at "
        "least 50 of them, stops and asks. 100 never asks.",
    )
    brake_count = fields.Integer(
        "Would Leave",
        readonly=True,
        copy=False,
        help="So many members would leave: the run stopped to ask.",
    )
    brake_released = fields.Boolean(readonly=True, copy=False)
    last_full_run = fields.Datetime(readonly=True, copy=False)
    dirty_xid = fields.Float(
        readonly=True,
        copy=False,
        help="The oldest transaction that the last run could not see.",
    )
    run_xid = fields.Float(
        readonly=True,
        copy=False,
        help="The oldest transaction that this run could not see from its beginning.",
    )
    basis = fields.Char(
        readonly=True, copy=False, help="Fingerprint of what the last run went by."
    )
    run_basis = fields.Char(readonly=True, copy=False)
    basis_day = fields.Date(readonly=True, copy=False)
    measures_drift = fields.Boolean(readonly=True, copy=False)
    drift_count = fields.Integer(
        "Drift",
        readonly=True,
        copy=False,
        help="What the last full run corrected that no change explains: 0 is right.",
    )
    carriers_pinned = fields.Boolean(
        readonly=True,
        copy=False,
        help="The first exclusive run over this category is done.",
    )

    _som_interval_check = models.Constraint(
        "CHECK (som_interval BETWEEN 0 AND 3660)",
        "The number of days per period must lie between 0 and 3660.",
    )
    _som_interval_max_check = models.Constraint(
        "CHECK (som_interval_max BETWEEN 1 AND 1000)",
        "The number of periods must lie between 1 and 1000.",
    )
    # A thousand years: from there on dates leave the calendar.
    _som_interval_total_check = models.Constraint(
        "CHECK (som_interval * som_interval_max <= 366000)",
        "All periods together must not be longer than 366000 days.",
    )
    _som_interval_default_check = models.Constraint(
        "CHECK (som_interval_default BETWEEN 0 AND 10)",
        "The starting score must lie between 0 and 10.",
    )
    _som_interval_decrease_check = models.Constraint(
        "CHECK (som_interval_decrease BETWEEN 0 AND 1)",
        "The decrease must lie between 0 and 1.",
    )
    _som_interval_weight_check = models.Constraint(
        "CHECK (som_interval_weight BETWEEN 0 AND 1)",
        "The weight of a period must lie between 0 and 1.",
    )
    _brake_percent_check = models.Constraint(
        "CHECK (brake_percent BETWEEN 0 AND 100)",
        "The share of members must lie between 0 and 100 percent.",
    )
    _interval_number_check = models.Constraint(
        "CHECK (interval_number BETWEEN 1 AND 1000)",
        "Repeat every 1 to 1000 days, weeks or months.",
    )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for segmentation in self:
            company = segmentation.company_id or self.env.company
            if not segmentation.currency_id or segmentation.company_id:
                segmentation.currency_id = company.currency_id

    @api.depends_context("lang")
    @api.depends(
        "sales_purchase_active",
        "currency_id",
        *(
            f"{box}.{name}"
            for box in ("mandatory_line_ids", "optional_line_ids")
            for name in SENTENCE_FIELDS
        ),
        "segmentation_type",
        "with_receipts",
    )
    def _compute_sentence(self):
        for segmentation in self:
            segmentation.sentence = segmentation._get_sentence()

    @api.depends("run_id.state", "state")
    def _compute_can_undo(self):
        for segmentation in self:
            segmentation.can_undo = (
                segmentation.state != "running" and segmentation.run_id.state == "done"
            )

    @api.depends("partner_id", "partner_id_end", "state")
    def _compute_progress(self):
        for segmentation in self:
            total = max(segmentation.partner_id_end, segmentation.partner_id)
            segmentation.progress = total and 100 * segmentation.partner_id / total

    @api.depends("categ_id", "member_count")
    def _compute_category_count(self):
        counts = dict(
            self.env.execute_query(
                SQL(
                    "SELECT category_id, COUNT(*)"
                    " FROM res_partner_res_partner_category_rel"
                    " WHERE category_id = ANY(%s) GROUP BY category_id",
                    self.categ_id.ids,
                )
            )
        )
        for segmentation in self:
            segmentation.category_count = counts.get(segmentation.categ_id.id, 0)

    # ------------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        segmentations = super().create(vals_list)
        # Users have no access to the control rows; process_stop() writes them.
        self.env["crm.segmentation.control"].sudo().create(
            [{"segmentation_id": segmentation.id} for segmentation in segmentations]
        )
        return segmentations

    def write(self, vals):
        # Whoever carries the category by hand by then is pinned by the next exclusive
        # run, so it must be a first one again.
        changed = self.filtered(
            lambda s: (
                s.categ_id.id != vals.get("categ_id", s.categ_id.id)
                or s.exclusif != vals.get("exclusif", s.exclusif)
            )
        )
        if changed:
            super(CrmSegmentation, changed).write({"carriers_pinned": False})
        return super().write(vals)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for segmentation, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", segmentation.name)
        return vals_list

    def _mail_get_partner_fields(self, introspect_fields=False):
        # partner_id is a number here, not a customer to write to
        return []

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_members(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Members of %s", self.name),
            "res_model": "res.partner",
            "view_mode": "list,kanban,form",
            "mobile_view_mode": "kanban",
            "domain": [("segmentation_membership_ids.segmentation_id", "=", self.id)],
            "context": {"create": False},
            "help": Markup('<p class="o_view_nocontent_empty_folder">%s</p>')
            % self.env._("Nobody is in “%s” now.", self.name),
        }

    def action_view_history(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_segmentation.crm_segmentation_membership_action"
        )
        action["name"] = self.env._("History of %s", self.name)
        action["domain"] = [("segmentation_id", "=", self.id)]
        action["context"] = {}
        return action

    # ------------------------------------------------------------------
    # DEPENDENCIES
    # ------------------------------------------------------------------

    def _get_ancestors(self, direct=None):
        """Return these segmentations and all that their criteria look at.

        :param direct: what ``_get_dependencies`` returned, for who asks often
        """
        direct = self._get_dependencies() if direct is None else direct
        found, todo = set(), set(self.ids)
        while todo:
            found |= todo
            todo = set().union(*(direct.get(id_, ()) for id_ in todo)) - found
        return self.browse(found)

    def _get_dependencies(self):
        """Return which segmentations each one's own criteria look at, by id."""
        lines = self.env["crm.segmentation.line"].sudo()
        direct = {}
        for line in lines.search([("expr_name", "=", "segmentation")]):
            others = direct.setdefault(line.segmentation_id.id, set())
            others.update(line.other_segmentation_id.ids)
        return direct
