from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common_portal import PortalSetup


@tagged("post_install", "-at_install")
class TestPortalTours(PortalSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()

    def test_customer(self):
        self.start_tour("/my", "crm_cases_portal_customer", login="cases_portal")
        case = self.env["crm.case"].search([("name", "=", "The saddle is loose")])
        self.assertEqual(case.state, "open")
        self.assertEqual(case.reopen_count, 1)
        self.assertEqual(
            self.said(case),
            [
                "Since Monday.",
                "It is the left bolt.",
                "This is solved, thank you.",
                "Loose again.",
            ],
        )

    def test_public_form(self):
        self.team_care.form_access = "public"
        path = self.team_care.form_url.removeprefix(self.team_care.get_base_url())
        self.start_tour(path, "crm_cases_public_form")
        request = self.env["crm.case.request"].search([], limit=1)
        self.assertEqual(request.email, "robin@rider.example.com")
        link = f"/cases/confirm/{request._get_token()}"
        self.start_tour(link, "crm_cases_public_confirm")
        self.assertEqual(request.case_id.partner_name, "Robin Rider")

    def test_dashboard(self):
        self.env["crm.case"].search([]).active = False
        late = self._case("Late case", user_id=self.user_member.id)
        late.date_deadline = fields.Datetime.now() - timedelta(days=1)
        self._case("Other case", user_id=self.user_member.id)
        self._case("Third case")
        self.env.registry.clear_cache()
        self.start_tour(
            "/odoo/cases-dashboard", "crm_cases_dashboard", login="cases_leader"
        )
