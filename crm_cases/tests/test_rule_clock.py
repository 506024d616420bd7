from datetime import datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo.fields import Command
from odoo.tests import tagged

from ..models.crm_case_rule import REFERENCES
from ..models.rule_delay import UNITS, Delay
from .rules_common import MONDAY, RulesCommon

ZONE = ZoneInfo("Europe/Brussels")
UTC = ZoneInfo("UTC")
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
AMOUNTS = {
    "minute": 90,
    "hour": 30,
    "day": 3,
    "work_minute": 200,
    "work_hour": 11,
    "work_day": 2,
    "week": 2,
    "month": 1,
}
DATE_FIELDS = [
    name for name, _label in REFERENCES if name.startswith(("date", "create"))
]
STATUS_FIELDS = {"sla_warning": "warning_at", "sla_breach": "deadline"}


def utc(year, month, day, hour=0, minute=0):
    """A local time of Brussels, as Odoo stores it."""
    local = datetime(year, month, day, hour, minute, tzinfo=ZONE)
    return local.astimezone(UTC).replace(tzinfo=None)


class Oracle:
    """When something is due, told without Odoo: by walking through the days."""

    def __init__(self, days=range(5), hours=(9, 17), holidays=()):
        self.intervals = []
        first = datetime(2026, 1, 1).date()
        for number in range(400):
            date = first + timedelta(days=number)
            if date.weekday() in days and date not in holidays:
                self.intervals.append(
                    tuple(self._instant(date, hour) for hour in hours)
                )

    @staticmethod
    def _instant(date, hour):
        date, hour = (date, hour) if hour < 24 else (date + DAY, 0)
        local = datetime.combine(date, time(hour), tzinfo=ZONE)
        return local.astimezone(UTC).replace(tzinfo=None)

    def worked(self, start, end):
        parts = (min(end, e) - max(start, s) for s, e in self.intervals)
        return sum((part for part in parts if part > timedelta()), timedelta())

    def after(self, reference, span):
        for start, end in self.intervals:
            start = max(start, reference)
            if end <= start:
                continue
            if span <= end - start:
                return start + span
            span -= end - start
        raise AssertionError("the oracle ends here")

    def before(self, reference, span):
        """The first instant with at most so much work left."""
        for start, end in reversed(self.intervals):
            end = min(end, reference)
            if end <= start:
                continue
            if span <= timedelta():
                return end
            if span < end - start:
                return end - span
            span -= end - start
        raise AssertionError("the oracle ends here")

    def due(self, reference, direction, amount, unit, hours_per_day):
        sign = 1 if direction == "after" else -1
        if unit in ("minute", "hour"):
            return reference + sign * timedelta(**{f"{unit}s": amount})
        if unit in ("day", "week", "month"):
            local = reference.replace(tzinfo=UTC).astimezone(ZONE).replace(tzinfo=None)
            local += sign * relativedelta(**{f"{unit}s": amount})
            return local.replace(tzinfo=ZONE).astimezone(UTC).replace(tzinfo=None)
        span = {
            "work_minute": timedelta(minutes=amount),
            "work_hour": timedelta(hours=amount),
            "work_day": timedelta(hours=amount * hours_per_day),
        }[unit]
        return getattr(self, direction)(reference, span)


