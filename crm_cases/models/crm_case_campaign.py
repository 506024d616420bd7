from odoo import api, fields, models


class CrmCase(models.Model):
    """A campaign that counts what it brought, for types that use it.

    The case owns one ``utm.campaign`` of the same name, made with it. Whatever case
    carries that campaign counts: how many cases, how many *leads* (of types that
    count as such; a lead that became an opportunity stays one), what was won. The
    cost is the planned cost of the campaign itself.

    The figures are those of the cases that the reader may see, in the currency of the
    campaign's case.
    """

    _inherit = "crm.case"

    use_campaign = fields.Boolean(
        related="type_id.use_campaign", string="Owns a Campaign"
    )
    own_campaign_id = fields.Many2one(
        "utm.campaign",
        string="Its Campaign",
        ondelete="set null",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="Cases that carry this campaign count as brought by it.",
    )
    campaign_case_count = fields.Integer(
        string="Cases of the Campaign",
        compute="_compute_campaign_figures",
        groups="base.group_user",
    )
    campaign_lead_count = fields.Integer(
        string="Leads", compute="_compute_campaign_figures", groups="base.group_user"
    )
    campaign_won_count = fields.Integer(
        string="Won", compute="_compute_campaign_figures", groups="base.group_user"
    )
    campaign_won_revenue = fields.Monetary(
        string="Won Revenue",
        compute="_compute_campaign_figures",
        groups="base.group_user",
    )
    campaign_cost_per_lead = fields.Monetary(
        string="Cost per Lead",
        compute="_compute_campaign_figures",
        groups="base.group_user",
    )

    _own_campaign_unique = models.UniqueIndex(
        "(own_campaign_id) WHERE own_campaign_id IS NOT NULL",
        "Another case owns this campaign already.",
    )

    @api.depends("own_campaign_id", "planned_cost", "currency_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_campaign_figures(self):
        figures = self.own_campaign_id._get_case_figures()
        for case in self:
            cases, leads, won, revenue = figures.get(
                case.own_campaign_id, (0, 0, 0, 0.0)
            )
            case.campaign_case_count = cases
            case.campaign_lead_count = leads
            case.campaign_won_count = won
            case.campaign_won_revenue = case._from_company_currency(revenue)
            case.campaign_cost_per_lead = leads and case.planned_cost / leads

    def _from_company_currency(self, amount):
        """Sums come in the currency of the company at hand."""
        company = self.env.company
        if not amount or not self.currency_id:
            return amount
        return company.currency_id._convert(
            amount, self.currency_id, company, fields.Date.context_today(self)
        )

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        cases._ensure_campaign()
        return cases

    def write(self, vals):
        result = super().write(vals)
        if "type_id" in vals:
            self._ensure_campaign()
        return result

    def _ensure_campaign(self):
        type_ids = self.env["crm.case.type"]._get_campaign_type_ids()
        # sudo: the case is what one needs rights on, its campaign is a part of it
        bare = self.sudo().filtered(
            lambda case: case.type_id.id in type_ids and not case.own_campaign_id
        )
        campaigns = self.env["utm.campaign"].sudo()
        made = campaigns.create([case._prepare_campaign_vals() for case in bare])
        for case, campaign in zip(bare, made, strict=True):
            case.own_campaign_id = campaign

    def _prepare_campaign_vals(self):
        self.ensure_one()
        responsible = self.user_id or self._get_default_responsible()
        return {
            "title": self.name,
            "user_id": responsible.id or self.env.uid,
        }

    def action_view_campaign_cases(self):
        self.ensure_one()
        return self._get_cases_action(
            self.name,
            [("campaign_id", "=", self.own_campaign_id.id)],
            {"default_campaign_id": self.own_campaign_id.id},
        )
