from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged, warmup
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestAssignment(CasesCommon):
    """Care gives its cases to Mia, Otto and Lea, in this order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team_care.member_ids += cls.user_other + cls.user_leader
        cls.team_care.assign_method = "round_robin"
        cls.people = cls.user_member + cls.user_other + cls.user_leader
        cls.members = cls.env["crm.case.team.member"].search(
            [("team_id", "=", cls.team_care.id)]
        )

    def _cases(self, count, **values):
        return self.env["crm.case"].concat(
            *(self._case(**values) for _number in range(count))
        )

    def _waiting(self, count, **values):
        """Cases that came in while the team assigned by hand."""
        method = self.team_care.assign_method
        self.team_care.assign_method = "manual"
        cases = self._cases(count, **values)
        self.team_care.assign_method = method
        return cases

    def _leave(self, user=None, **values):
        now = fields.Datetime.now()
        resource = self.env["resource.resource"].search([("user_id", "=", user.id)])
        if not resource:
            resource = self.env["resource.resource"].create(
                {"name": user.name, "user_id": user.id}
            )
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "Away",
                "resource_id": resource[:1].id,
                "calendar_id": resource[:1].calendar_id.id,
                "date_from": now - timedelta(hours=1),
                "date_to": now + timedelta(hours=1),
                **values,
            }
        )

    def test_in_turn(self):
        users = [case.user_id for case in self._cases(6)]
        self.assertEqual(users, [*self.people, *self.people])

    def test_turn_survives_a_leaver_and_a_newcomer(self):
        self._cases(4)  # Mia has had the last one
        self.team_care.member_ids -= self.user_other
        self.assertEqual(self._case().user_id, self.user_leader)
        self.team_care.member_ids += self.user_manager
        self.assertEqual(self._case().user_id, self.user_manager)
        self.assertEqual(self._case().user_id, self.user_member)

    def test_balanced_by_load_in_all_teams(self):
        self.team_care.assign_method = "balanced"
        for user, count in zip(self.people, (3, 1, 2), strict=True):
            self._cases(count, user_id=user.id, team_id=self.team_sales.id)
        self._case_in("done", user_id=self.user_other.id)
        users = [case.user_id for case in self._cases(4)]
        mia, otto, lea = self.people
        self.assertEqual(users, [otto, lea, otto, mia])

    def test_by_hand(self):
        self.team_care.assign_method = "manual"
        case = self._case()
        self.assertFalse(case.user_id)
        self.assertEqual(case.action_assign()["params"]["type"], "warning")
        self.assertFalse(case.user_id)

    def test_mail_is_assigned(self):
        case = self.env["crm.case"].message_new(
            {"subject": "Help", "email_from": "x@y.example.com", "to": "care@z.com"},
            {"team_id": self.team_care.id},
        )
        self.assertEqual(case.user_id, self.user_member)

    def test_who_has_a_case_keeps_it(self):
        case = self._case(user_id=self.user_manager.id)
        self.assertEqual(case.user_id, self.user_manager)
        case.action_assign()
        self.assertEqual(case.user_id, self.user_manager)
        self.assertFalse(self._case_in("done").user_id)

    def test_limit(self):
        self.members.max_open = 1
        cases = self._cases(5)
        self.assertEqual(cases.user_id, self.people)
        self.assertFalse(cases[3:].user_id)
        cases[1].action_close()
        cases.action_assign()
        self.assertEqual(cases[3].user_id, self.user_other)
        self.assertFalse(cases[4].user_id)

    def test_negative_limit_is_refused(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self.members[0].max_open = -1
            self.env.flush_all()

    def test_archived_users_are_skipped(self):
        self.user_member.active = False
        self.assertEqual(self._cases(3).user_id, self.user_other + self.user_leader)

    def test_absent_members_are_skipped(self):
        leave = self._leave(self.user_member)
        self.assertNotIn(self.user_member, self._cases(3).user_id)
        leave.date_to = fields.Datetime.now() - timedelta(minutes=1)
        self.assertIn(self.user_member, self._cases(3).user_id)

    def test_holiday_of_the_working_hours(self):
        calendar = self.env["resource.calendar"].create({"name": "Weekend shift"})
        leave = self._leave(self.user_member)
        leave.resource_id.calendar_id = calendar
        leave.write({"resource_id": False, "calendar_id": calendar.id})
        self.assertEqual(
            self.team_care._get_absent_users(self.people), self.user_member
        )

    def test_all_away_leaves_it_to_the_team(self):
        for user in self.people:
            self._leave(user)
        self.assertFalse(self._case().user_id)

    def test_company_of_the_case(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.user_leader.company_ids += company
        cases = self._cases(3, company_id=company.id)
        self.assertEqual(cases.user_id, self.user_leader)

    def test_urgent_first(self):
        self.members.max_open = 1
        cases = self._waiting(4)
        cases[3].priority = "3"
        self.team_care.action_assign_now()
        self.assertEqual(cases[3].user_id, self.user_member)
        self.assertFalse(cases[2].user_id)

    def test_assign_now_as_member(self):
        cases = self._waiting(3)
        foreign = self._case(team_id=self.team_sales.id)
        result = self.team_care.with_user(self.user_member).action_assign_now()
        self.assertEqual(cases.user_id, self.people)
        self.assertFalse(foreign.user_id)
        self.assertEqual(result["params"]["type"], "success")

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_assigning_needs_the_right_to_write(self):
        case = self._waiting(1)
        for user in (self.user_portal, self.user_employee):
            with self.assertRaises(AccessError):
                case.with_user(user).action_assign()

    # Memberships

    def test_members_and_memberships_are_one(self):
        team = self._team("Fresh", member_ids=self.user_member.ids)
        self.assertEqual(team.team_member_ids.user_id, self.user_member)
        team.team_member_ids = [(0, 0, {"user_id": self.user_other.id, "max_open": 5})]
        self.assertEqual(team.member_ids, self.user_member + self.user_other)
        team.member_ids -= self.user_member
        self.assertEqual(team.team_member_ids.user_id, self.user_other)
        self.assertEqual(team.team_member_ids.max_open, 5)
        team.team_member_ids.unlink()
        self.assertFalse(team.member_ids)

    def test_form(self):
        team = self.team_care.with_user(self.user_manager)
        with Form(team) as form, form.team_member_ids.new() as line:
            line.user_id = self.user_manager
        self.assertIn(self.user_manager, self.team_care.member_ids)

    def test_memberships_of_other_companies(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.team_sales.company_id = self.env.company
        self.env["crm.case.team.member"].search([("team_id", "=", self.team_sales.id)])
        self.user_manager.company_ids += company
        Member = self.env["crm.case.team.member"].with_user(self.user_manager)
        domain = [("team_id", "=", self.team_sales.id)]
        self.assertTrue(Member.search(domain))
        elsewhere = Member.with_context(allowed_company_ids=company.ids)
        self.assertFalse(elsewhere.search(domain))

    @warmup
    def test_assign_100(self):
        """Three members, three writes; without the messages, one for each case in
        every model of the framework: to the chatter and to the responsible."""
        cases = self._waiting(100).with_context(
            mail_notrack=True, mail_auto_subscribe_no_notify=True
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(45):
            cases.action_assign()
            self.env.flush_all()
