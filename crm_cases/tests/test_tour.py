from odoo.tests import HttpCase, tagged

from .common import CasesSetup


@tagged("post_install", "-at_install")
class TestTour(CasesSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()

    def test_case_from_new_to_solved(self):
        self.start_tour("/odoo", "crm_cases_workflow", login="cases_member")
        case = self.env["crm.case"].search([("name", "=", "The bell does not ring")])
        self.assertEqual(case.state, "done")
        self.assertEqual(case.user_id, self.user_member)
        self.assertEqual(case.priority, "2")

    def test_onboarding(self):
        self.start_tour("/odoo", "crm_cases_onboarding", login="cases_member")
        case = self.env["crm.case"].search(
            [("name", "=", "The battery does not charge")]
        )
        self.assertEqual(case.state, "done")
