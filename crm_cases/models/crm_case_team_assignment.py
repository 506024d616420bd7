from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .case_states import ACTIVE_STATES

MANUAL = "manual"
ROUND_ROBIN = "round_robin"
BALANCED = "balanced"


class CrmCaseTeam(models.Model):
    """How a team gives its cases to its members.

    METHOD: *by hand* does nothing; *in turn* takes the member who waited longest;
    *balanced* the one with the fewest cases that are not closed, in whichever team,
    and among equals the one who waited longest.

    WHO: members who are active, may work in the company of the case, have room under
    their limit and are not on leave now: neither a leave of their own nor a holiday
    of their working hours. If there is nobody, the case stays unassigned.

    WORKERS: a worker locks the team before it looks, and counts the team's cursor up
    when it has assigned. A second worker waits for the first; as its view of the
    data is then out of date, PostgreSQL refuses it and the framework starts it
    again: no case is given away twice, nobody gets two turns.
    """

    _inherit = "crm.case.team"

    assign_method = fields.Selection(
        [
            (MANUAL, "By hand"),
            (ROUND_ROBIN, "In turn"),
            (BALANCED, "By fewest open cases"),
        ],
        string="Assignment",
        required=True,
        default=MANUAL,
        tracking=True,
        help="How cases that nobody has are given to members: when they come in, and "
        "on demand.",
    )
    assign_cursor = fields.Integer(readonly=True, default=0, copy=False)
    team_member_ids = fields.One2many(
        "crm.case.team.member", "team_id", string="Memberships", copy=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        teams.invalidate_recordset(["team_member_ids", "member_ids"])
        return teams

    def write(self, vals):
        """Both faces of the membership table, one truth."""
        result = super().write(vals)
        if "member_ids" in vals:
            self.invalidate_recordset(["team_member_ids"])
        return result

    def _assign_cases(self, cases):
        """Give cases of this team to its members, urgent and old ones first.

        :return: the cases that found somebody
        """
        self._lock_assignment()
        members = self._get_available_members()
        loads = self._get_member_loads(members.user_id)
        choice = {}
        for case in cases.sorted(lambda case: (-int(case.priority), case.id)):
            member = self._pick_member(members, loads, case)
            if member:
                choice[case] = member.user_id
                loads[member.user_id] += 1
                self.assign_cursor += 1
                member.assign_cursor = self.assign_cursor
        assigned = cases.filtered(lambda case: case in choice)
        for user, given in assigned.grouped(choice.get).items():
            given.write({"user_id": user.id})
        return assigned

    def _lock_assignment(self):
        self.ensure_one()
        self.flush_recordset(["assign_cursor"])
        self.env.cr.execute(
            SQL("SELECT 1 FROM crm_case_team WHERE id = %s FOR NO KEY UPDATE", self.id)
        )

    def _get_available_members(self):
        members = self.env["crm.case.team.member"].search(
            [("team_id", "=", self.id), ("user_id.active", "=", True)]
        )
        absent = self._get_absent_users(members.user_id)
        return members.filtered(lambda member: member.user_id not in absent)

    def _get_absent_users(self, users):
        """Users who are on leave now."""
        leaves = self._get_current_leaves(users)
        holidays = leaves.filtered(lambda leave: not leave.resource_id)
        absent = leaves.resource_id.user_id
        if holidays:
            resources = self.env["resource.resource"].search(
                [("user_id", "in", users.ids)]
            )
            absent |= resources.filtered(
                lambda resource: any(
                    leave.company_id in (resource.company_id, leave.env["res.company"])
                    and leave.calendar_id
                    in (resource.calendar_id, leave.env["resource.calendar"])
                    for leave in holidays
                )
            ).user_id
        return absent

    def _get_current_leaves(self, users):
        now = fields.Datetime.now()
        return self.env["resource.calendar.leaves"].search(
            Domain("date_from", "<=", now)
            & Domain("date_to", ">", now)
            & Domain("time_type", "=", "leave")
            & (
                Domain("resource_id", "=", False)
                | Domain("resource_id.user_id", "in", users.ids)
            )
        )

    def _get_member_loads(self, users):
        groups = self.env["crm.case"]._read_group(
            [("user_id", "in", users.ids), ("state", "in", ACTIVE_STATES)],
            ["user_id"],
            ["__count"],
        )
        return Counter(dict(groups))

    def _pick_member(self, members, loads, case):
        """The member whose turn it is, or nobody."""
        free = members.filtered(
            lambda member: (
                member._has_room(loads[member.user_id])
                and case.company_id in member.user_id.company_ids
            )
        )
        if self.assign_method == BALANCED:
            free = free.sorted(lambda m: (loads[m.user_id], m.assign_cursor, m.id))
        else:
            free = free.sorted(lambda m: (m.assign_cursor, m.id))
        return free[:1]

    def action_assign_now(self):
        """Give away what nobody has."""
        return (
            self.env["crm.case"]
            .search(
                self._get_open_cases_domain() & Domain("user_id", "=", False),
            )
            .action_assign()
        )
