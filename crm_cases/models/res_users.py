from odoo import fields, models
from odoo.fields import Domain


class ResUsers(models.Model):
    """A user may say to which team the cases go that he creates.

    ``case_team_ids`` are the teams that a user is in or leads. The record rules of
    cases ask for it: a list of ids costs no join, for which every list and counter
    would pay. Odoo keeps evaluated rules, so what changes a membership makes it forget
    them.
    """

    _inherit = "res.users"

    case_team_id = fields.Many2one(
        "crm.case.team",
        string="Default Case Team",
        ondelete="set null",
        check_company=True,
        help="New cases of yours go to this team. Empty: the first team you are in.",
    )

    case_team_ids = fields.Many2many(
        "crm.case.team",
        string="Case Teams",
        compute="_compute_case_team_ids",
        compute_sudo=True,  # rules are evaluated for users who may read no team
    )

    def _compute_case_team_ids(self):
        teams = (
            self.env["crm.case.team"]
            .with_context(active_test=False)
            .search(
                Domain("member_ids", "in", self.ids) | Domain("user_id", "in", self.ids)
            )
        )
        for user in self:
            user.case_team_ids = teams.filtered(
                lambda team, user=user: user in team._get_insiders()
            )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ["case_team_id"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ["case_team_id"]
