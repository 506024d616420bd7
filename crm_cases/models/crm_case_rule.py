from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from .case_states import DRAFT, OPEN, PENDING

REFERENCES = [
    ("create_date", "the creation of the case"),
    ("date_open", "work began"),
    ("date_action_last", "the last action"),
    ("date_last_customer_message", "the last message of the customer"),
    ("date_last_staff_message", "our last message"),
    ("date_last_stage_update", "the case entered its stage"),
    ("date_deadline", "the deadline"),
    ("date_action_next", "the date of the next action"),
    ("sla_warning", "a promised time runs out soon"),
    ("sla_breach", "a promised time ran out"),
]

# Kinds of actions that talk to the world.
AT_LEAST_ONCE = {"webhook", "code"}

# Fields that neither say which cases are due nor when.
HARMLESS_FIELDS = {
    "name",
    "sequence",
    "stop",
    "max_per_pass",
    "note",
    "parked_reason",
}

PRESET_VALUES = {
    "remind": ("date_last_stage_update", "any", (PENDING,)),
    "escalate": ("date_last_customer_message", "us", (DRAFT, OPEN, PENDING)),
    "close": ("date_last_staff_message", "customer", (PENDING,)),
    "other": ("create_date", "any", (DRAFT, OPEN, PENDING)),
}


