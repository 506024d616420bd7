from odoo import fields, models

from .rating_rating import SATISFIED_DOMAIN


class ResPartner(models.Model):
    """How satisfied a customer is with us; a company with all its contacts."""

    _inherit = "res.partner"

    case_rating_count = fields.Integer(
        string="Ratings of Cases",
        compute="_compute_case_rating",
        compute_sudo=False,
        groups="crm_cases.crm_cases_group_own",
    )
    case_rating_avg = fields.Float(
        string="Satisfaction",
        digits=(3, 1),
        compute="_compute_case_rating",
        compute_sudo=False,
        groups="crm_cases.crm_cases_group_own",
        help="Average of 1 (unhappy) to 5 (happy).",
    )

    def _compute_case_rating(self):
        family = self.with_context(active_test=False).search_fetch(
            [("id", "child_of", self.ids)], ["parent_id"]
        )
        own_ids, sums = set(self.ids), {}
        for partner_id, (count, average) in family._get_case_ratings().items():
            partner = self.browse(partner_id)
            while partner:
                if partner.id in own_ids:
                    before, total = sums.get(partner.id, (0, 0.0))
                    sums[partner.id] = (before + count, total + count * average)
                partner = partner.parent_id
        for partner in self:
            count, total = sums.get(partner.id, (0, 0.0))
            partner.case_rating_count = count
            partner.case_rating_avg = total / count if count else 0.0

    def _get_case_ratings(self, field="partner_id"):
        """Count and average of the ratings of each partner, in one query.

        :param str field: ``partner_id`` for what they told, ``rated_partner_id`` for
            what was told of them
        :return: dict of partner id to (count, average)
        """
        ratings = self.env["rating.rating"]._read_group(
            [*SATISFIED_DOMAIN, (field, "in", self.ids)],
            [field],
            ["__count", "rating:avg"],
        )
        return {partner.id: (count, average) for partner, count, average in ratings}

    def action_view_case_ratings(self):
        self.ensure_one()
        return self.env["rating.rating"]._get_case_ratings_action(
            self.env._("Satisfaction of %s", self.name),
            [("partner_id", "child_of", self.ids)],
        )
