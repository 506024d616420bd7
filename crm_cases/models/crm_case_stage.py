from odoo import fields, models
from odoo.exceptions import UserError

from .case_states import DRAFT, STATES


class CrmCaseStage(models.Model):
    """A column of the board, and through it the state of the cases in it.

    State and stage are one truth: a case is *pending* because it stands in a stage
    whose state is pending. Several stages may share a state. A stage may be limited
    to some teams, to some types, or to both; without limits it serves everybody.
    """

    _name = "crm.case.stage"
    _description = "Case Stage"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    state = fields.Selection(
        STATES,
        required=True,
        default=DRAFT,
        help="What a case in this stage is: its state follows its stage.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
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
        help="Only these teams use the stage. Empty: all teams.",
    )
    type_ids = fields.Many2many(
        "crm.case.type",
        "crm_case_stage_type_rel",
        "stage_id",
        "type_id",
        string="Types",
        help="Only cases of these types use the stage. Empty: all types.",
    )
    rotting_threshold_days = fields.Integer(
        string="Days to Rot",
        help="Mark cases that stay longer than this in the stage. 0: never.",
    )

    _rotting_threshold_positive = models.Constraint(
        "CHECK(rotting_threshold_days >= 0)", "Days to rot cannot be negative."
    )

    def write(self, vals):
        if "state" in vals:
            self.filtered(lambda stage: stage.state != vals["state"])._check_unused()
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
        return (not self.team_ids or team in self.team_ids) and (
            not self.type_ids or case_type in self.type_ids
        )

    def _pick(self, team, case_type):
        """First of these stages for a team and type; made for them goes before
        made for all."""
        fitting = self.filtered(lambda stage: stage._serves(team, case_type))
        special = fitting.filtered(lambda stage: stage.team_ids or stage.type_ids)
        return (special or fitting)[:1]
