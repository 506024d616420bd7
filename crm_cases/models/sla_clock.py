"""Clocks of promises: working time between instants, and instants by working time.

A clock reads its calendar once and then looks up, because each case asks many times.
"""

from bisect import bisect_left
from datetime import timedelta

from pytz import utc

from .rule_delay import plan, rounded
from .working_time import ElapsedTime, WorkingTime

# Most promises are kept or broken by then; later instants are asked one by one.
AHEAD = timedelta(days=60)


class CalendarClock(WorkingTime):
    """Counts the working time of a calendar, leaves included.

    :param calendar: the ``resource.calendar``
    :param datetime start: earliest instant that will be asked for, naive UTC
    :param datetime now: the present, naive UTC
    """

    def __init__(self, calendar, start, now):
        self._calendar = calendar
        start, end = utc.localize(start), utc.localize(now + AHEAD)
        super().__init__(list(calendar._work_intervals_batch(start, end)[False]))

    def plan(self, hours, start):
        """Return when so many hours are worked after an instant, naive UTC; False if
        the calendar never has so much time."""
        if not hours:
            return start
        target = self._until(start) + hours * 3600
        index = bisect_left(self._before, target) - 1
        if index >= 0:
            instant = self._starts[index] + timedelta(
                seconds=target - self._before[index]
            )
            if instant <= self._stops[index]:
                return rounded(instant.astimezone(utc).replace(tzinfo=None))
        return plan(self._calendar, hours, start)


class WallClock(ElapsedTime):
    """Counts all hours, where nobody said when work is done."""

    def plan(self, hours, start):
        """Return the instant so many hours after another."""
        return start + timedelta(hours=hours)


def make_clock(calendar, start, now):
    """Return the clock of a calendar, which may be empty."""
    return CalendarClock(calendar, start, now) if calendar else WallClock()