@tagged("post_install", "-at_install")
class TestRuleClock(RulesCommon):
    """Every reference, unit, direction and kind of calendar, by travelling in time."""

    def _calendars(self):
        """Kinds of calendars, each with its oracle and its hours per day."""
        holiday = datetime(2026, 6, 17).date()
        leave = self._calendar("With a holiday")
        leave.leave_ids = [
            Command.create(
                {
                    "name": "Feast",
                    "date_from": utc(2026, 6, 17),
                    "date_to": utc(2026, 6, 18),
                }
            )
        ]
        return {
            "office": (self.calendar, Oracle(), 8),
            "holiday": (leave, Oracle(holidays=[holiday]), 8),
            "always": (
                self._calendar("Always", range(7), (0, 24)),
                Oracle(range(7), (0, 24)),
                24,
            ),
            "weekend": (
                self._calendar("Weekend", (5, 6), (8, 12)),
                Oracle((5, 6), (8, 12)),
                4,
            ),
        }

    def test_matrix(self):
        """A second before nothing fires, at the second all references do."""
        calendars = self._calendars()
        self.env["crm.case.sla"].search([]).active = False
        self.env["crm.case.sla"].create({"name": "Answer", "response_hours": 4})
        reference = utc(2026, 6, 16, 11, 30)  # a Tuesday
        kinds = product(calendars, dict(UNITS), ("after", "before"))
        for name, unit, direction in kinds:
            calendar, oracle, hours_per_day = calendars[name]
            amount = AMOUNTS[unit]
            due = oracle.due(reference, direction, amount, unit, hours_per_day)
            with self.subTest(calendar=name, unit=unit, direction=direction):
                self._check_due(calendar, reference, (amount, unit, direction), due)

    def _check_due(self, calendar, reference, delay, due):
        amount, unit, direction = delay
        self.team_care.resource_calendar_id = calendar
        with self.at(min(reference, due) - 50 * DAY):
            rules = self.env["crm.case.rule"].union(
                *[
                    self._rule(amount, unit, direction=direction, reference=name)
                    for name, _label in REFERENCES
                ]
            )
            case = self._case()
            self.assertEqual(len(case.sla_status_ids), 1)
        self._set_dates(case, reference, due)
        self._collect(rules, due - 2 * SECOND)
        self.assertFalse(rules.run_ids, "too early")
        self._collect(rules, due)
        self._collect(rules, due + SECOND)
        missing = rules - rules.run_ids.rule_id
        self.assertFalse(missing.mapped("reference"), "does not fire")
        self.assertEqual(len(rules.run_ids), len(REFERENCES), "fires once")
        self.assertEqual(rules.run_ids.case_id, case)
        rules.active = case.active = False

    def _collect(self, rules, moment):
        """Find what is due. Without the savepoints of a pass: thousands of them in
        one transaction, as here and never in real life, cost PostgreSQL minutes."""
        with self.at(moment):
            rules._collect(moment)

    def _set_dates(self, case, reference, written):
        """Give the case all dates at once, as if written just before."""
        self.env.flush_all()
        written -= timedelta(minutes=5)
        for record, names in (
            (case, DATE_FIELDS),
            (case.sla_status_ids, STATUS_FIELDS.values()),
        ):
            assignments = ", ".join(f"{name} = %(reference)s" for name in names)
            self.env.cr.execute(
                f"UPDATE {record._table} SET {assignments}, write_date = %(written)s"
                " WHERE id = %(id)s",
                {"reference": reference, "written": written, "id": record.id},
            )
        self.env.invalidate_all()

    def test_threshold_agrees_with_the_oracle(self):
        """Asked backwards and forwards, the answer is the same, at odd times too."""
        calendars = self._calendars()
        moments = [utc(2026, 6, 14) + n * timedelta(minutes=397) for n in range(30)]
        for name, (calendar, oracle, hours_per_day) in calendars.items():
            for unit in ("work_minute", "work_hour", "work_day"):
                for amount, direction in product((1, 3, 10), ("after", "before")):
                    sign = 1 if direction == "after" else -1
                    delay = Delay(sign * amount, unit, calendar)
                    for now, reference in product(moments[10:20:3], moments[::6]):
                        due = oracle.due(
                            reference, direction, amount, unit, hours_per_day
                        )
                        with self.subTest(name, unit=unit, amount=sign * amount):
                            self.assertEqual(
                                reference <= delay.threshold(now),
                                due <= now,
                                (reference, now),
                            )

    # Both changes of the clocks

    def test_days_are_days_on_the_wall(self):
        """29 March has 23 hours, 25 October has 25."""
        for year_day, hours in (((2026, 3, 28), 23), ((2026, 10, 24), 25)):
            reference = utc(*year_day, 10)
            for unit, amount in (("day", 1), ("week", 1), ("month", 1)):
                delay = Delay(amount, unit, zone="Europe/Brussels")
                due = delay.due_at(reference)
                local = due.replace(tzinfo=UTC).astimezone(ZONE)
                self.assertEqual((local.hour, local.minute), (10, 0))
            day = Delay(1, "day", zone="Europe/Brussels")
            due = day.due_at(reference)
            self.assertEqual(due - reference, timedelta(hours=hours))
            self.assertLess(day.threshold(due - SECOND), reference)
            self.assertGreaterEqual(day.threshold(due), reference)

    def test_working_time_through_the_changes(self):
        calendar = self._calendar("Always", range(7), (0, 24))
        for reference in (utc(2026, 3, 28, 20), utc(2026, 10, 24, 20)):
            delay = Delay(10, "work_hour", calendar)
            due = reference + timedelta(hours=10)
            self.assertLess(delay.threshold(due - 2 * SECOND), reference)
            self.assertGreaterEqual(delay.threshold(due + SECOND), reference)

    def test_months_of_different_length(self):
        """The end of January and one month: all at the end of February."""
        delay = Delay(1, "month", zone="Europe/Brussels")
        for day in (28, 29, 30, 31):
            reference = utc(2026, 1, day, 10)
            due = utc(2026, 2, 28, 10)
            self.assertEqual(delay.due_at(reference), due)
            self.assertFalse(delay.is_due(reference, due - SECOND))
            self.assertTrue(delay.is_due(reference, due))
            self.assertGreaterEqual(delay.threshold(due), reference)
            window = delay.window_start(due - SECOND, delay.threshold(due - SECOND))
            self.assertLess(window, reference)

    # Calendars that are no plain ones

    def test_flexible_calendar(self):
        """Odoo spreads such hours by its own lights: it fires once, and about then."""
        calendar = self._calendar("Flexible")
        calendar.write(
            {
                "schedule_type": "flexible",
                "hours_per_day": 8,
                "full_time_required_hours": 40,
            }
        )
        self.team_care.resource_calendar_id = calendar
        with self.at(MONDAY):
            self._rule(2, "work_day")
            case = self._case()
        moments = [MONDAY + n * timedelta(hours=6) for n in range(40)]
        [fired] = self._fires_at(case, moments)
        self.assertGreater(fired - MONDAY, timedelta(days=1))
        self.assertLess(fired - MONDAY, timedelta(days=5))

    def test_empty_calendar_parks(self):
        """Other calendars go on, and it goes on when it has been filled."""
        empty = self._calendar("Empty", ())
        self.team_care.resource_calendar_id = empty
        with self.at(MONDAY):
            rule = self._rule(2, "work_hour")
            stuck, other = self._case(), self._case(team_id=self.team_sales.id)
        self._pass(MONDAY + 3 * DAY)
        self.assertEqual((stuck.color, other.color), (0, 1))
        self.assertIn("Empty", rule.problem)
        with self.at(MONDAY + 3 * DAY):
            empty.attendance_ids = [
                Command.create(
                    {"name": "x", "dayofweek": "0", "hour_from": 0, "hour_to": 20}
                )
            ]
        self.assertFalse(rule.problem)
        self._pass(MONDAY + 3 * DAY)
        self.assertEqual((stuck.color, other.color), (1, 1))

    def test_company_without_calendar(self):
        self.env.company.resource_calendar_id = False
        with self.at(MONDAY):
            rule = self._rule(2, "work_hour")
            self._rule(2, "hour")
            case = self._case()
        self._pass(MONDAY + DAY)
        self.assertEqual(case.color, 1)
        self.assertTrue(rule.problem)

    def test_teams_of_different_hours(self):
        self.team_care.resource_calendar_id = self._calendar(
            "Always", range(7), (0, 24)
        )
        friday = utc(2026, 6, 19, 16)
        with self.at(friday):
            self._rule(4, "work_hour")
            always, office = self._case(), self._case(team_id=self.team_sales.id)
        self._pass(friday + timedelta(hours=4))
        self.assertEqual((always.color, office.color), (1, 0))
        self._pass(utc(2026, 6, 22, 12) - 2 * SECOND)
        self.assertEqual((always.color, office.color), (1, 0))
        self._pass(utc(2026, 6, 22, 12))
        self.assertEqual((always.color, office.color), (1, 1))

    # What the window must not miss

    def test_new_holiday_moves_the_clock(self):
        with self.at(MONDAY):
            self._rule(1, "work_day")
            case = self._case()
        with self.at(MONDAY + timedelta(hours=1)):
            self.env["resource.calendar.leaves"].create(
                {
                    "name": "Strike",
                    "calendar_id": self.calendar.id,
                    "date_from": utc(2026, 6, 16),
                    "date_to": utc(2026, 6, 17),
                }
            )
        fired = self._fires_at(case, [MONDAY + DAY, MONDAY + 2 * DAY])
        self.assertEqual(fired, [MONDAY + 2 * DAY])

    def test_conditions_fulfilled_late(self):
        """The reference was passed long ago, then the case was written."""
        with self.at(MONDAY):
            self._rule(1, priority_from="3")
            case = self._case()
        self._pass(MONDAY + 3 * DAY)
        with self.at(MONDAY + 3 * DAY + timedelta(hours=1)):
            case.priority = "3"
        self._pass(MONDAY + 3 * DAY + timedelta(hours=2))
        self.assertEqual(case.color, 1)

    def test_daily_full_pass_finds_what_nobody_wrote(self):
        """The customer joins a category: no case was written."""
        gold = self.env["res.partner.category"].create({"name": "Gold"})
        with self.at(MONDAY):
            self._rule(1, partner_category_ids=gold.ids)
            case = self._case(partner_id=self.partner.id)
        self._pass(MONDAY + 2 * DAY)
        self.partner.category_id = gold
        self._pass(MONDAY + 2 * DAY + timedelta(hours=20))
        self.assertEqual(case.color, 0)
        self._pass(MONDAY + 3 * DAY)
        self.assertEqual(case.color, 1)

    def test_a_pass_does_not_look_at_the_past(self):
        """The window holds what is new only: that is what makes it fast."""
        with self.at(MONDAY):
            rule = self._rule(1)
            for _number in range(5):
                self._case()
        self._pass(MONDAY + DAY)
        clock = rule.level_ids.clock_ids
        self.assertEqual(clock.threshold, MONDAY)
        with self.at(MONDAY + DAY + timedelta(hours=1)):
            source = rule._get_source()
            [group] = clock._get_groups("day")
            delay = rule.level_ids._get_delay(0, group.calendar, group.zone)
            queries = rule._build_queries(
                rule.level_ids, group, source, clock, delay, MONDAY + timedelta(hours=1)
            )
            found = [self.env.execute_query(query.select()) for query in queries]
        self.assertEqual(found[0], [])
