from odoo import fields, models

from .rating_rating import SATISFIED_DOMAIN


class CrmCaseTeam(models.Model):
    """How satisfied the customers of a team are, and whether they are asked."""

    _inherit = "crm.case.team"

    rating_request = fields.Boolean(
        string="Ask for Satisfaction",
        help="After a case is solved, ask the customer by mail, once.",
    )
    rating_delay = fields.Integer(
        string="Hours Until Asked",
        default=24,
        help="Hours between solving a case and asking. Who reopens it is not asked.",
    )
    rating_reopen = fields.Boolean(
        string="Reopen When Unhappy",
        help="An unhappy customer opens the case again.",
    )
    case_rating_count = fields.Integer(
        string="Number of Ratings",
        compute="_compute_case_rating",
        compute_sudo=False,
    )
    case_rating_avg = fields.Float(
        string="Satisfaction",
        digits=(3, 1),
        compute="_compute_case_rating",
        compute_sudo=False,
        help="Average of 1 (unhappy) to 5 (happy).",
    )

    _rating_delay_positive = models.Constraint(
        "CHECK(rating_delay >= 0)", "The hours until asked cannot be negative."
    )

    def _compute_case_rating(self):
        ratings = self.env["rating.rating"]._read_group(
            [*SATISFIED_DOMAIN, ("parent_res_id", "in", self.ids)],
            ["parent_res_id"],
            ["__count", "rating:avg"],
        )
        figures = {team_id: (count, average) for team_id, count, average in ratings}
        for team in self:
            count, average = figures.get(team.id, (0, 0.0))
            team.case_rating_count, team.case_rating_avg = count, average

    def action_view_ratings(self):
        self.ensure_one()
        return self.env["rating.rating"]._get_case_ratings_action(
            self.env._("Satisfaction of %s", self.name),
            [("parent_res_id", "=", self.id)],
        )


class CrmCaseTeamMember(models.Model):
    """How satisfied the customers of a member are, over all cases of that member."""

    _inherit = "crm.case.team.member"

    case_rating_avg = fields.Float(
        string="Satisfaction",
        digits=(3, 1),
        compute="_compute_case_rating_avg",
        compute_sudo=False,
    )

    def _compute_case_rating_avg(self):
        averages = self.user_id.partner_id._get_case_ratings("rated_partner_id")
        for member in self:
            _count, average = averages.get(member.user_id.partner_id.id, (0, 0.0))
            member.case_rating_avg = average
