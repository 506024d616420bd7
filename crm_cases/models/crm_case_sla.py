from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from .case_states import DRAFT, PENDING, STATES

RESPONSE = "response"
RESOLUTION = "resolution"
OTHER = "other"

# Fields that change nothing for cases.
HARMLESS_FIELDS = {"name", "sequence", "note", "refresh_after"}


class CrmCaseSla(models.Model):
    """A promise of how fast cases are answered and solved.

    WHICH: cases that fit all that is filled in. Several policies may hold for one case,
    each is measured on its own.

    HOW FAST: up to three targets in working time of the team (else of the company):
    first response, resolution, and reaching a stage or state. Clocks start when the
    case is filed and stop in the states that the policy names. A closed case is closed
    for every clock; reopened, it goes on with what was left.

    Changing a policy, working hours or holidays measures all open cases anew, in the
    background.
    """

    _name = "crm.case.sla"
    _description = "SLA Policy"
    _inherit = ["mail.thread", "crm.case.condition.mixin"]
    _cron_name = "crm_cases.ir_cron_sla"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)

    response_hours = fields.Float(
        string="First Response Within",
        default=4,
        tracking=True,
        help="Working hours. 0: no target.",
    )
    resolution_hours = fields.Float(
        string="Solved Within", tracking=True, help="Working hours. 0: no target."
    )
    target_hours = fields.Float(
        string="Reaches It Within", tracking=True, help="Working hours. 0: no target."
    )
    target_stage_id = fields.Many2one(
        "crm.case.stage", string="Stage to Reach", ondelete="restrict"
    )
    target_state = fields.Selection(STATES, string="State to Reach")
    stop_draft = fields.Boolean(string="Clock Stops in Draft")
    stop_pending = fields.Boolean(string="Clock Stops in Pending", default=True)
    warn_percent = fields.Integer(
        string="Warn At",
        default=75,
        help="Percent of the time that may be used before a warning.",
    )
    note = fields.Text(string="Notes")
    status_ids = fields.One2many("crm.case.sla.status", "sla_id")
    # Id of the last open case that was measured anew; -1: all are.
    refresh_after = fields.Integer(default=0, copy=False)

    _hours_positive = models.Constraint(
        "CHECK(response_hours >= 0 AND resolution_hours >= 0 AND target_hours >= 0)",
        "Hours cannot be negative.",
    )
    _warn_range = models.Constraint(
        "CHECK(warn_percent BETWEEN 1 AND 100)",
        "A warning comes after 1 to 100 % of the time.",
    )

    @api.constrains("response_hours", "resolution_hours", "target_hours")
    def _check_targets(self):
        for policy in self:
            if not policy._get_targets():
                raise ValidationError(
                    self.env._("Policy %s promises nothing yet.", policy.name)
                )

    @api.constrains("target_hours", "target_stage_id", "target_state")
    def _check_target(self):
        for policy in self:
            named = policy.target_stage_id or policy.target_state
            if bool(policy.target_hours) != bool(named):
                raise ValidationError(
                    self.env._(
                        "Name a stage or a state to reach, and the hours it may take."
                    )
                )

    def _get_targets(self):
        """Hours by kind of target."""
        self.ensure_one()
        targets = {
            RESPONSE: self.response_hours,
            RESOLUTION: self.resolution_hours,
            OTHER: self.target_hours,
        }
        return {kind: hours for kind, hours in targets.items() if hours}

    # ------------------------------------------------------------
    # MATCHING
    # ------------------------------------------------------------

    @api.model
    @tools.ormcache()
    def _get_policy_ids(self):
        # sudo: every case is measured, whoever writes it
        return tuple(self.sudo().search([("active", "=", True)]).ids)

    def _fits(self, case):
        """Whether this policy holds for a case. Nothing is promised of an archived one,
        be it that it goes on in the case that it was merged into."""
        self.ensure_one()
        priority = case.priority
        return bool(
            case.active
            and self.company_id <= case.company_id
            and (not self.type_ids or case.type_id in self.type_ids)
            and (not self.priority_from or priority >= self.priority_from)
            and (not self.priority_to or priority <= self.priority_to)
            and self._is_below(case.team_id, self.team_ids)
            and self._is_below(case.category_id, self.category_ids)
            and self._fits_customer(case.partner_id)
        )

    @api.model
    def _is_below(self, record, ancestors):
        if not ancestors:
            return True
        path = record.parent_path or ""
        return any(path.startswith(above.parent_path) for above in ancestors)

    def _fits_customer(self, partner):
        wanted = self.partner_category_ids
        categories = partner.category_id | partner.commercial_partner_id.category_id
        return not wanted or any(self._is_below(one, wanted) for one in categories)

    def _get_pause_states(self):
        self.ensure_one()
        states = {DRAFT: self.stop_draft, PENDING: self.stop_pending}
        return {state for state, stops in states.items() if stops}

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        policies._policies_changed()
        return policies

    def write(self, vals):
        result = super().write(vals)
        if not HARMLESS_FIELDS.issuperset(vals):
            super().write({"refresh_after": 0})
            self._policies_changed()
        if vals.get("active") is False:
            # sudo: what is promised no longer is measured no longer
            self.sudo().status_ids.filtered(lambda s: not s.date_reached).unlink()
        return result

    def unlink(self):
        result = super().unlink()
        self._policies_changed()
        return result

    @api.model
    def _policies_changed(self):
        self.env.registry.clear_cache()
        self._wake_up()

    @api.model
    def _recount(self):
        """Working time has changed: measure all open cases anew."""
        # sudo: whoever changes working hours has no rights on policies
        policies = self.sudo().browse(self._get_policy_ids())
        if policies:
            policies.write({"refresh_after": 0})
            self._wake_up()

    def action_view_statuses(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_cases.crm_case_sla_status_action"
        )
        return {**action, "domain": [("sla_id", "=", self.id)], "context": {}}
