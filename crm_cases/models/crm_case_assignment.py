from odoo import api, models

from .actions import notify
from .case_states import ACTIVE_STATES
from .crm_case_team_assignment import MANUAL


class CrmCase(models.Model):
    """How a case finds its responsible.

    A new case that nobody has, however it came in, is given to a member of its team
    by the method of the team (``crm_case_team_assignment``). The same happens on
    demand: for chosen cases, or for all that wait in a team. Closed cases and those
    that somebody has are left alone.
    """

    _inherit = "crm.case"

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        cases._assign()
        return cases

    def _assign(self):
        """Assign what can be assigned, and return it."""
        # sudo: who files a case may see neither the load nor the leaves of the team.
        # Teams go in order of their ids, as every worker locks them.
        waiting = self.sudo().filtered(lambda case: case._is_assignable())
        assigned = self.browse()
        by_team = waiting.grouped("team_id")
        for team in waiting.team_id.sorted("id"):
            assigned |= team._assign_cases(by_team[team])
        return assigned.with_env(self.env)

    def _is_assignable(self):
        self.ensure_one()
        return (
            self.team_id
            and self.team_id.assign_method != MANUAL
            and not self.user_id
            and self.state in ACTIVE_STATES
        )

    def action_assign(self):
        self.check_access("write")
        return self._notify_assigned(len(self._assign()))

    def _notify_assigned(self, count):
        """Say what happened: not every case finds somebody."""
        left = len(self.filtered(lambda c: not c.user_id and c.state in ACTIVE_STATES))
        message = self.env._("Assigned: %s.", count)
        if left:
            message = self.env._(
                "Assigned: %(count)s. Still unassigned: %(left)s, because the team "
                "assigns by hand, or no member is present and has room.",
                count=count,
                left=left,
            )
        return notify(message, "warning" if left else "success")