class CrmCaseRule(models.Model):
    """What happens to cases by the lapse of time: remind, escalate, close …

    WHICH cases is said by plain fields and, for experts, by a domain
    (``crm_case_rule_filter``). WHEN is counted from one *reference*, a date of the
    case; WHAT are the server actions of each level (``crm_case_rule_level``).

    ONCE: for each case, level, reference and repetition a rule fires once, whatever
    the number of workers (``crm_case_rule_run``). A new reference (the customer wrote
    again) arms it anew.

    PAST: references from before the rule was switched on do not count, unless asked.

    ORDER: rules work in their sequence, each on what the ones before left; one that
    *stops* keeps the later ones away from the case in that pass.

    Rules with a problem (a calendar without working time, a pattern that takes too
    long) are parked and say why; they go on when what caused it has changed.
    """

    _name = "crm.case.rule"
    _description = "Case Rule"
    _inherit = ["mail.thread", "crm.case.condition.mixin"]
    _cron_name = "crm_cases.ir_cron_rules"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    active_since = fields.Datetime(
        string="Switched On",
        required=True,
        default=fields.Datetime.now,
        copy=False,
        help="References from before do not count.",
    )
    include_past = fields.Boolean(
        string="Also from Before",
        tracking=True,
        help="Also act on what was due before this rule was switched on.",
    )
    kind = fields.Selection(
        [
            ("remind", "Remind"),
            ("escalate", "Escalate"),
            ("close", "Close"),
            ("other", "Other"),
        ],
        string="What For",
        required=True,
        default="remind",
        help="Fills in the rest, to be changed as wanted.",
    )
    reference = fields.Selection(
        REFERENCES,
        string="Counted From",
        required=True,
        compute="_compute_reference",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
    )
    level_ids = fields.One2many(
        "crm.case.rule.level",
        "rule_id",
        string="Steps",
        copy=True,
        default=lambda self: [Command.create({})],
    )
    stop = fields.Boolean(
        string="Stop Further Rules",
        help="Rules further down leave the case alone in that pass.",
    )
    max_per_pass = fields.Integer(
        string="At Most per Pass",
        default=1000,
        help="The rest waits for the next pass, a minute later. 0: no limit.",
    )
    note = fields.Text(string="Notes", help="What this rule is for.")
    parked_reason = fields.Char(readonly=True, copy=False)
    sentence = fields.Text(compute="_compute_sentence")
    problem = fields.Char(compute="_compute_problem")
    at_least_once = fields.Boolean(compute="_compute_at_least_once")
    run_ids = fields.One2many("crm.case.rule.run", "rule_id")
    run_count = fields.Integer(compute="_compute_run_count")
    waiting_count = fields.Integer(compute="_compute_run_count")
    parked_count = fields.Integer(compute="_compute_run_count")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("kind")
    def _compute_reference(self):
        for rule in self:
            rule.reference = PRESET_VALUES[rule.kind or "other"][0]

    @api.depends("parked_reason", "level_ids.clock_ids.problem")
    def _compute_problem(self):
        for rule in self:
            # sudo: clocks are machinery that nobody has rights on
            clocks = rule.sudo().level_ids.clock_ids.filtered("problem")
            rule.problem = rule.parked_reason or clocks[:1].problem

    @api.depends("level_ids.action_ids.state")
    def _compute_at_least_once(self):
        for rule in self:
            kinds = rule.sudo().level_ids.action_ids.mapped("state")
            rule.at_least_once = not AT_LEAST_ONCE.isdisjoint(kinds)

    def _compute_run_count(self):
        counts = {}
        for rule, state, count in self.env["crm.case.rule.run"]._read_group(
            [("rule_id", "in", self.ids)], ["rule_id", "state"], ["__count"]
        ):
            counts[rule, state] = count
        for rule in self:
            rule.run_count = counts.get((rule, "done"), 0)
            rule.waiting_count = sum(
                counts.get((rule, state), 0) for state in ("due", "failed")
            )
            rule.parked_count = counts.get((rule, "parked"), 0)

    @api.constrains("max_per_pass")
    def _check_max_per_pass(self):
        if any(rule.max_per_pass < 0 for rule in self):
            raise ValidationError(self.env._("A limit cannot be negative."))

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._wake_up()
        return rules

    def write(self, vals):
        if vals.get("active"):
            switched_on = self.filtered(lambda rule: not rule.active)
            now = fields.Datetime.now()
            super(CrmCaseRule, switched_on).write({"active_since": now})
        result = super().write(vals)
        if not HARMLESS_FIELDS.issuperset(vals):
            self._reset_clocks()
        return result

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        if "name" not in (default or {}):
            for rule, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", rule.name)
        return vals_list

    def _reset_clocks(self):
        """The next pass looks at everything again: what is due may have changed."""
        # sudo: clocks are machinery that nobody has rights on
        self.sudo().level_ids.clock_ids.unlink()
        self.filtered("parked_reason").parked_reason = False
        self._wake_up()

    # ------------------------------------------------------------
    # PASS
    # ------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """One pass: find what is due, then do it."""
        now = fields.Datetime.now()
        for rule in self.search([("active", "=", True)]):
            rule._try_collect(now)
            if not self.env["ir.cron"]._commit_progress(remaining=1):
                return
        self.env["crm.case.rule.run"]._drain()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_preview(self):
        """Show the cases on which this rule would act now. Nothing is done."""
        self.ensure_one()
        case_ids = self._get_due_case_ids()
        if not case_ids:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "info",
                    "message": self._get_nothing_due_words(),
                },
            }
        return self.env["crm.case"]._get_cases_action(
            self.env._("Would be acted on now: %s", len(case_ids)),
            [("id", "in", case_ids)],
            {"create": False},
        )

    def _get_nothing_due_words(self):
        """Why a preview is empty: nothing is due, or what is due has begun."""
        words = [self.env._("No case would be acted on now.")]
        if self.waiting_count:
            words.append(
                self.env._("Begun, and waiting for its turn: %s.", self.waiting_count)
            )
        if self.parked_count:
            words.append(
                self.env._("Failed, and waiting for a person: %s.", self.parked_count)
            )
        return " ".join(words)

    def action_view_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_cases.crm_case_rule_run_action"
        )
        return {
            **action,
            "domain": [("rule_id", "=", self.id)],
            "context": {
                key: value
                for key, value in self.env.context.items()
                if key.startswith("search_default_")
            },
        }

    @api.autovacuum
    def _gc_runs(self):
        """Forget what was done to cases that are closed for a year. Runs of open
        cases stay: they are the memory that keeps rules from firing twice."""
        limit = fields.Datetime.now() - timedelta(days=365)
        self.env["crm.case.rule.run"].search(
            [
                ("case_id.date_closed", "<", limit),
                ("state", "in", ("done", "skipped")),
            ],
            limit=10000,
        ).unlink()
