from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestArchivedAccess(CasesCommon):
    """Archived and merged cases are cases: the same rules hide them, everywhere.

    ``team_legal`` is private, ``user_other`` its only member; ``team_b`` is of another
    company, whose user is ``user_b``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team_legal = cls._team(
            "Legal", is_private=True, member_ids=cls.user_other.ids
        )
        cls.outsiders = cls.user_member + cls.user_leader + cls.user_manager
        cls.company_b = cls.env["res.company"].create({"name": "Company B"})
        cls.env.user.company_ids += cls.company_b
        cls.team_b = cls._team("Team B", company_id=cls.company_b.id)

    def _merged(self, team):
        """A case that was merged into another of its team, and is archived."""
        survivor = self._case("Dismissal of Eve", team_id=team.id)
        merged = self._case("Dismissal of Eve again", team_id=team.id)
        merged.message_post(body="The reasons are …", message_type="comment")
        (survivor | merged)._merge()
        merged.message_post(body="A late word", message_type="comment")
        self.env.flush_all()
        return merged

    def _assert_out_of_reach(self, case, users):
        for user in users:
            own = case.with_user(user).with_context(active_test=False)
            for operation in ("read", "write", "unlink"):
                self.assertFalse(own.has_access(operation), (user.name, operation))
            for model, field in (
                ("crm.case", "id"),
                ("crm.case.report", "case_id"),
                ("crm.case.sla.status", "case_id"),
                ("crm.case.party", "case_id"),
                ("crm.case.checklist", "case_id"),
            ):
                found = own.env[model].search([(field, "=", case.id)])
                self.assertFalse(found, (user.name, model))
            found = own.env["mail.message"].search(
                [("model", "=", "crm.case"), ("res_id", "=", case.id)]
            )
            self.assertFalse(found, user.name)
            survivors = case.merged_into_id.ids or [0]
            self.assertFalse(own.search_count([("merged_into_id", "in", survivors)]))
            self.assertFalse(own.search([("name", "ilike", "Dismissal of Eve")]))

    def _furnish(self, case):
        supplier = self.env["res.partner"].create(
            {"name": "Lawyer", "email": "lawyer@law.example.com"}
        )
        case.party_ids = [(0, 0, {"partner_id": supplier.id, "name": "Opinion"})]
        case.checklist_ids = [(0, 0, {"name": "Write the letter"})]

    def test_private_team(self):
        merged = self._merged(self.team_legal)
        self._furnish(merged)
        self._assert_out_of_reach(merged, self.outsiders)
        self._assert_out_of_reach(merged.merged_into_id, self.outsiders)
        insider = merged.with_user(self.user_other)
        self.assertEqual(insider.read(["name"])[0]["name"], merged.name)
        self.assertEqual(insider.merged_into_id.merged_count, 1)

    def test_archived_case_of_a_private_team(self):
        case = self._case("Dismissal of Eve", team_id=self.team_legal.id)
        self._furnish(case)
        case.active = False
        self._assert_out_of_reach(case, self.outsiders)

    def test_other_company(self):
        merged = self._merged(self.team_b)
        self._furnish(merged)
        self._assert_out_of_reach(merged, self.outsiders)
        self._assert_out_of_reach(merged.merged_into_id, self.outsiders)

    def test_no_hint_on_a_new_case(self):
        merged = self._merged(self.team_legal)
        address = {"email_from": "eve@staff.example.com"}
        (merged | merged.merged_into_id).write(address)
        new = self._case("Dismissal of Eve", **address)
        for user in self.outsiders:
            own = new.with_user(user)
            self.assertFalse(own.duplicate_ids)
            self.assertFalse(own.duplicate_hint)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_survivor_that_went_to_a_private_team(self):
        """Its name is hidden to those who still see what was merged into it."""
        survivor, merged = self._case("Quarrel"), self._case("Quarrel again")
        word = merged.message_post(body="She said …", message_type="comment")
        (survivor | merged)._merge()
        survivor.team_id = self.team_legal
        self.env.flush_all()
        own = merged.with_user(self.user_member)
        self.assertEqual(own.merged_into_id.display_name, f"[{survivor.number}]")
        self.assertFalse(word.with_user(self.user_member).has_access("read"))
        for user in self.outsiders:
            with self.assertRaises(AccessError):
                merged.with_user(user)._unmerge()
        self.assertFalse(merged.active)
        insider = merged.with_user(self.user_other)
        third = self._case("Third").with_user(self.user_other)
        with self.assertRaises(AccessError):
            (insider | third)._merge()

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_log_of_merges_is_nobodys(self):
        merged = self._merged(self.team_care)
        log = self.env["crm.case.merge.log"].search([("case_id", "=", merged.id)])
        self.assertTrue(log)
        for user in self.outsiders + self.user_other + self.user_portal:
            with self.assertRaises(AccessError):
                log.with_user(user).read(["journal"])

    def test_customer_sees_no_archived_case(self):
        merged = self._merged(self.team_care)
        merged.partner_id = self.user_portal.partner_id
        self.assertFalse(merged.with_user(self.user_portal).has_access("read"))
