"""Working hours between many pairs of moments, from one reading of the calendar."""

from bisect import bisect_right

from pytz import utc


class WorkingTime:
    """The working hours of a calendar, summed up once and then looked up.

    :param intervals: ``(start, stop, …)`` with time zones, in order, not overlapping
    """

    def __init__(self, intervals):
        self._starts, self._stops, self._before = [], [], []
        total = 0.0
        for start, stop, *_rest in intervals:
            self._starts.append(start)
            self._stops.append(stop)
            self._before.append(total)
            total += (stop - start).total_seconds()

    def between(self, start, stop):
        """Return the working hours from ``start`` to ``stop``, naive and in UTC."""
        return max(self._until(stop) - self._until(start), 0.0) / 3600

    def _until(self, moment):
        moment = utc.localize(moment)
        index = bisect_right(self._starts, moment) - 1
        if index < 0:
            return 0.0
        worked = min(moment, self._stops[index]) - self._starts[index]
        return self._before[index] + worked.total_seconds()


class ElapsedTime:
    """Hours on the clock, where nobody said when work is done."""

    def between(self, start, stop):
        """Return the hours from ``start`` to ``stop``."""
        return max((stop - start).total_seconds(), 0.0) / 3600
