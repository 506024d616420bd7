from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .rules_common import MONDAY, RulesCommon

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@tagged("post_install", "-at_install")
class TestSla(RulesCommon):
    """The office works from 9 to 17; MONDAY is 10:00 there, so 7 hours are left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.case.sla"].search([]).active = False
        cls.policy = cls.env["crm.case.sla"].create(
            {"name": "Standard", "response_hours": 4, "resolution_hours": 10}
        )

    def _case_at(self, moment=MONDAY, **values):
        with self.at(moment):
            return self._case(**values)

    def _status(self, case, kind="response"):
        return case.sla_status_ids.filtered(lambda status: status.kind == kind)

    def _tell(self, moment):
        self.env.flush_all()
        with self.at(moment), self.commits_are_kept_back():
            self.env["crm.case.sla.status"]._cron_run()

    def test_deadlines_in_working_time(self):
        case = self._case_at()
        self.assertEqual(self._status(case).deadline, MONDAY + 4 * HOUR)
        # 7 hours on Monday, 3 on Tuesday from 9 to 12.
        solution = self._status(case, "resolution")
        self.assertEqual(solution.deadline, MONDAY + 26 * HOUR)
        self.assertEqual(self._status(case).warning_at, MONDAY + 3 * HOUR)
        self.assertEqual(case.sla_deadline, MONDAY + 4 * HOUR)

    def test_response_in_time_and_too_late(self):
        quick, slow = self._case_at(), self._case_at()
        with self.at(MONDAY + HOUR):
            quick.date_first_response = MONDAY + HOUR
        with self.at(MONDAY + 5 * HOUR):
            slow.date_first_response = MONDAY + 5 * HOUR
        self.assertEqual(self._status(quick).state, "reached")
        self.assertEqual(self._status(quick).spent_hours, 1)
        self.assertEqual(self._status(quick).deadline, MONDAY + 4 * HOUR)
        self.assertEqual(self._status(slow).state, "failed")
        self.assertEqual(quick.sla_deadline, MONDAY + 26 * HOUR)

    def test_clock_stops_while_pending(self):
        case = self._case_at(MONDAY)
        solution = self._status(case, "resolution")
        with self.at(MONDAY + HOUR):
            case.action_pending()
        self.assertFalse(solution.deadline)
        self.assertTrue(solution.paused)
        with self.at(MONDAY + 3 * HOUR):
            self.assertEqual(case.sla_state, "paused")
            case.action_open()
        # Nine hours are left: 4 on Monday, 5 on Tuesday.
        self.assertEqual(solution.deadline, MONDAY + 28 * HOUR)
        with self.at(MONDAY + 4 * HOUR):
            case.action_close()
        self.assertEqual(solution.state, "reached")
        self.assertEqual(solution.spent_hours, 2)
        self.assertEqual(solution.date_reached, MONDAY + 4 * HOUR)

    def test_time_used_while_the_clock_runs(self):
        """Nothing was written since: it is told from the time that is left."""
        case = self._case_at()
        response, solution = self._status(case), self._status(case, "resolution")
        for hours, used in ((1, 1), (5, 5), (16, 7), (24, 8)):
            with self.at(MONDAY + hours * HOUR):
                self.env.invalidate_all()
                self.assertEqual(solution.used_hours, used)
                self.assertEqual(response.used_hours, used)
        with self.at(MONDAY + HOUR):
            self.env.invalidate_all()
            self.assertEqual(case.sla_spent, "1 h of 4 h")
            case.action_pending()
        with self.at(MONDAY + 5 * HOUR):
            self.env.invalidate_all()
            self.assertEqual(solution.used_hours, 1)

    def test_reopened_goes_on_with_what_was_left(self):
        case = self._case_at()
        solution = self._status(case, "resolution")
        with self.at(MONDAY + HOUR):
            case.action_close()
        with self.at(MONDAY + 24 * HOUR):
            case.action_open()
        self.assertEqual(solution.state, "ongoing")
        # Nine hours are left: 7 on Tuesday, 2 on Wednesday.
        self.assertEqual(solution.deadline, MONDAY + 49 * HOUR)

    def test_nothing_is_promised_of_a_merged_case(self):
        """It goes on elsewhere; un-merged, it is measured from the start again."""
        first, second = self._case_at(), self._case_at()
        deadline = self._status(second, "resolution").deadline
        with self.at(MONDAY + HOUR):
            (first | second)._merge()
        self.assertFalse(second.sla_status_ids)
        self.assertFalse(second.sla_deadline)
        self._tell(MONDAY + 48 * HOUR)
        told = second.message_ids.filtered(lambda m: "missed" in (m.body or ""))
        self.assertFalse(told)
        with self.at(MONDAY + 48 * HOUR):
            second._unmerge()
        self.assertEqual(self._status(second, "resolution").deadline, deadline)

    def test_unmerging_tells_nothing_twice(self):
        """A warning or a breach that was told before the merge, of either case, is not
        told once more when the merge is undone."""
        first, second = self._case_at(), self._case_at(MONDAY + MINUTE)
        cases = first | second
        # The first answer is warned of and missed; of the solution a warning is told.
        for hours in (3.5, 5, 24.5):
            self._tell(MONDAY + hours * HOUR)
        told = self._count_told(cases)
        self.assertEqual(told, {first: (2, 1), second: (2, 1)})
        with self.at(MONDAY + 25 * HOUR):
            cases._merge()
        self._tell(MONDAY + 25.1 * HOUR)
        with self.at(MONDAY + 25.2 * HOUR):
            second._unmerge()
        self._tell(MONDAY + 25.3 * HOUR)
        self.assertEqual(self._count_told(cases), told)

    def test_unmerging_tells_nothing_twice_of_what_was_reached(self):
        """The answer of the merged case was that of the survivor meanwhile."""
        first, second = self._case_at(), self._case_at()
        cases = first | second
        with self.at(MONDAY + HOUR):
            second.date_first_response = MONDAY + HOUR
        self._tell(MONDAY + 3.5 * HOUR)
        self._tell(MONDAY + 5 * HOUR)
        told = self._count_told(cases)
        self.assertEqual(told, {first: (1, 1), second: (0, 0)})
        with self.at(MONDAY + 6 * HOUR):
            cases._merge()
        self.assertEqual(first.date_first_response, MONDAY + HOUR)
        with self.at(MONDAY + 6.5 * HOUR):
            second._unmerge()
        self._tell(MONDAY + 6.6 * HOUR)
        self.assertEqual(self._count_told(cases), told)
        self.assertEqual(self._status(first).state, "failed")
        self.assertEqual(self._status(second).state, "reached")

    def _count_told(self, cases):
        """Warnings and breaches told of each of these cases."""
        warned = self.env.ref("crm_cases.mt_case_sla_warned")
        failed = self.env.ref("crm_cases.mt_case_sla_failed")
        messages = {case: [m.subtype_id for m in case.message_ids] for case in cases}
        return {
            case: (subtypes.count(warned), subtypes.count(failed))
            for case, subtypes in messages.items()
        }

    def test_what_was_missed_before_archiving_stays(self):
        case = self._case_at()
        self._tell(MONDAY + 5 * HOUR)
        with self.at(MONDAY + 6 * HOUR):
            case.active = False
        self.assertEqual(case.sla_status_ids.mapped("kind"), ["response"])
        self.assertEqual(self._status(case).state, "failed")
        self.assertFalse(case.sla_deadline)
        self.assertFalse(case.sla_state)

    def test_success_rate_is_of_what_has_ended(self):
        quick, running = self._case_at(), self._case_at()
        with self.at(MONDAY + HOUR):
            quick.date_first_response = MONDAY + HOUR
        rows = self._status(quick) | self._status(running)
        [(rate,)] = rows._read_group([("id", "in", rows.ids)], [], ["success:avg"])
        self.assertEqual(rate, 1)

    def test_warning_and_breach_are_told_once(self):
        case = self._case_at(user_id=self.user_member.id)
        warned = self.env.ref("crm_cases.mt_case_sla_warned")
        failed = self.env.ref("crm_cases.mt_case_sla_failed")

        def told():
            subtypes = [message.subtype_id for message in case.message_ids]
            return subtypes.count(warned), subtypes.count(failed)

        for moment, expected in (
            (MONDAY + 3 * HOUR - MINUTE, (0, 0)),
            (MONDAY + 3 * HOUR, (1, 0)),
            (MONDAY + 4 * HOUR - MINUTE, (1, 0)),
            (MONDAY + 4 * HOUR, (1, 1)),
            (MONDAY + 5 * HOUR, (1, 1)),
        ):
            self._tell(moment)
            self.assertEqual(told(), expected, moment)
        self.assertEqual(self._status(case).state, "failed")
        message = case.message_ids.filtered(lambda m: m.subtype_id == failed)
        self.assertEqual(message.partner_ids, self.user_member.partner_id)
        with self.at(MONDAY + 5 * HOUR):
            self.env.invalidate_all()
            self.assertEqual(case.sla_state, "failed")
            self.assertEqual(case.sla_remaining, "1 h late")
        # Late is late, also when it is reached.
        with self.at(MONDAY + 6 * HOUR):
            case.date_first_response = MONDAY + 6 * HOUR
        self.assertEqual(self._status(case).state, "failed")

    def test_scheduled_at_the_instant(self):
        cron = self.env.ref("crm_cases.ir_cron_sla")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        triggers.unlink()
        self._case_at()
        triggers = triggers.search([("cron_id", "=", cron.id)])
        self.assertEqual(triggers.mapped("call_at"), [MONDAY + 3 * HOUR])
        self._case_at(MONDAY + HOUR)
        self.assertEqual(len(triggers.search([("cron_id", "=", cron.id)])), 1)
        self._tell(MONDAY + 3 * HOUR)
        triggers = triggers.search([("cron_id", "=", cron.id)])
        self.assertEqual(max(triggers.mapped("call_at")), MONDAY + 4 * HOUR)

    def test_rules_act_on_warning_and_breach(self):
        with self.at(MONDAY):
            self._rule(0, "minute", reference="sla_warning")
            self._rule(0, "minute", reference="sla_breach")
            case = self._case()
        moments = [MONDAY + n * MINUTE for n in (179, 180, 181, 239, 240, 241)]
        fired = self._fires_at(case, moments)
        self.assertEqual(fired, [MONDAY + 180 * MINUTE, MONDAY + 240 * MINUTE])

    def test_archived_cases_are_left_alone(self):
        with self.at(MONDAY):
            self._rule(0, "minute", reference="sla_breach")
            case = self._case()
            case.active = False
        self._tell(MONDAY + 4 * HOUR)
        self._pass(MONDAY + 4 * HOUR)
        self.assertEqual(case.color, 0)
        self.assertFalse(self._status(case).failed_on)

    def test_policies_follow_the_case(self):
        urgent = self.env["crm.case.sla"].create(
            {"name": "Urgent", "response_hours": 1, "priority_from": "3"}
        )
        sales = self.env["crm.case.sla"].create(
            {
                "name": "Sales",
                "response_hours": 2,
                "team_ids": [Command.set(self.team_sales.ids)],
            }
        )
        case = self._case_at()
        self.assertEqual(case.sla_status_ids.sla_id, self.policy)
        with self.at(MONDAY + 30 * MINUTE):
            case.priority = "3"
        self.assertEqual(case.sla_status_ids.sla_id, self.policy + urgent)
        self.assertEqual(case.sla_deadline, MONDAY + HOUR, "counted from the start")
        with self.at(MONDAY + 40 * MINUTE):
            case.write({"priority": "1", "team_id": self.team_sales.id})
        self.assertEqual(case.sla_status_ids.sla_id, self.policy + sales)

    def test_matching(self):
        gold = self.env["res.partner.category"].create({"name": "Gold"})
        self.partner.category_id = gold
        case = self._case_at(partner_id=self.partner.id)
        for fits, values in (
            (True, {"team_ids": self.team_board.ids}),
            (False, {"team_ids": self.team_sales.ids}),
            (True, {"type_ids": case.type_id.ids}),
            (False, {"type_ids": self.env.ref("crm_cases.crm_case_type_bug").ids}),
            (True, {"partner_category_ids": gold.ids}),
            (False, {"partner_category_ids": gold.create({"name": "X"}).ids}),
            (False, {"priority_from": "2"}),
            (True, {"priority_from": "1", "priority_to": "1"}),
        ):
            policy = self.env["crm.case.sla"].create({"name": "Try", **values})
            self.assertEqual(policy._fits(case), fits, values)

    def test_target_stage_and_state(self):
        self.env["crm.case.sla"].create(
            {
                "name": "Begin",
                "response_hours": 0,
                "target_hours": 2,
                "target_state": "open",
            }
        )
        case = self._case_at()
        status = self._status(case, "other")
        with self.at(MONDAY + HOUR):
            case.action_open()
        self.assertEqual((status.state, status.spent_hours), ("reached", 1))
        with self.at(MONDAY + 2 * HOUR):
            case.action_pending()
        self.assertEqual(status.date_reached, MONDAY + HOUR)

    def test_new_policy_measures_open_cases(self):
        case, closed = self._case_at(), self._case_at()
        with self.at(MONDAY + HOUR):
            closed.action_close()
            policy = self.env["crm.case.sla"].create(
                {"name": "More", "response_hours": 6}
            )
        self._tell(MONDAY + HOUR)
        self.assertEqual(policy.status_ids.case_id, case)
        self.assertEqual(policy.status_ids.deadline, MONDAY + 6 * HOUR)
        with self.at(MONDAY + HOUR):
            policy.response_hours = 5
        self._tell(MONDAY + HOUR)
        self.assertEqual(policy.status_ids.deadline, MONDAY + 5 * HOUR)
        policy.active = False
        self.assertFalse(policy.status_ids)

    def test_holiday_moves_open_deadlines(self):
        case = self._case_at()
        solution = self._status(case, "resolution")
        with self.at(MONDAY + HOUR):
            self.env["resource.calendar.leaves"].create(
                {
                    "name": "Strike",
                    "calendar_id": self.calendar.id,
                    "date_from": MONDAY + 14 * HOUR,
                    "date_to": MONDAY + 38 * HOUR,
                }
            )
        self._tell(MONDAY + HOUR)
        self.assertEqual(solution.deadline, MONDAY + 50 * HOUR)

    def test_company_without_calendar(self):
        self.env.company.resource_calendar_id = False
        case = self._case_at()
        self.assertEqual(self._status(case, "resolution").deadline, MONDAY + 10 * HOUR)

    def test_success_rate(self):
        """One in time, one too late; what is open does not count."""
        self._case_at()
        for hours in (1, 5):
            case = self._case_at()
            with self.at(MONDAY + hours * HOUR):
                case.date_first_response = MONDAY + hours * HOUR
        statuses = self.env["crm.case.sla.status"]
        domain = [("sla_id", "=", self.policy.id), ("kind", "=", "response")]
        [[rate, count]] = statuses._read_group(
            domain, aggregates=["success:avg", "__count"]
        )
        self.assertEqual((rate, count), (0.5, 3))
        groups = statuses.formatted_read_group(
            domain, ["date_filed:month", "team_id", "sla_id"], ["success:avg"]
        )
        self.assertEqual([group["success:avg"] for group in groups], [0.5])
        ongoing = [*domain, ("state", "=", "ongoing")]
        [[nothing]] = statuses._read_group(ongoing, aggregates=["success:avg"])
        self.assertFalse(nothing)

    def test_bad_policies_are_refused(self):
        for values in (
            {"response_hours": 0},
            {"target_hours": 3},
            {"target_state": "open"},
        ):
            with self.assertRaises(ValidationError):
                self.env["crm.case.sla"].create({"name": "Bad", **values})

    def test_members_see_the_status_of_their_cases(self):
        mine = self._case_at()
        self._case_at(team_id=self.team_sales.id)
        statuses = self.env["crm.case.sla.status"].with_user(self.user_member)
        self.assertEqual(statuses.search([]).case_id, mine)

    def test_members_write_cases_with_promises(self):
        case = self._case_at().with_user(self.user_member)
        with self.at(MONDAY + HOUR), Form(case) as form:
            form.priority = "3"
        with self.at(MONDAY + HOUR):
            case.action_close()
        self.assertEqual(self._status(case.sudo(), "resolution").state, "reached")

    def test_no_query_per_case(self):
        cases = self.env["crm.case"].union(*[self._case_at() for _n in range(5)])
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(4):
            cases.mapped("sla_remaining")

    def test_a_batch_reads_the_calendar_once(self):
        """Twice as many cases cost a few more queries, not twice as many."""
        counts = []
        for size in (10, 20):
            with self.at(MONDAY):
                cases = self.env["crm.case"].union(
                    *[self._case() for _n in range(size)]
                )
                self.env.flush_all()
                before = self.cr.sql_log_count
                cases._refresh_sla()
                self.env.flush_all()
                counts.append(self.cr.sql_log_count - before)
        self.assertLess(counts[1], counts[0] + 5)
        self.assertLess(counts[1], 25)
