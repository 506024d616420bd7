from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestCampaign(CasesCommon):
    """A campaign counts what carries it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.types = {
            name: cls.env.ref(f"crm_cases.crm_case_type_{name}")
            for name in ("campaign", "lead", "opportunity", "request")
        }
        cls.campaign = cls._of("campaign", name="Open days", planned_cost=1200)

    @classmethod
    def _of(cls, kind, **values):
        return cls._case(**{"name": kind, "type_id": cls.types[kind].id, **values})

    def _brought(self, kind, **values):
        return self._of(kind, campaign_id=self.campaign.own_campaign_id.id, **values)

    def test_owns_a_campaign(self):
        self.assertEqual(self.campaign.own_campaign_id.title, "Open days")
        self.assertFalse(self.campaign.campaign_id)
        copy = self.campaign.copy()
        self.assertTrue(copy.own_campaign_id)
        self.assertNotEqual(copy.own_campaign_id, self.campaign.own_campaign_id)
        self.assertFalse(self._of("lead").own_campaign_id)

    def test_becomes_a_campaign_later(self):
        case = self._of("request")
        case.type_id = self.types["campaign"]
        self.assertTrue(case.own_campaign_id)

    def test_two_of_one_name(self):
        twin = self._of("campaign", name="Open days")
        self.assertNotEqual(twin.own_campaign_id, self.campaign.own_campaign_id)

    def test_figures(self):
        self._brought("lead")
        self._brought("opportunity", planned_revenue=500)
        won = self._brought("opportunity", planned_revenue=3000)
        won.action_won()
        lost = self._brought("opportunity", planned_revenue=9000)
        lost._close(
            {
                "close_reason_id": self.env.ref(
                    "crm_cases.crm_case_close_reason_lost_price"
                ).id
            },
            "lost",
        )
        self._brought("request")
        self._of("lead")
        self.env.invalidate_all()
        self.assertEqual(self.campaign.campaign_case_count, 5)
        self.assertEqual(self.campaign.campaign_lead_count, 4)
        self.assertEqual(self.campaign.campaign_won_count, 1)
        self.assertEqual(self.campaign.campaign_won_revenue, 3000)
        self.assertEqual(self.campaign.campaign_cost_per_lead, 300)

    def test_a_converted_lead_is_counted_once(self):
        lead = self._brought("lead")
        lead._convert({}, {})
        self.env.invalidate_all()
        self.assertEqual(self.campaign.campaign_lead_count, 1)

    def test_no_leads_no_cost_per_lead(self):
        self.assertEqual(self.campaign.campaign_cost_per_lead, 0)

    def test_only_what_the_reader_may_see(self):
        self._brought("lead", team_id=self.team_sales.id)
        self.env.flush_all()
        campaign = self.campaign.with_user(self.user_member)
        self.assertEqual(campaign.campaign_lead_count, 0)
        campaign = self.campaign.with_user(self.user_leader)
        self.assertEqual(campaign.campaign_lead_count, 1)

    def test_one_query_for_all(self):
        campaigns = self.campaign + self._of("campaign") + self._of("campaign")
        for campaign in campaigns:
            for _n in range(3):
                self._of("lead", campaign_id=campaign.own_campaign_id.id)
        self.env.flush_all()

        def queries(batch):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            batch.mapped("campaign_lead_count")
            return self.cr.sql_log_count - before

        queries(campaigns)
        self.assertEqual(queries(campaigns[0]), queries(campaigns))

    def test_member_makes_a_campaign(self):
        case = (
            self.env["crm.case"]
            .with_user(self.user_member)
            .create(
                {
                    "name": "Flyers",
                    "type_id": self.types["campaign"].id,
                    "team_id": self.team_care.id,
                }
            )
        )
        self.assertEqual(case.own_campaign_id.user_id, self.user_member)

    def test_button_lists_what_it_brought(self):
        lead = self._brought("lead")
        action = self.campaign.action_view_campaign_cases()
        self.assertEqual(self.env["crm.case"].search(action["domain"]), lead)


@tagged("post_install", "-at_install")
class TestRevenue(CasesCommon):
    """Amounts, in one currency and in several."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.opportunity = cls.env.ref("crm_cases.crm_case_type_opportunity")
        cls.own = cls.env.company.currency_id
        cls.foreign = cls.env["res.currency"].create(
            {
                "name": "XDW",
                "symbol": "¤",
                "rounding": 0.01,
                "rate_ids": [(0, 0, {"name": "2020-01-01", "rate": 2.0})],
            }
        )

    def _opportunity(self, **values):
        return self._case(type_id=self.opportunity.id, **values)

    def test_expected_revenue(self):
        """Defect 16: the probability was never divided by 100."""
        case = self._opportunity(planned_revenue=1000, probability=25)
        self.assertEqual(case.expected_revenue, 250)

    def test_expected_revenue_after_the_end(self):
        won = self._opportunity(planned_revenue=1000, probability=25)
        won.action_won()
        self.assertEqual(won.expected_revenue, 1000)
        self.assertEqual(won.probability, 25, "the last estimate stays")
        won.action_open()
        self.assertEqual(won.expected_revenue, 250)
        won.action_cancel()
        self.assertEqual(won.expected_revenue, 0)

    def test_currency_follows_the_company(self):
        company = self.env["res.company"].create(
            {"name": "Company B", "currency_id": self.foreign.id}
        )
        self.env.user.company_ids += company
        team = self._team("Team B", company_id=company.id)
        self.assertEqual(self._opportunity().currency_id, self.own)
        self.assertEqual(self._opportunity(team_id=team.id).currency_id, self.foreign)

    def test_chosen_currency_is_kept(self):
        case = self._opportunity(currency_id=self.foreign.id)
        case.name = "Other"
        self.assertEqual(case.currency_id, self.foreign)

    def test_sums_convert(self):
        cases = self._opportunity(planned_revenue=100) + self._opportunity(
            planned_revenue=100, currency_id=self.foreign.id
        )
        self.env.flush_all()
        [[total]] = self.env["crm.case"]._read_group(
            [("id", "in", cases.ids)], [], ["planned_revenue:sum_currency"]
        )
        self.assertAlmostEqual(total, 150)

    def test_campaign_in_another_currency(self):
        campaign = self._case(
            type_id=self.env.ref("crm_cases.crm_case_type_campaign").id,
            currency_id=self.foreign.id,
        )
        for currency in (self.own, self.foreign):
            self._opportunity(
                planned_revenue=100,
                currency_id=currency.id,
                campaign_id=campaign.own_campaign_id.id,
            ).action_won()
        self.env.flush_all()
        self.assertAlmostEqual(campaign.campaign_won_revenue, 300)

    def test_amounts_are_not_for_customers(self):
        case = self._opportunity(partner_id=self.user_portal.partner_id.id)
        case = case.with_user(self.user_portal)
        for name in ("planned_revenue", "planned_cost", "expected_revenue"):
            self.assertFalse(case._has_field_access(case._fields[name], "read"), name)
