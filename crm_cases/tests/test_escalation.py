from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import STATES, CasesCommon


@tagged("post_install", "-at_install")
class TestEscalation(CasesCommon):
    def test_goes_to_parent_team_and_its_leader(self):
        case = self._case_in("open", user_id=self.user_member.id)
        case.with_user(self.user_member).action_escalate()
        self.assertEqual(case.team_id, self.team_board)
        self.assertEqual(case.user_id, self.user_manager)
        self.assertEqual(case.escalation_level, 1)
        self.assertEqual(case.state, "open")

    def test_state_does_not_change(self):
        for state in ("draft", "open", "pending"):
            case = self._case_in(state)
            case.action_escalate()
            self.assertEqual(case.state, state)

    def test_closed_is_refused(self):
        for state in ("done", "cancel"):
            with self.assertRaisesRegex(UserError, "closed"):
                self._case_in(state).action_escalate()

    def test_at_the_top_it_says_so(self):
        case = self._case(team_id=self.team_board.id)
        with self.assertRaisesRegex(UserError, "Board.*no parent team"):
            case.action_escalate()
        case.team_id = False
        with self.assertRaisesRegex(UserError, "no parent team"):
            case.action_escalate()

    def test_parent_without_leader_leaves_it_to_the_team(self):
        self.team_board.user_id = False
        case = self._case(user_id=self.user_member.id)
        case.action_escalate()
        self.assertFalse(case.user_id)

    def test_mixed_batch(self):
        """Defect 9: all cases of a batch went to the parent of the last one."""
        region = self._team("Region", user_id=self.user_leader.id)
        branch = self._team("Branch", parent_id=region.id)
        care = self._case(user_id=self.user_member.id)
        again = self._case(user_id=self.user_other.id)
        again.escalation_level = 2
        other = self._case(team_id=branch.id)
        (care + again + other).action_escalate()
        self.assertEqual((care + again).team_id, self.team_board)
        self.assertEqual(other.team_id, region)
        self.assertEqual((care + again).user_id, self.user_manager)
        self.assertEqual(other.user_id, self.user_leader)
        self.assertEqual(care.escalation_level, 1)
        self.assertEqual(again.escalation_level, 3)
        self.assertEqual(other.escalation_level, 1)

    def test_batch_with_one_at_the_top_moves_nothing(self):
        cases = self._case() + self._case(team_id=self.team_board.id)
        with self.assertRaises(UserError), self.cr.savepoint():
            cases.action_escalate()
        self.assertEqual(cases[0].team_id, self.team_care)
        self.assertEqual(cases[0].escalation_level, 0)

    def test_who_escalates_keeps_following(self):
        case = self._case().with_user(self.user_member)
        case.action_escalate()
        self.assertIn(self.user_member.partner_id, case.message_partner_ids)
        self.assertTrue(case.has_access("read"))

    def test_logged_as_escalation(self):
        case = self._case()
        self.flush_tracking()
        case.action_escalate()
        self.flush_tracking()
        subtype = self.env.ref("crm_cases.mt_case_escalated")
        self.assertIn(subtype, case.message_ids.subtype_id)

    def test_the_team_above_says_who_gets_it(self):
        expected = {
            "leader": self.user_manager,
            "keep": self.user_member,
            "unassign": self.env["res.users"],
        }
        for setting, user in expected.items():
            self.team_board.escalation_assign = setting
            case = self._case(user_id=self.user_member.id)
            case.action_escalate()
            self.assertEqual(case.user_id, user, setting)

    def test_portal_escalates_nothing(self):
        case = self._case(partner_id=self.user_portal.partner_id.id)
        with self.assertRaises(AccessError):
            case.with_user(self.user_portal).action_escalate()


