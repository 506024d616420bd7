from datetime import date, datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestRepeat(CasesCommon):
    """The next task is made when this one is done."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.task = cls.env.ref("crm_cases.crm_case_type_task")
        cls.team_care.resource_calendar_id = cls.env["resource.calendar"].create(
            {"name": "Brussels", "tz": "Europe/Brussels", "company_id": False}
        )

    def _task(self, deadline, **values):
        return self._case(
            **{
                "name": "Water the plants",
                "type_id": self.task.id,
                "user_id": self.user_member.id,
                "date_deadline": deadline,
                "is_repeated": True,
                **values,
            }
        )

    def _close(self, case, now):
        with freeze_time(now):
            case.action_close()
        return case.repeat_next_ids

    def test_next_one(self):
        tag = self.env["crm.case.tag"].create({"name": "Garden"})
        case = self._task(
            datetime(2026, 3, 2, 10),
            tag_ids=tag.ids,
            priority="2",
            description="<p>All of them</p>",
            checklist_ids=[
                (0, 0, {"name": "Kitchen", "is_done": True}),
                (0, 0, {"name": "Office"}),
            ],
        )
        following = self._close(case, datetime(2026, 3, 2, 9))
        self.assertEqual(following.date_deadline, datetime(2026, 3, 9, 10))
        self.assertEqual(following.name, "Water the plants")
        self.assertEqual(following.state, "draft")
        self.assertEqual(following.user_id, self.user_member)
        self.assertEqual((following.tag_ids, following.priority), (tag, "2"))
        self.assertEqual(following.checklist_ids.mapped("name"), ["Kitchen", "Office"])
        self.assertFalse(any(following.checklist_ids.mapped("is_done")))
        self.assertTrue(following.is_repeated)
        self.assertNotEqual(following.number, case.number)
        self.assertFalse(following.date_open)

    def test_member_closes_it(self):
        """Also where the case above is out of reach."""
        above = self._case("Spring clean", team_id=self.team_sales.id)
        case = self._task(datetime(2026, 3, 2, 10), parent_id=above.id)
        self.env.invalidate_all()
        following = self._close(
            case.with_user(self.user_member), datetime(2026, 3, 2, 9)
        )
        self.assertEqual(following.sudo().parent_id, above)
        self.assertEqual(following.user_id, self.user_member)

    def test_units(self):
        for unit, expected in (
            ("day", datetime(2026, 3, 5, 10)),
            ("week", datetime(2026, 3, 23, 10)),
            ("month", datetime(2026, 6, 2, 9)),  # summer time in Brussels
        ):
            case = self._task(
                datetime(2026, 3, 2, 10), repeat_interval=3, repeat_unit=unit
            )
            following = self._close(case, datetime(2026, 3, 2, 9))
            self.assertEqual(following.date_deadline, expected, unit)

    def test_keeps_its_hour_over_summer_time(self):
        """10:00 in Brussels, before and after 29 March 2026."""
        case = self._task(datetime(2026, 3, 27, 9))
        following = self._close(case, datetime(2026, 3, 27, 8))
        self.assertEqual(following.date_deadline, datetime(2026, 4, 3, 8))

    def test_end_of_month_does_not_drift(self):
        case = self._task(datetime(2026, 1, 31, 12), repeat_unit="month")
        days = []
        for _month in range(3):
            case = self._close(case, case.date_deadline)
            days.append(case.date_deadline.date())
        self.assertEqual(
            days, [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
        )

    def test_end_of_the_calendar(self):
        """Some systems write *never* so: it can be saved, and ends the series."""
        for last in (datetime(9999, 12, 31, 23, 59, 59), datetime(9999, 12, 31)):
            case = self._task(last)
            self.assertEqual(case.repeat_day, 31)
            self.assertFalse(self._close(case, datetime(2026, 3, 2, 9)))
            self.assertEqual(case.state, "done")

    def test_very_late_is_next_due_in_the_future(self):
        case = self._task(datetime(2026, 3, 2, 10))
        following = self._close(case, datetime(2026, 3, 20, 9))
        self.assertEqual(following.date_deadline, datetime(2026, 3, 23, 10))

    def test_early_is_not_twice_the_same(self):
        case = self._task(datetime(2026, 3, 16, 10))
        following = self._close(case, datetime(2026, 3, 2, 9))
        self.assertEqual(following.date_deadline, datetime(2026, 3, 23, 10))

    def test_without_a_deadline_it_counts_from_now(self):
        following = self._close(self._task(False), datetime(2026, 3, 2, 10))
        self.assertEqual(following.date_deadline, datetime(2026, 3, 9, 10))

    def test_last_day(self):
        case = self._task(datetime(2026, 3, 2, 10), repeat_until=date(2026, 3, 8))
        self.assertFalse(self._close(case, datetime(2026, 3, 2, 9)))
        case = self._task(datetime(2026, 3, 2, 10), repeat_until=date(2026, 3, 9))
        self.assertTrue(self._close(case, datetime(2026, 3, 2, 9)))

    def test_what_ends_the_series(self):
        case = self._task(datetime(2026, 3, 2, 10))
        case.action_cancel()
        self.assertFalse(case.repeat_next_ids)
        once = self._task(datetime(2026, 3, 2, 10), is_repeated=False)
        once.action_close()
        self.assertFalse(once.repeat_next_ids)
        request = self._task(datetime(2026, 3, 2, 10))
        request.type_id = self.env.ref("crm_cases.crm_case_type_request")
        request.action_close()
        self.assertFalse(request.repeat_next_ids)

    def test_closing_again_makes_no_second(self):
        case = self._task(datetime(2026, 3, 2, 10))
        following = self._close(case, datetime(2026, 3, 2, 9))
        case.action_open()
        case.action_close()
        self.assertEqual(case.repeat_next_ids, following)

    def test_only_one_successor(self):
        case = self._task(datetime(2026, 3, 2, 10))
        self._close(case, datetime(2026, 3, 2, 9))
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self._task(False, repeat_previous_id=case.id)
            self.env.flush_all()

    def test_batch(self):
        cases = self._task(datetime(2026, 3, 2, 10)) + self._task(
            datetime(2026, 3, 3, 10)
        )
        with freeze_time(datetime(2026, 3, 2, 9)):
            cases.action_close()
        self.assertEqual(
            sorted(cases.repeat_next_ids.mapped("date_deadline")),
            [datetime(2026, 3, 9, 10), datetime(2026, 3, 10, 10)],
        )

    def test_moved_deadline_is_the_new_day(self):
        case = self._task(datetime(2026, 1, 31, 12), repeat_unit="month")
        case.date_deadline = datetime(2026, 2, 5, 12)
        following = self._close(case, datetime(2026, 2, 5, 9))
        self.assertEqual(following.date_deadline, datetime(2026, 3, 5, 12))

    def test_copy_by_hand_is_no_successor(self):
        case = self._task(datetime(2026, 3, 2, 10))
        self.assertFalse(case.copy().repeat_previous_id)

    @mute_logger("odoo.sql_db")
    def test_interval_is_positive(self):
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self._task(False, repeat_interval=0)
            self.env.flush_all()
