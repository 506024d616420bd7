from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.case_states import DONE, LOST, OUTCOMES
from ..models.crm_case_closing import CLOSE_FIELDS


class CrmCaseClose(models.TransientModel):
    """Asks for what the types of some cases require before they close.

    It shows the questions that at least one of the cases has a use for, and requires
    those that at least one requires. What a single case already answers is filled in.
    """

    _name = "crm.case.close"
    _description = "Close Cases"

    case_ids = fields.Many2many(
        "crm.case",
        "crm_case_close_case_rel",
        "wizard_id",
        "case_id",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    type_ids = fields.Many2many("crm.case.type", compute="_compute_type_ids")
    stage_id = fields.Many2one("crm.case.stage", help="Where they were dragged to.")
    outcome = fields.Selection(OUTCOMES)
    close_reason_id = fields.Many2one(
        "crm.case.close.reason",
        string="Reason",
        domain="[('kind', '=', 'reason'), ('outcome', 'in', [False, outcome]), "
        "'|', ('type_ids', '=', False), ('type_ids', 'in', type_ids)]",
        compute="_compute_answers",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    cause_id = fields.Many2one(
        "crm.case.close.reason",
        string="Root Cause",
        domain="[('kind', '=', 'cause'), "
        "'|', ('type_ids', '=', False), ('type_ids', 'in', type_ids)]",
        compute="_compute_answers",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    resolution_id = fields.Many2one(
        "crm.case.close.reason",
        domain="[('kind', '=', 'resolution'), "
        "'|', ('type_ids', '=', False), ('type_ids', 'in', type_ids)]",
        compute="_compute_answers",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    resolution_note = fields.Text(
        compute="_compute_answers",
        store=True,
        compute_sudo=False,
        readonly=False,
    )

    # What to show and what to require
    use_outcome = fields.Boolean(compute="_compute_questions")
    use_reason = fields.Boolean(compute="_compute_questions")
    use_cause = fields.Boolean(compute="_compute_questions")
    use_resolution = fields.Boolean(compute="_compute_questions")
    use_note = fields.Boolean(compute="_compute_questions")
    require_reason = fields.Boolean(compute="_compute_questions")
    require_cause = fields.Boolean(compute="_compute_questions")
    require_resolution = fields.Boolean(compute="_compute_questions")
    require_note = fields.Boolean(compute="_compute_questions")

    @api.depends("case_ids")
    def _compute_type_ids(self):
        for wizard in self:
            wizard.type_ids = wizard.case_ids.type_id

    @api.depends("case_ids")
    def _compute_answers(self):
        """A single case knows what was already found out."""
        for wizard in self:
            case = wizard.case_ids if len(wizard.case_ids) == 1 else wizard.case_ids[:0]
            for name in CLOSE_FIELDS:
                wizard[name] = wizard[name] or case[name]

    @api.depends("case_ids", "outcome")
    def _compute_questions(self):
        questions = {
            "close_reason_id": "reason",
            "cause_id": "cause",
            "resolution_id": "resolution",
            "resolution_note": "note",
        }
        for wizard in self:
            types = wizard.case_ids.type_id
            wizard.use_outcome = any(types.mapped("use_outcome"))
            used, required = set(), set()
            for case_type in types:
                outcome = wizard.outcome if case_type.use_outcome else False
                state = False if outcome == LOST else DONE
                used.update(case_type._get_close_fields())
                required.update(case_type._get_required_fields(state, outcome))
            for name, question in questions.items():
                wizard[f"use_{question}"] = name in used
                wizard[f"require_{question}"] = name in required

    def action_apply(self):
        self.ensure_one()
        if self.use_outcome and not self.outcome:
            raise UserError(self.env._("Say whether it was won or lost."))
        answers = {name: self[name] for name in CLOSE_FIELDS if self[name]}
        answers = {
            name: value.id if isinstance(value, models.BaseModel) else value
            for name, value in answers.items()
        }
        self.case_ids._close(answers, self.outcome, self.stage_id)
        # After a drag nobody else would tell the board to read the case again.
        return {"type": "ir.actions.client", "tag": "soft_reload"}
