"""The state of mind of one partner over time, period by period.

The same definition as ``state_of_mind``, as a plain loop over the few events of one
partner: for showing how the score came about, not for computing millions.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from .state_of_mind import Parameters


def score(
    events: Iterable[tuple], trade_days: Iterable, parameters: Parameters
) -> float | None:
    """Return the score at the end of ``parameters.today``, None if there is none.

    :param events: ``(day, score, weight)``
    :param trade_days: days with a posted invoice or bill
    """
    scored, traded = defaultdict(list), set()
    for day, value, weight in events:
        if weight > 0 and parameters.first_day <= day < parameters.stop_day:
            scored[_period(day, parameters)].append((value, weight))
    for day in trade_days:
        if parameters.first_day <= day < parameters.stop_day:
            traded.add(_period(day, parameters))
    if not parameters.start and not scored:
        return None
    result = parameters.start
    for period in range(parameters.count):
        if period in scored:
            total = sum(weight for _value, weight in scored[period])
            mean = sum(value * weight for value, weight in scored[period]) / total
            result = result * (1 - parameters.weight) + mean * parameters.weight
        elif period not in traded:
            result *= parameters.decrease
    return result


def _period(day, parameters: Parameters) -> int:
    return (day - parameters.first_day).days // parameters.days


def scores(
    events: Iterable[tuple], trade_days: Iterable, parameters: Parameters, points: int
) -> list[tuple]:
    """Return ``(day, score)`` at the end of the last periods, oldest first."""
    events, trade_days = list(events), list(trade_days)
    found = []
    for back in reversed(range(points)):
        day = parameters.today - timedelta(days=back * parameters.days)
        then = replace(parameters, today=day)
        found.append((day, score(events, trade_days, then)))
    return found
