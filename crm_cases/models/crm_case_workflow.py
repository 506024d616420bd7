from odoo import api, models
from odoo.exceptions import UserError

from .case_states import CANCEL, DONE, DRAFT, OPEN, PENDING, TRANSITIONS


class CrmCase(models.Model):
    """How a case moves.

    STATE AND STAGE: only the stage is ever written. Asking for a state (a button,
    ``write({"state": …})``) means asking for the first stage of that state which
    the team and the type may use.

    TRANSITIONS: every write of a stage is checked against the table in
    ``case_states``. Moving between two stages of one state is always allowed.

    RESPONSIBLE: opening a case that nobody has makes the caller responsible. It
    leaves the others as they are, and it never picks a user who is no person.

    All of it works on mixed batches: what one case gets depends on that case alone.
    """

    _inherit = "crm.case"

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Accept a wished ``state`` where no stage is given."""
        cases = super().create(vals_list)
        wishes = {
            case: vals["state"]
            for case, vals in zip(cases, vals_list, strict=True)
            if vals.get("state") and not vals.get("stage_id")
        }
        for case, state in wishes.items():
            case._transition(state)
        return cases

    def write(self, vals):
        if "state" in vals:
            return self._write_state(vals)
        if not vals.get("stage_id"):
            return super().write(vals)
        stage = self.env["crm.case.stage"].browse(vals["stage_id"])
        moving = self.filtered(lambda case: case.state != stage.state)
        moving._check_transition(stage.state)
        taken = moving._filter_to_take(stage.state, vals)
        if taken:
            responsible = self._get_default_responsible()
            super(CrmCase, taken).write({**vals, "user_id": responsible.id})
        return super(CrmCase, self - taken).write(vals)

    def _write_state(self, vals):
        """A state is a wish for a stage; next to a stage it says nothing new."""
        vals = dict(vals)
        state = vals.pop("state")
        if vals:
            self.write(vals)
        if state and not vals.get("stage_id"):
            self._transition(state)
        return True

    # ------------------------------------------------------------
    # TRANSITIONS
    # ------------------------------------------------------------

    def _transition(self, state):
        """Move these cases to ``state``; those that are there stay in their stage."""
        moving = self.filtered(lambda case: case.state != state)
        if not moving:
            return
        moving._check_transition(state)
        stages = self.env["crm.case.stage"].search([("state", "=", state)])
        by_target = moving.grouped(
            lambda case: stages._pick(case.team_id, case.type_id)
        )
        for stage, cases in by_target.items():
            if not stage:
                cases._raise_no_stage(state)
            cases.write({"stage_id": stage.id})

    def _check_transition(self, state):
        forbidden = self.filtered(lambda case: state not in TRANSITIONS[case.state])
        if not forbidden:
            return
        case = forbidden[0]
        labels = self._get_state_labels()
        raise UserError(
            self.env._(
                "%(case)s is in state %(old)s and cannot go to %(new)s. "
                "From %(old)s it can go to: %(allowed)s.",
                case=case.display_name,
                old=labels[case.state],
                new=labels.get(state, state),
                allowed=", ".join(labels[to] for to in TRANSITIONS[case.state]),
            )
        )

    def _raise_no_stage(self, state):
        raise UserError(
            self.env._(
                "Team %(team)s has no stage of state %(state)s for type %(type)s. "
                "A manager can add one under Configuration > Stages.",
                team=self[0].team_id.display_name or self.env._("(none)"),
                state=self._get_state_labels().get(state, state),
                type=self[0].type_id.name,
            )
        )

    @api.model
    def _get_state_labels(self):
        return dict(self._fields["state"]._description_selection(self.env))

    def _filter_to_take(self, state, vals):
        """Cases for which this move makes the caller responsible."""
        if state != OPEN or "user_id" in vals or not self._get_default_responsible():
            return self.browse()
        return self.filtered(lambda case: not case.user_id)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open(self):
        self._transition(OPEN)

    def action_pending(self):
        self._transition(PENDING)

    def action_close(self):
        self._transition(DONE)

    def action_cancel(self):
        self._transition(CANCEL)

    def action_reset(self):
        self._transition(DRAFT)

    def action_assign_to_me(self):
        self.write({"user_id": self.env.uid})
