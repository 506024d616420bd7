from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestChecklist(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._case(
            type_id=cls.env.ref("crm_cases.crm_case_type_task").id,
            checklist_ids=[
                (0, 0, {"name": "First"}),
                (0, 0, {"name": "Second"}),
                (0, 0, {"name": "Third"}),
            ],
        )
        cls.items = cls.case.checklist_ids

    def test_counts(self):
        self.assertEqual(self.case.checklist_count, 3)
        self.assertEqual(self.case.checklist_done_count, 0)
        self.items[0].is_done = True
        self.assertEqual(self.case.checklist_done_count, 1)

    def test_counts_do_not_query_per_case(self):
        cases = self.case + self._case() + self._case()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            cases.mapped("checklist_count")

    def test_who_ticks_is_remembered(self):
        with freeze_time("2026-03-02 10:00:00"):
            self.items[0].with_user(self.user_member).is_done = True
        self.assertEqual(self.items[0].done_user_id, self.user_member)
        self.assertEqual(str(self.items[0].done_date), "2026-03-02 10:00:00")
        self.items[0].with_user(self.user_leader).name = "Renamed"
        self.assertEqual(self.items[0].done_user_id, self.user_member)
        self.items[0].is_done = False
        self.assertFalse(self.items[0].done_user_id)
        self.assertFalse(self.items[0].done_date)

    def test_goes_with_the_case(self):
        self.case.unlink()
        self.assertFalse(self.items.exists())

    # Rights: those of the case

    def test_member_of_the_team(self):
        items = self.items.with_user(self.user_member)
        self.assertEqual(items.search([("case_id", "=", self.case.id)]), self.items)
        items[0].is_done = True
        items.create({"case_id": self.case.id, "name": "Fourth"})
        items[1].unlink()
        self.assertEqual(self.case.checklist_count, 3)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models")
    def test_who_does_not_see_the_case(self):
        items = self.items.with_user(self.user_other)
        self.assertFalse(items.search([]))
        self.assertFalse(items.search_count([("id", "in", self.items.ids)]))
        for action in (
            lambda: items.read(["name"]),
            lambda: items[0].write({"is_done": True}),
            lambda: items.create({"case_id": self.case.id, "name": "Mine"}),
            lambda: items.unlink(),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                action()

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models")
    def test_move_to_a_case_out_of_reach(self):
        foreign = self._case(team_id=self.team_sales.id)
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.items[0].with_user(self.user_member).case_id = foreign

    def test_customer_sees_no_steps(self):
        self.case.partner_id = self.user_portal.partner_id
        items = self.items.with_user(self.user_portal)
        self.assertFalse(items.has_access("read"))

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Company B"})
        team = self._team("Team B", company_id=company.id)
        self.env.user.company_ids += company
        case = self._case(team_id=team.id, checklist_ids=[(0, 0, {"name": "B"})])
        items = case.checklist_ids.with_user(self.user_manager)
        self.assertFalse(items.search([("id", "in", items.ids)]))
        self.assertFalse(items.has_access("read"))
