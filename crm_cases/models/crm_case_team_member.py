from odoo import api, fields, models


class CrmCaseTeamMember(models.Model):
    """A user in a team, and how much this user takes.

    The table is at the same time the relation of ``crm.case.team.member_ids``: adding
    a user there makes a membership without a limit, and no second list of members
    can ever disagree with the first.

    ``assign_cursor`` is the number of the last case that the team gave to this member
    (the team counts them), so the lowest is the one who waited longest. A newcomer
    is next, once.
    """

    _name = "crm.case.team.member"
    _description = "Case Team Member"
    _order = "team_id, id"
    _rec_name = "user_id"
    _check_company_auto = True

    team_id = fields.Many2one(
        "crm.case.team", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="team_id.company_id")
    user_id = fields.Many2one(
        "res.users",
        string="Member",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('share', '=', False)]",
    )
    max_open = fields.Integer(
        string="At Most",
        help="Gets no further case while having this many that are not closed, in "
        "whichever team. 0: no limit.",
    )
    assign_cursor = fields.Integer(readonly=True, default=0, copy=False)

    _team_user_unique = models.Constraint(
        "UNIQUE(team_id, user_id)", "This user is already a member of the team."
    )
    _max_open_positive = models.Constraint(
        "CHECK(max_open >= 0)", "The limit of open cases cannot be negative."
    )

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        self._forget_member_ids()
        return members

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("user_id", "team_id")):
            self._forget_member_ids()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget_member_ids()
        return result

    @api.model
    def _forget_member_ids(self):
        """The other face of this table is read anew."""
        self.flush_model(["team_id", "user_id"])
        self.env["crm.case.team"].invalidate_model(["member_ids"])
        self.env["crm.case.team"]._forget_insiders()

    def _has_room(self, load):
        self.ensure_one()
        return not self.max_open or load < self.max_open
