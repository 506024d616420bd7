from odoo import models
from odoo.fields import Domain

from .case_states import WON


class UtmCampaign(models.Model):
    """A campaign knows the cases that carry it."""

    _inherit = "utm.campaign"

    def _get_case_figures(self):
        """What these campaigns brought: one grouped query.

        :return: number of cases, of leads, of won ones, and the revenue of these in the
            currency of the current company, by campaign
        :rtype: dict[utm.campaign, tuple[int, int, int, float]]
        """
        figures = {}
        if not self:
            return figures
        groups = self.env["crm.case"]._read_group(
            Domain("campaign_id", "in", self.ids),
            ["campaign_id", "type_id", "outcome"],
            ["__count", "planned_revenue:sum_currency"],
        )
        for campaign, case_type, outcome, count, revenue in groups:
            cases, leads, won, total = figures.get(campaign, (0, 0, 0, 0.0))
            is_won = outcome == WON
            figures[campaign] = (
                cases + count,
                leads + count * case_type.counts_as_lead,
                won + count * is_won,
                total + (revenue or 0.0) * is_won,
            )
        return figures
