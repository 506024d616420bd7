from odoo import fields, models
from odoo.exceptions import UserError

from .case_states import CLOSED_STATES


class CrmCase(models.Model):
    """How a case goes up the tree of teams, and down again.

    UP: to the parent of *its* team; the team it goes to says who gets it there (its
    leader, whoever had it, nobody). At the top of the tree this is refused.

    DOWN: back to the team and the person it came from, one level for each call. What
    is gone by now (an archived team or user) is passed over.

    The state does not change. A mixed batch moves each case from where it stands, or
    none at all.
    """

    _inherit = "crm.case"

    escalation_level = fields.Integer(
        readonly=True,
        copy=False,
        tracking=True,
        help="How many times the case went up to a parent team.",
    )
    escalation_team_id = fields.Many2one(
        related="team_id.parent_id", string="Escalates To", tracking=False
    )
    # [[team id, user id or False], …], the way back last
    escalation_trail = fields.Json(copy=False, groups="base.group_user")

    # ------------------------------------------------------------
    # UP
    # ------------------------------------------------------------

    def _escalate(self):
        self.check_access("write")
        self._check_escalation()
        # Whoever hands a case up keeps following it, member of that team or not.
        self.message_subscribe(self._get_default_responsible().partner_id.ids)
        # sudo: whoever hands a case up need not see the team it goes to
        for cases in self.sudo()._group_by_way():
            parent_team = cases.team_id.parent_id
            cases.write(cases[0]._prepare_escalation_vals(parent_team))

    def _group_by_way(self):
        """Cases that stand where others stand, and came the same way."""
        return self.grouped(
            lambda case: (
                case.team_id,
                case.user_id,
                case.escalation_level,
                str(case.escalation_trail),
            )
        ).values()

    def _check_escalation(self):
        self._check_not_closed()
        for case in self:
            if not case.team_id.parent_id:
                raise UserError(
                    self.env._(
                        "%(case)s is with %(team)s, which has no parent team: there "
                        "is nobody to escalate to.",
                        case=case.display_name,
                        team=case.team_id.display_name or self.env._("no team"),
                    )
                )

    def _check_not_closed(self):
        for case in self:
            if case.state in CLOSED_STATES:
                raise UserError(
                    self.env._(
                        "%s is closed. Reopen it to escalate it or to give it back.",
                        case.display_name,
                    )
                )

    def _prepare_escalation_vals(self, parent_team):
        """Values of this case with the team above.

        :param crm.case.team parent_team: where it goes
        """
        self.ensure_one()
        here = [self.team_id.id, self.user_id.id]
        vals = {
            "team_id": parent_team.id,
            "escalation_level": self.escalation_level + 1,
            "escalation_trail": [*(self.escalation_trail or []), here],
            "date_action_last": fields.Datetime.now(),
        }
        if parent_team.escalation_assign == "leader":
            vals["user_id"] = parent_team.user_id.id
        elif parent_team.escalation_assign == "unassign":
            vals["user_id"] = False
        return vals

    # ------------------------------------------------------------
    # DOWN
    # ------------------------------------------------------------

    def _deescalate(self):
        self.check_access("write")
        self._check_not_closed()
        self._check_was_escalated()
        self.message_subscribe(self._get_default_responsible().partner_id.ids)
        # sudo: whoever gives a case back need not see the team it came from
        for cases in self.sudo()._group_by_way():
            cases.write(cases[0]._prepare_deescalation_vals())

    def _check_was_escalated(self):
        for case in self.sudo():
            if not case._get_way_back():
                raise UserError(
                    self.env._(
                        "%s was not escalated: there is no team to give it back to.",
                        case.display_name,
                    )
                )

    def _get_way_back(self):
        """Where this case came from, without the teams that are gone."""
        self.ensure_one()
        trail = self.escalation_trail or []
        teams = self.env["crm.case.team"].browse(team for team, _user in trail)
        there = teams.exists().filtered("active")
        return [step for step in trail if step[0] in there.ids]

    def _prepare_deescalation_vals(self):
        self.ensure_one()
        *trail, (team_id, user_id) = self._get_way_back()
        user = self.env["res.users"].browse(user_id or ()).exists()
        return {
            "team_id": team_id,
            "user_id": user.filtered("active").id,
            "escalation_level": max(self.escalation_level - 1, 0),
            "escalation_trail": trail or False,
            "date_action_last": fields.Datetime.now(),
        }

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_escalate(self):
        self._escalate()

    def action_deescalate(self):
        self._deescalate()