@tagged("post_install", "-at_install")
class TestDeescalation(CasesCommon):
    """Back to where it came from, step by step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team_top = cls._team("Top", user_id=cls.user_other.id)
        cls.team_board.parent_id = cls.team_top

    def test_back_by_the_same_steps(self):
        case = self._case_in("pending", user_id=self.user_member.id)
        case.action_escalate()
        case.action_escalate()
        self.assertEqual((case.team_id, case.escalation_level), (self.team_top, 2))
        case.action_deescalate()
        self.assertEqual((case.team_id, case.escalation_level), (self.team_board, 1))
        self.assertEqual(case.user_id, self.user_manager)
        case.action_deescalate()
        self.assertEqual((case.team_id, case.escalation_level), (self.team_care, 0))
        self.assertEqual(case.user_id, self.user_member)
        self.assertEqual(case.state, "pending")

    def test_what_was_not_escalated(self):
        with self.assertRaisesRegex(UserError, "was not escalated"):
            self._case().action_deescalate()

    def test_mixed_batch(self):
        """Each goes back to its own team."""
        branch = self._team("Branch", parent_id=self.team_board.id)
        cases = self._case(user_id=self.user_member.id) + self._case(team_id=branch.id)
        cases.action_escalate()
        self.assertEqual(cases.team_id, self.team_board)
        cases.action_deescalate()
        self.assertEqual(cases.mapped("team_id"), self.team_care + branch)
        self.assertEqual(cases[0].user_id, self.user_member)
        self.assertFalse(cases[1].user_id)

    def test_batch_is_all_or_nothing(self):
        cases = self._case() + self._case()
        cases[0].action_escalate()
        with self.assertRaises(UserError), self.cr.savepoint():
            cases.action_deescalate()
        self.assertEqual(cases[0].team_id, self.team_board)

    def test_closed_is_refused(self):
        case = self._case()
        case.action_escalate()
        case.action_cancel()
        with self.assertRaisesRegex(UserError, "closed"):
            case.action_deescalate()

    def test_team_and_user_that_are_gone(self):
        case = self._case(user_id=self.user_member.id)
        case.action_escalate()
        case.action_escalate()
        self.team_board.active = False
        self.user_member.active = False
        case.action_deescalate()
        self.assertEqual(case.team_id, self.team_care)
        self.assertFalse(case.user_id)

    def test_who_gives_back_keeps_following(self):
        case = self._case()
        case.action_escalate()
        case.with_user(self.user_manager).action_deescalate()
        self.assertIn(self.user_manager.partner_id, case.message_partner_ids)

    def test_many_are_not_many_writes(self):
        cases = self.env["crm.case"].browse([self._case().id for _n in range(20)])

        def queries(batch):
            self.flush_tracking()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            batch.with_context(mail_notrack=True, tracking_disable=True)._escalate()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        self.assertLess(queries(cases[2:]), queries(cases[:2]) + 10)


@tagged("post_install", "-at_install")
class TestReset(CasesCommon):
    def test_reset_clears_what_closing_set(self):
        """Defect 10: the closing date survived a reset."""
        for state in ("done", "cancel"):
            case = self._case_in(state)
            self.assertTrue(case.date_closed)
            case.action_reset()
            self.assertEqual(case.state, "draft")
            self.assertFalse(case.date_closed)
            self.assertFalse(case.date_open)

    def test_reopen_clears_what_closing_set(self):
        for state in ("done", "cancel"):
            case = self._case_in(state)
            opened = case.date_open
            case.action_open()
            self.assertFalse(case.date_closed)
            self.assertEqual(case.date_open, opened)

    def test_pending_is_logged_as_what_it_is(self):
        """Defect 10: pending was logged with the word of another state."""
        case = self._case_in("open")
        self.flush_tracking()
        case.action_pending()
        self.flush_tracking()
        tracked = (
            case.message_ids[0]
            .sudo()
            .tracking_value_ids.filtered(
                lambda value: value.field_id.name == "stage_id"
            )
        )
        self.assertEqual(tracked.old_value_char, self.stages["open"].name)
        self.assertEqual(tracked.new_value_char, self.stages["pending"].name)

    def test_cancelled_is_not_done(self):
        """Defect 13: what was lost counted as done."""
        case = self._case_in("open")
        case.action_cancel()
        self.assertEqual(case.state, "cancel")
        self.assertTrue(case.active)

    def test_moves_whole_batches(self):
        """Defect 14: a change of stage moved the first record only."""
        for state in STATES[1:]:
            cases = self._case() + self._case() + self._case()
            cases.write({"stage_id": self.stages[state].id})
            self.assertEqual(cases.mapped("state"), [state] * 3)
