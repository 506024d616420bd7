from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestMultiCompany(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_a = cls.env.company
        cls.company_b = cls.env["res.company"].create({"name": "Company B"})
        cls.env.user.company_ids += cls.company_b
        cls.team_b = cls._team("Team B", company_id=cls.company_b.id)

    def test_company_follows_the_team(self):
        case = self._case(team_id=self.team_b.id)
        self.assertEqual(case.company_id, self.company_b)
        self.assertEqual(self._case().company_id, self.company_a)

    def test_other_company_is_out_of_reach(self):
        case = self._case(team_id=self.team_b.id)
        for user in (self.user_leader, self.user_manager):
            self.assertFalse(case.with_user(user).search([("id", "=", case.id)]))
            with self.assertRaises(AccessError):
                case.with_user(user).read(["name"])
            with self.assertRaises(AccessError):
                self.team_b.with_user(user).read(["name"])

    def test_category_of_other_company_is_out_of_reach(self):
        category = self.env["crm.case.category"].create(
            {"name": "B only", "team_id": self.team_b.id}
        )
        self.assertFalse(
            category.with_user(self.user_manager).search([("id", "=", category.id)])
        )

    def test_with_the_company_selected(self):
        case = self._case(team_id=self.team_b.id)
        self.user_leader.company_ids += self.company_b
        Case = case.with_user(self.user_leader)
        self.assertFalse(
            Case.with_context(allowed_company_ids=self.company_a.ids).has_access("read")
        )
        both = (self.company_a + self.company_b).ids
        self.assertTrue(Case.with_context(allowed_company_ids=both).has_access("read"))

    def test_records_of_other_companies_do_not_mix(self):
        partner_b = self.partner.copy({"company_id": self.company_b.id})
        with self.assertRaises(UserError):
            self._case(partner_id=partner_b.id)
        with self.assertRaises(UserError):
            self._case(team_id=self.team_b.id, company_id=self.company_a.id)

    def test_parent_team_of_other_company_is_refused(self):
        self.team_board.company_id = self.company_a
        with self.assertRaises(UserError):
            self.team_b.parent_id = self.team_board

    def test_numbers_per_company(self):
        self.env["ir.sequence"].create(
            {
                "name": "Cases of B",
                "code": "crm.case",
                "prefix": "B-",
                "padding": 4,
                "company_id": self.company_b.id,
            }
        )
        cases = self.env["crm.case"].create(
            [
                {"name": "A", "team_id": self.team_care.id},
                {"name": "B", "team_id": self.team_b.id},
            ]
        )
        self.assertRegex(cases[0].number, r"^CASE-\d{5}$")
        self.assertEqual(cases[1].number, "B-0001")

    def test_same_number_in_two_companies(self):
        case = self._case()
        twin = self._case(team_id=self.team_b.id, number=case.number)
        self.assertEqual(twin.number, case.number)

    def test_fallback_team_serves_the_company(self):
        self.team_general.company_id = self.company_a
        Team = self.env["crm.case.team"]
        fallback = Team._get_fallback_team(self.company_b)
        self.assertTrue(fallback)
        self.assertNotEqual(fallback.company_id, self.company_a)

    def test_intake_is_in_the_company_of_the_team(self):
        case = self.env["crm.case"].message_new(
            {"subject": "Hi", "email_from": "a@b.example.com"},
            {"team_id": self.team_b.id},
        )
        self.assertEqual(case.company_id, self.company_b)
