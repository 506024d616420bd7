"""The state of mind of a partner, 0 to 10, as one SQL statement.

DEFINITION. The past is cut into ``count`` periods of ``days`` days that end with
today. The score starts at ``start`` and goes through them, oldest first:

* a period with scored events: ``r = r * (1 - weight) + mean * weight``
* no scored event, but a posted invoice or bill: ``r`` stays as it is
* neither: ``r = r * decrease``

With ``start`` 0 a partner without a single scored event has no state of mind.

CLOSED FORM. The recurrence is linear, so what a period adds only fades through the
periods after it: by ``1 - weight`` for each scored one and by ``decrease`` for each
silent one. With ``m`` scored and ``n`` known (scored or traded) periods, ``rn`` and
``seen`` the number of those up to and including period ``b``::

    r = start * (1-weight)^m * decrease^(count-n)
      + weight * sum over scored b of
            mean_b * (1-weight)^(m-rn) * decrease^((count-1-b) - (n-seen))
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from odoo.tools import SQL

SCALE = 10

# exp() raises on underflow; e^-600 is as good as nothing for a score of 0 to 10
MIN_EXPONENT = -600


SCORE_QUERY = """
    WITH scored AS (
        SELECT partner_id, %(period)s AS period,
               SUM(score * weight) / SUM(weight) AS mean
          FROM (%(events)s) event
         WHERE day >= %(first)s AND day < %(stop)s AND weight > 0
         GROUP BY 1, 2
    ), traded AS (
        SELECT DISTINCT partner_id, %(period)s AS period
          FROM (%(trades)s) trade
         WHERE day >= %(first)s AND day < %(stop)s
    ), known AS (
        SELECT partner_id, period, MAX(mean) AS mean
          FROM (SELECT partner_id, period, mean FROM scored
                UNION ALL
                SELECT partner_id, period, NULL FROM traded) either
         GROUP BY 1, 2
    ), counted AS (
        SELECT partner_id, period, mean,
               COUNT(mean) OVER everything AS m,
               COUNT(*) OVER everything AS n,
               COUNT(mean) OVER so_far AS rn,
               COUNT(*) OVER so_far AS seen
          FROM known
        WINDOW everything AS (PARTITION BY partner_id),
               so_far AS (PARTITION BY partner_id ORDER BY period)
    )
    SELECT partner_id,
           %(start)s * %(start_fade)s
           + %(weight)s * COALESCE(SUM(mean * %(event_fade)s), 0) AS score
      FROM counted
     GROUP BY partner_id, m, n
    %(having)s
"""


@dataclass(frozen=True)
class Parameters:
    """The numbers behind a score.

    :param date today: the last day of the last period
    """

    today: date
    days: int
    count: int
    start: float
    decrease: float
    weight: float

    @property
    def first_day(self) -> date:
        """First day of the oldest period."""
        return self.stop_day - timedelta(days=self.days * self.count)

    @property
    def stop_day(self) -> date:
        """The day after the last one, so that today's events count."""
        return self.today + timedelta(days=1)

    @property
    def silent_score(self) -> float | None:
        """The score of a partner of whom nothing is known."""
        return self.start * self.decrease**self.count if self.start else None


def score_query(events: SQL, trades: SQL, parameters: Parameters) -> SQL:
    """Return ``(partner_id, score)`` for the partners of whom something is known.

    :param events: yields ``(partner_id, day, score, weight)``
    :param trades: yields ``(partner_id, day)`` of invoices and bills
    """
    return SQL(
        SCORE_QUERY,
        events=events,
        trades=trades,
        period=SQL("((day - %s) / %s)", parameters.first_day, parameters.days),
        first=parameters.first_day,
        stop=parameters.stop_day,
        start=SQL("%s::double precision", parameters.start),
        weight=SQL("%s::double precision", parameters.weight),
        start_fade=_fade(parameters, SQL("m"), SQL("%s - n", parameters.count)),
        event_fade=_fade(
            parameters,
            SQL("(m - rn)"),
            SQL("%s - period - n + seen", parameters.count - 1),
        ),
        having=SQL() if parameters.start else SQL("HAVING m > 0"),
    )


def _fade(parameters: Parameters, scored: SQL, silent: SQL) -> SQL:
    """Return ``(1-weight)^scored * decrease^silent`` as one exponential.

    Two calls of power() would each raise on underflow, and so would their product.
    """
    factors = [(1 - parameters.weight, scored), (parameters.decrease, silent)]
    zeros = [exponent for base, exponent in factors if base <= 0]
    terms = [
        SQL("%s::double precision * (%s)", math.log(base), exponent)
        for base, exponent in factors
        if 0 < base < 1
    ]
    fade = SQL("1.0::double precision")
    if terms:
        exponent = SQL(" + ").join(terms)
        fade = SQL("EXP(GREATEST(%s, %s))", exponent, MIN_EXPONENT)
    for exponent in zeros:
        fade = SQL("(CASE WHEN %s = 0 THEN %s ELSE 0 END)", exponent, fade)
    return fade
