"""How far a clock has come: the arithmetic of delays, without records of cases.

A delay is a signed amount of a unit: positive *after* an instant, negative *before*
it. Instants are naive and in UTC, as Odoo stores them, and exact to the second.

Asked forwards ("when is this reference due?") every reference costs a calculation.
Asked backwards ("up to which reference is everything due now?") one calculation
serves all: :meth:`Delay.threshold`. Only weeks and months are asked forwards, because
they have no single threshold: 28 to 31 January are all due on 28 February.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytz
from dateutil.relativedelta import relativedelta

MINUTE = "minute"
HOUR = "hour"
DAY = "day"
WORK_MINUTE = "work_minute"
WORK_HOUR = "work_hour"
WORK_DAY = "work_day"
WEEK = "week"
MONTH = "month"

UNITS = [
    (MINUTE, "minutes"),
    (HOUR, "hours"),
    (DAY, "days"),
    (WORK_MINUTE, "working minutes"),
    (WORK_HOUR, "working hours"),
    (WORK_DAY, "working days"),
    (WEEK, "weeks"),
    (MONTH, "months"),
]
WORKING_UNITS = (WORK_MINUTE, WORK_HOUR, WORK_DAY)
# The same for everybody, whatever the calendar and the time zone.
ABSOLUTE_UNITS = (MINUTE, HOUR)
# Asked forwards, for each reference.
FORWARD_UNITS = (WEEK, MONTH)

SECOND = timedelta(seconds=1)
# Clocks are changed by less than that.
SLACK = timedelta(days=1)
LONGEST_MONTH = timedelta(days=31)
SHORTEST_MONTH = timedelta(days=28)


class Delay(NamedTuple):
    """A time after (or, with a negative amount, before) a reference.

    :param int amount: of the unit
    :param str unit: one of ``UNITS``
    :param calendar: the ``resource.calendar`` that counts working time
    :param str zone: time zone in which days, weeks and months are counted
    """

    amount: int
    unit: str
    calendar: Any = None
    zone: str = "UTC"

    def threshold(self, now):
        """Return the latest reference that is due.

        For weeks and months it is an upper bound only, see :meth:`is_due`.

        :param datetime now: naive UTC
        :return: naive UTC, or False if the calendar does not have so much time
        """
        if self.unit in ABSOLUTE_UNITS:
            return now - self._period(self.amount)
        if self.unit == DAY:
            return _on_the_wall(now, -relativedelta(days=self.amount), self.zone)
        if self.unit in WORKING_UNITS:
            return self._working_threshold(now)
        shortest = min(
            self._period(self.amount, SHORTEST_MONTH),
            self._period(self.amount, LONGEST_MONTH),
        )
        return now - shortest + SLACK

    def window_start(self, passed, threshold):
        """Return the instant after which references were not yet due in a pass.

        :param datetime passed: when that pass was
        :param datetime threshold: what :meth:`threshold` was in that pass
        """
        if self.unit not in FORWARD_UNITS:
            return threshold
        longest = max(
            self._period(self.amount, SHORTEST_MONTH),
            self._period(self.amount, LONGEST_MONTH),
        )
        return passed - longest - SLACK

    def is_due(self, reference, now):
        """Return whether a reference below the threshold is really due."""
        if self.unit not in FORWARD_UNITS:
            return True
        return self.due_at(reference) <= now

    def due_at(self, reference):
        """Return when a reference is due; False if the calendar never gets there."""
        if self.unit in ABSOLUTE_UNITS:
            return reference + self._period(self.amount)
        if self.unit in WORKING_UNITS:
            return plan(self.calendar, self._hours(self.amount), reference)
        step = {DAY: "days", WEEK: "weeks", MONTH: "months"}[self.unit]
        return _on_the_wall(reference, relativedelta(**{step: self.amount}), self.zone)

    def _period(self, amount, month=SHORTEST_MONTH):
        """Return an amount of an absolute or a forward unit as a time span."""
        span = {
            MINUTE: timedelta(minutes=1),
            HOUR: timedelta(hours=1),
            WEEK: timedelta(weeks=1),
            MONTH: month,
        }
        return amount * span[self.unit]

    def _hours(self, amount):
        """Return an amount of a working unit in hours."""
        if self.unit == WORK_DAY:
            return amount * self.calendar.hours_per_day
        return amount / 60 if self.unit == WORK_MINUTE else amount

    def _working_threshold(self, now):
        """*After*: the clock went back by so much working time. *Before*: until the
        reference there is at most so much working time left; this stays true through
        the free time that follows, until just before work goes on."""
        if not self.calendar:
            return False
        if self.amount >= 0:
            return plan(self.calendar, -self._hours(self.amount), now)
        hours = self._hours(-self.amount)
        end = plan(self.calendar, hours, now)
        goes_on = plan(self.calendar, hours + 1 / 3600, now)
        if not (end and goes_on):
            return False
        return end if goes_on - end == SECOND else goes_on - 2 * SECOND


def plan(calendar, hours, start):
    """Return the instant that lies so much working time after (before) another.

    :param float hours: negative goes back
    :return: naive UTC, rounded to the second (the last second of a day ends one
        microsecond early in Odoo); False if the calendar does not have so much time
    """
    if not hours:
        return start
    if not calendar or (calendar.hours_per_day <= 0 and calendar.flexible_hours):
        return False
    end = calendar.plan_hours(hours, start, compute_leaves=True)
    return end and rounded(end)


def rounded(instant):
    """Return an instant rounded to the second."""
    return (instant + timedelta(microseconds=500_000)).replace(microsecond=0)


def _on_the_wall(instant, step, zone):
    """Step by the calendar and the clock on the wall of a time zone."""
    zone = pytz.timezone(zone)
    local = pytz.utc.localize(instant).astimezone(zone).replace(tzinfo=None) + step
    # A time that the change of clocks left out is taken as if they had not changed.
    stepped = zone.localize(local, is_dst=False)
    return stepped.astimezone(pytz.utc).replace(tzinfo=None)


def later(*instants: datetime | None):
    """Return the latest of some instants, any of which may be missing."""
    return max((instant for instant in instants if instant), default=None)
