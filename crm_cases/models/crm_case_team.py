from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .case_states import ACTIVE_STATES
from .known_records import known


class CrmCaseTeam(models.Model):
    """People who handle the same cases, as a tree.

    The tree is the way of escalation: a case goes up to the parent team and to the
    leader of that team. A mail to the address of a team becomes a case of it, and
    answers to its cases come back to that address. Team *General* takes what no
    other team claims, so it can be renamed or archived but not deleted.
    """

    _name = "crm.case.team"
    _description = "Case Team"
    _inherit = ["crm.case.tree.mixin", "mail.alias.mixin", "mail.thread"]
    _order = "sequence, complete_name, id"
    _check_company_auto = True

    name = fields.Char(tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company",
        index=True,
        tracking=True,
        help="Empty: the team serves all companies.",
    )
    parent_id = fields.Many2one(
        "crm.case.team",
        string="Parent Team",
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Where this team escalates to.",
    )
    child_ids = fields.One2many("crm.case.team", "parent_id", string="Sub-teams")
    user_id = fields.Many2one(
        "res.users",
        string="Team Leader",
        index="btree_not_null",
        domain="[('share', '=', False)]",
        check_company=True,
        tracking=True,
        help="Takes over the cases that are escalated to this team.",
    )
    member_ids = fields.Many2many(
        "res.users",
        "crm_case_team_member",  # the table of the memberships
        "team_id",
        "user_id",
        string="Members",
        tracking=True,
        domain="[('share', '=', False)]",
        check_company=True,
    )
    resource_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Hours",
        check_company=True,
        tracking=True,
        help="Empty: the working hours of the company.",
    )
    reopen_pending = fields.Boolean(
        string="Open on Reply",
        default=True,
        tracking=True,
        help="An answer of the customer opens a pending case.",
    )

    escalation_assign = fields.Selection(
        [
            ("leader", "The leader takes over"),
            ("keep", "The responsible stays"),
            ("unassign", "Nobody, until somebody takes it"),
        ],
        string="Escalated Cases",
        required=True,
        default="leader",
        tracking=True,
        help="Who is responsible for a case that is escalated to this team.",
    )

    # Dashboard
    open_count = fields.Integer(compute="_compute_case_counts", string="Open Cases")
    unassigned_count = fields.Integer(
        compute="_compute_case_counts", string="Unassigned Cases"
    )
    waiting_count = fields.Integer(
        compute="_compute_case_counts", string="Cases Waiting for Us"
    )
    overdue_count = fields.Integer(
        compute="_compute_overdue_count", string="Overdue Cases"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_case_counts(self):
        """All three counters from one grouped query."""
        self.open_count = self.unassigned_count = self.waiting_count = 0
        groups = self.env["crm.case"]._read_group(
            self._get_open_cases_domain(),
            ["team_id", "awaiting_answer"],
            ["__count", "user_id:count"],
        )
        for team, awaiting, count, assigned in groups:
            team.open_count += count
            team.unassigned_count += count - assigned
            team.waiting_count += count if awaiting else 0

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_overdue_count(self):
        counts = dict(
            self.env["crm.case"]._read_group(
                self._get_open_cases_domain() & Domain("is_overdue", "=", True),
                ["team_id"],
                ["__count"],
            )
        )
        for team in self:
            team.overdue_count = counts.get(team, 0)

    def _get_open_cases_domain(self):
        return Domain("team_id", "in", self.ids) & Domain("state", "in", ACTIVE_STATES)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_fallback(self):
        general = known(self.env, "crm_cases.team_general")
        if general and general in self:
            raise UserError(
                self.env._(
                    "This team takes the cases that no other team claims: it cannot "
                    "be deleted. Rename it, or archive it."
                )
            )

    # Choosing a team

    @api.model
    def _get_fallback_team(self, company=None):
        """The team for what nobody claims: General, else the first one there is."""
        general = known(self.env, "crm_cases.team_general")
        company = company or self.env.company
        if general and general.active and general.company_id <= company:
            return general
        return self.search([("company_id", "in", (company.id, False))], limit=1)

    @api.model
    def _get_teams_by_user(self, users):
        """Team that each user prefers, else the first one that he leads or is in."""
        teams = self.search(
            Domain("member_ids", "in", users.ids) | Domain("user_id", "in", users.ids)
        )
        # sudo: the preference of another user is his, its use is not
        preferred = {user: user.case_team_id for user in users.sudo()}
        result = {
            user.with_env(self.env): team.with_env(self.env)
            for user, team in preferred.items()
            if team.active
        }
        for team in teams:
            for user in team.member_ids | team.user_id:
                result.setdefault(user, team)
        return result

    # Mail

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("crm.case")
        if self.id:
            defaults = literal_eval(self.alias_defaults or "{}")
            values["alias_defaults"] = {**defaults, "team_id": self.id}
        return values

    # Actions

    def action_view_cases(self):
        """The cases of this team; which ones is said by ``search_default_*`` keys
        that the counter put into the context."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_cases.crm_case_action"
        )
        filters = {
            key: value
            for key, value in self.env.context.items()
            if key.startswith("search_default_")
        }
        return {
            **action,
            "display_name": self.complete_name,
            "domain": [("team_id", "=", self.id)],
            "context": {
                **(filters or {"search_default_not_closed": 1}),
                "default_team_id": self.id,
            },
        }
