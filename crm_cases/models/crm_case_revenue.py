from odoo import api, fields, models

from .case_states import CANCEL
from .case_states import WON as OUTCOME_WON


class CrmCase(models.Model):
    """What a case may bring and what it costs, for types that use it.

    Amounts are in the currency of the case: that of its company unless another was
    chosen. Sums over cases are converted to the currency of the current company.

    The *expected* revenue is the planned one times the probability; what was won
    counts in full, what was lost or cancelled not at all. Closing leaves the
    probability alone: it stays the last estimate, to be compared with what came.
    """

    _inherit = "crm.case"

    use_revenue = fields.Boolean(related="type_id.use_revenue")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        ondelete="restrict",
        compute="_compute_currency_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    planned_revenue = fields.Monetary(tracking=True, groups="base.group_user")
    planned_cost = fields.Monetary(tracking=True, groups="base.group_user")
    probability = fields.Float(
        string="Probability (%)",
        aggregator="avg",
        tracking=True,
        groups="base.group_user",
    )
    expected_revenue = fields.Monetary(
        compute="_compute_expected_revenue",
        store=True,
        groups="base.group_user",
        help="Planned revenue × probability.",
    )

    _probability_range = models.Constraint(
        "CHECK(probability >= 0 AND probability <= 100)",
        "A probability lies between 0 and 100 %.",
    )

    @api.depends("company_id")
    def _compute_currency_id(self):
        """Keep a currency that was chosen; follow the company otherwise."""
        for case in self:
            before = case._origin.company_id.currency_id
            if not case.currency_id or case.currency_id == before:
                case.currency_id = case.company_id.currency_id

    @api.depends("planned_revenue", "probability", "state", "outcome")
    def _compute_expected_revenue(self):
        for case in self:
            share = case.probability / 100
            if case.outcome == OUTCOME_WON:
                share = 1
            elif case.state == CANCEL:
                share = 0
            case.expected_revenue = case.planned_revenue * share
