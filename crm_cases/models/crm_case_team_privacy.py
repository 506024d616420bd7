from odoo import api, fields, models
from odoo.fields import Domain

INSIDERS = {"user_id", "member_ids", "team_member_ids"}


class CrmCaseTeam(models.Model):
    """A team whose cases are nobody else's business (staff matters, legal matters).

    Only its members and its leader see the cases, and whoever one of them is made
    responsible: neither managers nor followers, on no screen and in no count. The team
    itself is no secret, so that mail can be sent to it and cases can go up to it.

    A manager can still change who is in the team. That cannot be prevented without
    locking a team out of itself, so it is told: the team hears who let whom in.
    """

    _inherit = "crm.case.team"

    is_private = fields.Boolean(
        string="Private",
        tracking=True,
        help="Only members and the leader see the cases of this team, managers and "
        "followers do not.",
    )

    def _get_insiders(self):
        """Users who see the cases of this team though it is private."""
        return self.member_ids | self.user_id

    def _get_insider_domain(self):
        """Teams whose cases the current user may see."""
        user = self.env.user
        return (
            Domain("is_private", "=", False)
            | Domain("user_id", "=", user.id)
            | Domain("member_ids", "in", user.ids)
        )

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self._forget_insiders()
        return teams

    @api.model
    def _forget_insiders(self):
        """Evaluated record rules hold the teams of each user."""
        self.env["res.users"].invalidate_model(["case_team_ids"], flush=False)
        self.env.registry.clear_cache()

    def write(self, vals):
        private = self.filtered("is_private")
        before = {team: team._get_insiders() for team in private}
        result = super().write(vals)
        if not INSIDERS.isdisjoint(vals):
            self._forget_insiders()
        private._tell_new_insiders(before)
        if vals.get("is_private"):
            self._forget_outside_followers()
        return result

    def _tell_new_insiders(self, before):
        for team, insiders in before.items():
            new = team._get_insiders() - insiders
            if new:
                team.message_post(
                    body=self.env._(
                        "%(who)s may see the cases of this private team from now on.",
                        who=", ".join(new.mapped("name")),
                    ),
                    partner_ids=insiders.partner_id.ids,
                )

    def _forget_outside_followers(self):
        """Who followed cases until now does not hear of them any more."""
        cases = (
            self.env["crm.case"]
            .with_context(active_test=False)
            .search([("team_id", "in", self.ids)])
        )
        cases._drop_outside_followers()
