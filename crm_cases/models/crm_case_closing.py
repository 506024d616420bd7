from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..exceptions import ClosingRequired
from .case_states import CLOSED_STATES, DONE, LOST, OUTCOMES, TRANSITIONS, WON

REASON_DOMAIN = "['|', ('type_ids', '=', False), ('type_ids', 'in', type_id), %s]"
CLOSE_FIELDS = ("close_reason_id", "cause_id", "resolution_id", "resolution_note")


class CrmCase(models.Model):
    """How a case ends.

    OUTCOME: a case whose type has outcomes ends as won or as lost, and its stage says
    which. *Won* is done, *Lost* is cancelled: what was lost never counts as done. For
    such a case a mere wish for *done* says too little and is refused.

    WHAT CLOSING REQUIRES is said by the type and asked for by the wizard
    ``crm.case.close``. Buttons and list actions open it; whatever writes a closed
    stage without the answers (a kanban drag, an import, a remote call, a rule) is
    refused with a message that offers the wizard. Answers may come in the same write.

    REOPENING clears what closing set; the chatter keeps it.
    """

    _inherit = "crm.case"

    use_outcome = fields.Boolean(
        related="type_id.use_outcome", string="Ends Won or Lost"
    )
    use_resolution = fields.Boolean(
        related="type_id.use_resolution", string="Has a Resolution"
    )
    outcome = fields.Selection(
        OUTCOMES,
        compute="_compute_outcome",
        store=True,
        precompute=True,
        index="btree_not_null",
        copy=False,
        help="Follows the stage.",
    )
    close_reason_id = fields.Many2one(
        "crm.case.close.reason",
        string="Closing Reason",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
        tracking=True,
        domain=REASON_DOMAIN
        % "('kind', '=', 'reason'), ('outcome', 'in', [False, outcome])",
        groups="base.group_user",
    )
    cause_id = fields.Many2one(
        "crm.case.close.reason",
        string="Root Cause",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
        tracking=True,
        domain=REASON_DOMAIN % "('kind', '=', 'cause')",
        groups="base.group_user",
    )
    resolution_id = fields.Many2one(
        "crm.case.close.reason",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
        tracking=True,
        domain=REASON_DOMAIN % "('kind', '=', 'resolution')",
        groups="base.group_user",
    )
    resolution_note = fields.Text(
        copy=False,
        tracking=True,
        help="What was found and what was done, for whoever meets it again.",
        groups="base.group_user",
    )

    @api.depends("stage_id.outcome")
    def _compute_outcome(self):
        for case in self:
            _state, case.outcome = case.stage_id._get_traits()

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("stage_id", "type_id", *CLOSE_FIELDS)
    def _check_closed(self):
        """The net under every way in: creation and import, or a field emptied."""
        for case in self:
            missing = case._get_missing_fields(case.stage_id, {})
            if missing:
                raise ValidationError(case._get_missing_message(missing))

    @api.constrains("close_reason_id", "cause_id", "resolution_id")
    def _check_reason_kinds(self):
        for case in self:
            kinds = {
                "reason": case.close_reason_id,
                "cause": case.cause_id,
                "resolution": case.resolution_id,
            }
            for kind, reason in kinds.items():
                if reason and reason.kind != kind:
                    raise ValidationError(
                        self.env._(
                            "“%(name)s” belongs to another list of closing reasons.",
                            name=reason.name,
                        )
                    )

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        if vals.get("type_id"):
            self._check_new_type(self.env["crm.case.type"].browse(vals["type_id"]))
        stage = self.env["crm.case.stage"].browse(vals.get("stage_id") or ())
        if not stage:
            return super().write(vals)
        if stage.state in CLOSED_STATES:
            self._check_answers(stage, vals)
            return super().write(vals)
        reopened = self.filtered(lambda case: case.state in CLOSED_STATES)
        if reopened:
            cleared = dict.fromkeys(CLOSE_FIELDS, False)
            super(CrmCase, reopened).write({**cleared, **vals})
        return super(CrmCase, self - reopened).write(vals)

    def _check_new_type(self, case_type):
        """A closed request does not become a won opportunity on the quiet."""
        for case in self:
            if (
                case.state in CLOSED_STATES
                and case.type_id.use_outcome != case_type.use_outcome
            ):
                raise UserError(
                    self.env._(
                        "%(case)s is closed and cannot become a %(type)s. Reopen it "
                        "first.",
                        case=case.display_name,
                        type=case_type.name,
                    )
                )

    def _check_answers(self, stage, vals):
        """Refuse to close what does not answer, and offer the wizard."""
        if stage.state == DONE and not stage.outcome:
            self._check_outcome()
        for case in self:
            if stage.state in TRANSITIONS[case.state]:
                missing = case._get_missing_fields(stage, vals)
                if missing:
                    case._raise_closing_required(
                        self, case._get_missing_message(missing), stage
                    )

    def _get_missing_fields(self, stage, vals):
        """Names of required fields without a value, if the case stood in ``stage``.

        :param dict vals: values about to be written
        :rtype: list[str]
        """
        self.ensure_one()
        case = self.sudo()  # a customer's answer may move a case he reads in part
        required = case.type_id._get_required_fields(stage.state, stage.outcome)
        return [
            name
            for name in required
            if not (vals[name] if name in vals else case[name])
        ]

    def _get_missing_message(self, names):
        labels = [self._fields[name]._description_string(self.env) for name in names]
        return self.env._(
            "%(case)s is a %(type)s. Closing it asks for: %(fields)s.",
            case=self.display_name,
            type=self.type_id.name,
            fields=", ".join(labels),
        )

    def _raise_closing_required(self, cases, message, stage=None):
        action = cases._get_close_action(stage_id=stage and stage.id)
        raise ClosingRequired(message, action, self.env._("Fill In"))

    # ------------------------------------------------------------
    # CLOSING
    # ------------------------------------------------------------

    def _transition(self, state):
        if state == DONE:
            self._check_outcome()
        return super()._transition(state)

    def _check_outcome(self):
        """*Done* does not say whether it was won."""
        for case in self:
            if case.use_outcome and DONE in TRANSITIONS[case.state]:
                message = self.env._(
                    "%(case)s is a %(type)s. It ends as won or as lost: say which.",
                    case=case.display_name,
                    type=case.type_id.name,
                )
                case._raise_closing_required(self, message)

    def _close(self, answers, outcome=False, stage=None):
        """Close these cases with what closing asked for.

        Each case takes the answers that its type has a use for.

        :param dict answers: values of the fields of closing
        :param outcome: ``won`` or ``lost``, for types with outcomes
        :param stage: the stage to go to where a case may stand in it
        """
        for case_type, cases in self.grouped("type_id").items():
            used = case_type._get_close_fields()
            vals = {key: value for key, value in answers.items() if key in used}
            ending = outcome if case_type.use_outcome else False
            cases._close_in_stage(vals, ending, stage)

    def _close_in_stage(self, vals, outcome, stage):
        stages = self._get_closed_stages(outcome)
        self._check_transition(stages[:1].state or DONE)
        wanted = stage & stages if stage else stages.browse()
        for target, cases in self.grouped(
            lambda case: (
                wanted._pick(case.team_id, case.type_id)
                or stages._pick(case.team_id, case.type_id)
            )
        ).items():
            if not target:
                cases._raise_no_stage(DONE)
            cases.write({**vals, "stage_id": target.id})

    @api.model
    def _get_closed_stages(self, outcome):
        """Stages in which a case ends: those of the outcome, else the done ones."""
        ending = [("outcome", "=", outcome)]
        if outcome != LOST:
            ending.append(("state", "=", DONE))
        return self.env["crm.case.stage"].search(ending)

    def _asks_on_close(self, outcome=False):
        """Whether one of these cases cannot be closed without further answers."""
        state = False if outcome == LOST else DONE
        for case in self:
            if case.use_outcome and not outcome:
                return True
            required = case.type_id._get_required_fields(state, outcome)
            if not all(case[name] for name in required):
                return True
        return False

    def _check_has_outcome(self):
        for case in self:
            if not case.use_outcome:
                raise UserError(
                    self.env._(
                        "%(case)s is a %(type)s, which is neither won nor lost.",
                        case=case.display_name,
                        type=case.type_id.name,
                    )
                )

    def _get_close_action(self, **defaults):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Close"),
            "res_model": "crm.case.close",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_case_ids": self.ids,
                **{f"default_{key}": value for key, value in defaults.items() if value},
            },
        }

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_close(self):
        """Close, or ask for what closing requires."""
        closing = self.filtered(lambda case: case.state != DONE)
        closing._check_transition(DONE)
        if closing._asks_on_close():
            return closing._get_close_action()
        return super().action_close()

    def action_won(self):
        self._check_has_outcome()
        if self._asks_on_close(WON):
            return self._get_close_action(outcome=WON)
        return self._close({}, WON)

    def action_lost(self):
        """Always ask: the reason of a loss is what one learns from."""
        self._check_has_outcome()
        return self._get_close_action(outcome=LOST)
