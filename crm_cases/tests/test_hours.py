from datetime import UTC, datetime

from odoo.tests import tagged

from odoo.addons.crm_cases.models.working_time import ElapsedTime, WorkingTime

from .common import CasesCommon

MONDAY = datetime(2026, 3, 2)
FRIDAY = datetime(2026, 2, 27)


def _at(day, hour, minute=0):
    return day.replace(hour=hour, minute=minute)


@tagged("post_install", "-at_install")
class TestHours(CasesCommon):
    """Hours to open, to answer, to close, in the working time of the team."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_hours = cls._calendar("Company", 9, 17)
        cls.env.company.resource_calendar_id = cls.company_hours

    @classmethod
    def _calendar(cls, name, start, stop, tz="UTC"):
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "tz": tz,
                "company_id": False,
                "attendance_ids": [
                    (
                        0,
                        0,
                        {
                            "name": str(day),
                            "dayofweek": str(day),
                            "hour_from": start,
                            "hour_to": stop,
                            "day_period": "morning",
                        },
                    )
                    for day in range(5)
                ],
            }
        )

    def _timed(self, created, **dates):
        """A case as an import leaves it: with its own dates."""
        case = self._case_in("open", user_id=self.user_member.id)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_case SET create_date = %s WHERE id = %s", (created, case.id)
        )
        case.invalidate_recordset()
        case.write({"date_open": False, **dates})
        self.env.flush_all()
        return case

    def test_over_the_weekend(self):
        case = self._timed(
            _at(FRIDAY, 16),
            date_open=_at(FRIDAY, 16, 30),
            date_first_response=_at(MONDAY, 10),
            date_closed=_at(MONDAY, 20),
        )
        self.assertAlmostEqual(case.hours_to_open, 0.5)
        self.assertAlmostEqual(case.hours_to_first_response, 2)
        self.assertAlmostEqual(case.hours_to_close, 9)

    def test_running_clocks_are_zero(self):
        case = self._timed(_at(FRIDAY, 16))
        self.assertEqual(case.hours_to_open, 0)
        self.assertEqual(case.hours_to_close, 0)

    def test_averages_do_not_count_running_clocks(self):
        quick = self._timed(_at(MONDAY, 9), date_closed=_at(MONDAY, 13))
        at_once = self._timed(_at(MONDAY, 9), date_closed=_at(MONDAY, 9))
        running = self._timed(_at(MONDAY, 9))
        cases = quick | at_once | running
        [(average, count)] = self.env["crm.case"]._read_group(
            [("id", "in", cases.ids)], [], ["hours_to_close:avg", "__count"]
        )
        self.assertEqual((average, count), (2, 3))
        [(average,)] = self.env["crm.case"]._read_group(
            [("id", "=", running.id)], [], ["hours_to_close:avg"]
        )
        self.assertFalse(average)

    def test_team_has_its_own_hours(self):
        self.team_care.resource_calendar_id = self._calendar("Late", 12, 20)
        case = self._timed(_at(MONDAY, 9), date_open=_at(MONDAY, 13))
        self.assertAlmostEqual(case.hours_to_open, 1)
        case.team_id = self.team_sales
        self.assertAlmostEqual(case.hours_to_open, 4, msg="the new team's hours")

    def test_time_zone_of_the_calendar(self):
        self.team_care.resource_calendar_id = self._calendar(
            "Tokyo", 9, 17, "Asia/Tokyo"
        )
        # 9:00 in Tokyo is midnight in UTC.
        case = self._timed(_at(MONDAY, 0), date_open=_at(MONDAY, 9))
        self.assertAlmostEqual(case.hours_to_open, 8)

    def test_leaves_do_not_count(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.company_hours.id,
                "date_from": _at(MONDAY, 0),
                "date_to": _at(MONDAY, 23, 59),
            }
        )
        case = self._timed(_at(FRIDAY, 16), date_open=_at(MONDAY, 18))
        self.assertAlmostEqual(case.hours_to_open, 1)

    def test_change_of_calendar_does_not_rewrite_the_past(self):
        case = self._timed(_at(MONDAY, 9), date_open=_at(MONDAY, 11))
        self.company_hours.attendance_ids.hour_from = 10
        self.env.flush_all()
        self.assertAlmostEqual(case.hours_to_open, 2)

    def test_without_a_calendar_the_clock_counts(self):
        self.env.company.resource_calendar_id = False
        case = self._timed(_at(FRIDAY, 16), date_open=_at(MONDAY, 16))
        self.assertAlmostEqual(case.hours_to_open, 72)

    def test_reopening_takes_back_the_hours_to_close(self):
        case = self._case_in("open")
        case.action_close()
        case.action_open()
        self.assertEqual(case.hours_to_close, 0)

    def test_many_cases_one_reading(self):
        """The calendar is read once for all of them."""
        cases = self.env["crm.case"].browse(
            [self._timed(_at(FRIDAY, 9)).id for _n in range(30)]
        )

        def queries(batch):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            batch.write({"date_open": _at(MONDAY, 10)})
            self.env.flush_all()
            return self.cr.sql_log_count - before

        queries(cases[:1])
        self.assertEqual(queries(cases[1:3]), queries(cases[3:]))

    # Pure

    def test_working_time_equals_a_plain_sum(self):
        """Against the definition, moment by moment."""
        spans = [
            (_at(MONDAY, 9), _at(MONDAY, 12)),
            (_at(MONDAY, 13), _at(MONDAY, 17)),
            (_at(MONDAY, 20), _at(MONDAY, 22)),
        ]
        worked = WorkingTime(
            [(a.replace(tzinfo=UTC), b.replace(tzinfo=UTC), None) for a, b in spans]
        )
        moments = [
            _at(MONDAY, hour, minute) for hour in range(24) for minute in (0, 30)
        ]
        for start in moments:
            for stop in moments:
                expected = sum(
                    max((min(stop, b) - max(start, a)).total_seconds(), 0) / 3600
                    for a, b in spans
                )
                self.assertAlmostEqual(worked.between(start, stop), expected)

    def test_no_working_time_at_all(self):
        self.assertEqual(WorkingTime([]).between(FRIDAY, MONDAY), 0)
        self.assertEqual(ElapsedTime().between(MONDAY, FRIDAY), 0)
