from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .case_states import CANCEL, DONE, DRAFT, LOST, OUTCOMES, STATES, WON

STATE_OF_OUTCOME = {WON: DONE, LOST: CANCEL}


class CrmCaseStage(models.Model):
    """A column of the board, and through it the state of the cases in it.

    State and stage are one truth: a case is *pending* because it stands in a stage
    whose state is pending. Several stages may share a state. A stage may be limited
    to some teams, to some types, or to both; without limits it serves everybody.

    A stage with an outcome (Won is done, Lost is cancelled) serves the types that have
    outcomes, and a done stage without one serves the others.
    """

    _name = "crm.case.stage"
    _description = "Case Stage"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    state = fields.Selection(
        STATES,
        required=True,
        default=DRAFT,
        tracking=True,
        help="What a case in this stage is: its state follows its stage.",
    )
    outcome = fields.Selection(
        OUTCOMES,
        tracking=True,
        help="How a case ends that is moved here, for types that end as won or lost.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    fold = fields.Boolean(string="Folded", help="Show this column folded on the board.")
    description = fields.Text(
        translate=True, help="What to do here, shown when hovering over the column."
    )
    team_ids = fields.Many2many(
        "crm.case.team",
        "crm_case_stage_team_rel",
        "stage_id",
        "team_id",
        string="Teams",
        tracking=True,
        help="Only these teams use the stage. Empty: all teams.",
    )
    type_ids = fields.Many2many(
        "crm.case.type",
        "crm_case_stage_type_rel",
        "stage_id",
        "type_id",
        string="Types",
        tracking=True,
        help="Only cases of these types use the stage. Empty: all types.",
    )
    rotting_threshold_days = fields.Integer(
        string="Days to Rot",
        tracking=True,
        help="Mark cases that stay longer than this in the stage. 0: never.",
    )

    _rotting_threshold_positive = models.Constraint(
        "CHECK(rotting_threshold_days >= 0)", "Days to rot cannot be negative."
    )

    @api.constrains("state", "outcome")
    def _check_outcome(self):
        for stage in self:
            if stage.outcome and stage.state != STATE_OF_OUTCOME[stage.outcome]:
                raise ValidationError(
                    self.env._(
                        "A stage for what was won is of state Done, one for what was "
                        "lost of state Cancelled: see “%s”.",
                        stage.name,
                    )
                )

    def write(self, vals):
        for name in {"state", "outcome"} & set(vals):
            changed = self.filtered(lambda stage, n=name: stage[n] != vals[n])
            changed._check_unused()
        return super().write(vals)

    def _check_unused(self):
        """Changing the state of a used stage would close or reopen cases that
        nobody touched, past every check on transitions."""
        cases = self.env["crm.case"].sudo().with_context(active_test=False)
        used = cases.search([("stage_id", "in", self.ids)], limit=1).stage_id
        if used:
            raise UserError(
                self.env._(
                    "Cases stand in stage “%(stage)s”: its state cannot change. "
                    "Create a new stage instead and move the cases there.",
                    stage=used.name,
                )
            )

    def _serves(self, team, case_type):
        """Whether a case of this team and type may stand here."""
        self.ensure_one()
        return (
            (not self.team_ids or team in self.team_ids)
            and (not self.type_ids or case_type in self.type_ids)
            and self._ends_like(case_type)
        )

    def _ends_like(self, case_type):
        if case_type.use_outcome:
            return bool(self.outcome) or self.state != DONE
        return not self.outcome

    def _pick(self, team, case_type):
        """First of these stages for a team and type; made for them goes before
        made for all, and merely cancelled before lost."""
        fitting = self.filtered(lambda stage: stage._serves(team, case_type))
        fitting = fitting.sorted(lambda stage: stage.outcome == LOST)
        special = fitting.filtered(lambda stage: stage.team_ids or stage.type_ids)
        return (special or fitting)[:1]
