from odoo import api, fields, models

from .rule_delay import DAY, UNITS, WORK_HOUR, Delay

PRESETS = {
    "remind": (5, DAY, ("rule_action_remind_customer",)),
    "escalate": (4, WORK_HOUR, ("rule_action_escalate",)),
    "close": (14, DAY, ("rule_action_closing_mail", "rule_action_close")),
    "other": (1, DAY, ()),
}


class CrmCaseRuleLevel(models.Model):
    """One step of a rule: so long after (or before) its reference, do this.

    A rule with several levels is a ladder: remind after a day, escalate after three.
    Each level fires once for each reference of a case, and may be repeated in equal
    intervals of its unit. After a pause of the server only the latest repetition is
    made up for.
    """

    _name = "crm.case.rule.level"
    _description = "Level of a Case Rule"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one(
        "crm.case.rule", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    direction = fields.Selection(
        [("after", "after"), ("before", "before")], required=True, default="after"
    )
    amount = fields.Integer(
        string="Delay",
        compute="_compute_from_preset",
        store=True,
        precompute=True,
        readonly=False,
    )
    unit = fields.Selection(
        UNITS,
        required=True,
        compute="_compute_from_preset",
        store=True,
        precompute=True,
        readonly=False,
        help="Working time is that of the team, else of the company.",
    )
    action_ids = fields.Many2many(
        "ir.actions.server",
        "crm_case_rule_level_action_rel",
        "level_id",
        "action_id",
        string="Actions",
        domain="[('model_name', '=', 'crm.case'), ('usage', '=', 'crm_case_rule')]",
        context={"active_test": False},
        compute="_compute_action_ids",
        store=True,
        readonly=False,
        help="Run in the order of their sequence.",
    )
    repeat_times = fields.Integer(
        string="Repeat", help="How many times more. 0: it happens once."
    )
    repeat_every = fields.Integer(
        string="Every", default=1, help="Interval of the repetitions, in the same unit."
    )
    clock_ids = fields.One2many("crm.case.rule.clock", "level_id")

    _amount_sane = models.Constraint(
        "CHECK(amount BETWEEN 0 AND 100000)", "A delay lies between 0 and 100,000."
    )
    _repeat_sane = models.Constraint(
        "CHECK(repeat_times BETWEEN 0 AND 100 AND repeat_every BETWEEN 1 AND 10000)",
        "A rule repeats at most 100 times, in intervals from 1 to 10,000.",
    )

    @api.depends("rule_id.kind")
    def _compute_from_preset(self):
        for level in self:
            level.amount, level.unit, _actions = PRESETS[level.rule_id.kind or "other"]

    @api.depends("rule_id.kind")
    def _compute_action_ids(self):
        for level in self:
            _amount, _unit, names = PRESETS[level.rule_id.kind or "other"]
            actions = self.env["ir.actions.server"]
            for name in names:
                action = self.env.ref(f"crm_cases.{name}", raise_if_not_found=False)
                actions += action or actions.browse()
            level.action_ids = actions

    @api.model_create_multi
    def create(self, vals_list):
        levels = super().create(vals_list)
        levels.rule_id._reset_clocks()
        return levels

    def write(self, vals):
        result = super().write(vals)
        self.rule_id._reset_clocks()
        return result

    def _get_delay(self, iteration, calendar, zone):
        self.ensure_one()
        amount = -self.amount if self.direction == "before" else self.amount
        return Delay(amount + iteration * self.repeat_every, self.unit, calendar, zone)

    def _get_start(self):
        """Older references do not count; None: all count."""
        self.ensure_one()
        rule = self.rule_id
        if rule.include_past or self.env.context.get("crm_case_rule_include_past"):
            return None
        return max(rule.active_since, self.create_date.replace(microsecond=0))
