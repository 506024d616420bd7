from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

from .case_states import ACTIVE_STATES

# Switches and what they switch.
RULES = {
    "case_remind_customer": "crm_cases.rule_remind_customer",
    "case_escalate": "crm_cases.rule_escalate",
    "case_escalate_top": "crm_cases.rule_escalate_top",
    "case_close": "crm_cases.rule_close",
    "case_gold": "crm_cases.automation_gold",
    "case_deadline": "crm_cases.rule_deadline",
}


class ResConfigSettings(models.TransientModel):
    """Six ready-made rules, each a switch.

    A switch shows how many cases its rule would act on now. They are left alone when
    it is switched on, unless *Also existing cases* is chosen: otherwise hundreds of
    customers would get a mail at once.
    """

    _inherit = "res.config.settings"

    case_remind_customer = fields.Boolean(string="Remind customers")
    case_escalate = fields.Boolean(string="Escalate urgent cases")
    case_escalate_top = fields.Boolean(string="Escalate again, to the top")
    case_close = fields.Boolean(string="Close without an answer")
    case_gold = fields.Boolean(string="Gold customers first")
    case_deadline = fields.Boolean(string="Remind of deadlines")
    case_remind_customer_count = fields.Integer(compute="_compute_case_counts")
    case_escalate_count = fields.Integer(compute="_compute_case_counts")
    case_escalate_top_count = fields.Integer(compute="_compute_case_counts")
    case_close_count = fields.Integer(compute="_compute_case_counts")
    case_gold_count = fields.Integer(compute="_compute_case_counts")
    case_deadline_count = fields.Integer(compute="_compute_case_counts")
    case_include_past = fields.Boolean(
        string="Also existing cases",
        help="What you switch on now also acts on cases that are due already.",
    )

    @api.model
    def _get_case_rule(self, name):
        """The rule of a switch; empty if somebody has deleted it."""
        rule = self.env.ref(RULES[name], raise_if_not_found=False)
        return rule or self.env["crm.case.rule"]

    @api.depends("company_id")
    def _compute_case_counts(self):
        for name in RULES:
            count = self._count_cases(self._get_case_rule(name))
            for settings in self:
                settings[f"{name}_count"] = count

    @api.model
    def _count_cases(self, rule):
        """Cases on which a rule would act now, if it counted the past too."""
        if rule._name == "base.automation":
            domain = Domain(safe_eval(rule.filter_domain or "[]"))
            return self.env["crm.case"].search_count(
                domain & Domain("state", "in", ACTIVE_STATES)
            )
        return len(rule._get_due_case_ids(include_past=True)) if rule else 0

    @api.model
    def get_values(self):
        values = super().get_values()
        for name in RULES:
            rule = self._get_case_rule(name)
            values[name] = bool(rule) and rule.active
        return values

    def set_values(self):
        result = super().set_values()
        for name in RULES:
            rule = self._get_case_rule(name)
            if not rule or rule.active == self[name]:
                continue
            rule.active = self[name]
            if self[name] and self.case_include_past:
                self._include_past(rule)
        return result

    def _include_past(self, rule):
        if rule._name == "crm.case.rule":
            rule.include_past = True
            return
        domain = Domain(safe_eval(rule.filter_domain or "[]"))
        domain &= Domain("state", "in", ACTIVE_STATES)
        self.env["crm.case"].search(domain).write({"priority": "2"})
