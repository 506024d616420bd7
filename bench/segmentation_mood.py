"""The state of mind over many events, against its hand-written SQL.

Both compute the score of every partner over twelve periods of thirty days, from logged
events and from invoices, over the same ranges of partners, and count who is below 4.
"""

from support.books import Books, compare

from odoo.tools import SQL

from odoo.addons.crm_segmentation.engine.matching import matching_query
from odoo.addons.crm_segmentation.engine.sources import Range

SIZES = {
    "small": [(10_000, 100_000)],
    "full": [(100_000, 1_000_000), (1_000_000, 10_000_000)],
}
RANGE = 50_000
ROUNDS = 3
VALUES = {"days": 30, "count": 12, "start": 5.0, "decrease": 0.8, "weight": 0.5}


def run(env, scale):
    """Return the report of ``./dev bench segmentation_mood``."""
    bench = Bench(Books(env))
    return {
        "title": "State of mind: ours against hand-written SQL",
        "columns": ["partners", "events", "ours_s", "other_s", "ratio", "matching"],
        "rows": [
            bench.measure(partners, events)
            for partners, events in SIZES[scale]
            if partners >= bench.books.partners
        ],
        "notes": [
            "Events over four years, of which those of the last 360 days count; skewed "
            "to few partners. Only the source of logged events is switched on.",
            f"Both sides ask per range of {RANGE:,} partners.",
        ],
    }


class Bench:
    def __init__(self, books):
        self.books = books
        self.env = books.env
        self.env["crm.segmentation.source"].search([("code", "!=", "manual")]).write(
            {"active": False}
        )
        self.segmentation = books.create_segmentation(
            {"expr_name": "som", "expr_operator": "<", "expr_value": 4},
            som_interval=VALUES["days"],
            som_interval_max=VALUES["count"],
        )
        self.found = {}

    def measure(self, partners, events):
        self.books.fill(partners)
        self.books.fill_events(events)
        medians, ratio = compare(ROUNDS, lambda: None, ours=self.ours, other=self.other)
        assert self.found["ours"] == self.found["other"], self.found
        return {
            "partners": partners,
            "events": events,
            "ours_s": medians["ours"],
            "other_s": medians["other"],
            "ratio": ratio,
            "matching": self.found["ours"],
        }

    def _ranges(self):
        self.env.cr.execute("SELECT MIN(id) - 1, MAX(id) FROM res_partner")
        lower, end = self.env.cr.fetchone()
        for low in range(lower, end, RANGE):
            yield Range(low, low + RANGE)

    def ours(self):
        plan = self.segmentation._prepare_plan(self.env.cr.now())
        self.segmentation._tune_planner()
        count = 0
        for ids in self._ranges():
            query = matching_query([plan], ids)
            counted = SQL("SELECT COUNT(*) FROM (%s) q", query)
            count += self.env.execute_query(counted)[0][0]
        self.found["ours"] = count
        self.env.cr.commit()  # no snapshot stays open

    def other(self):
        self.segmentation._tune_planner()
        count = 0
        for ids in self._ranges():
            values = {
                **VALUES,
                "company": self.books.company.id,
                "lower": ids.lower,
                "upper": ids.upper,
                "today": self.segmentation._get_today(self.env.cr.now()),
            }
            self.env.cr.execute(HAND_WRITTEN, values)
            count += self.env.cr.fetchone()[0]
        self.found["other"] = count
        self.env.cr.commit()  # no snapshot stays open


HAND_WRITTEN = """
    WITH events AS (
        SELECT commercial_partner_id AS partner,
               (date - (%(today)s::date + 1 - %(days)s * %(count)s)) / %(days)s
                   AS period,
               AVG(score::float8) AS mean
          FROM crm_segmentation_event
         WHERE commercial_partner_id > %(lower)s AND commercial_partner_id <= %(upper)s
           AND date > %(today)s::date - %(days)s * %(count)s AND date <= %(today)s
           AND (company_id IS NULL OR company_id = %(company)s)
         GROUP BY 1, 2
    ), trades AS (
        SELECT DISTINCT commercial_partner_id AS partner,
               (invoice_date - (%(today)s::date + 1 - %(days)s * %(count)s)) / %(days)s
                   AS period
          FROM account_move
         WHERE commercial_partner_id > %(lower)s AND commercial_partner_id <= %(upper)s
           AND state = 'posted' AND move_type IN ('out_invoice', 'in_invoice')
           AND invoice_date > %(today)s::date - %(days)s * %(count)s
           AND invoice_date <= %(today)s AND company_id = %(company)s
    ), known AS (
        SELECT COALESCE(e.partner, t.partner) AS partner,
               COALESCE(e.period, t.period) AS period, e.mean
          FROM events e FULL JOIN trades t
            ON t.partner = e.partner AND t.period = e.period
    ), counted AS (
        SELECT partner, period, mean,
               COUNT(mean) OVER everything AS m, COUNT(*) OVER everything AS n,
               COUNT(mean) OVER so_far AS rn, COUNT(*) OVER so_far AS seen
          FROM known
        WINDOW everything AS (PARTITION BY partner),
               so_far AS (PARTITION BY partner ORDER BY period)
    ), scores AS (
        SELECT partner,
               %(start)s * POWER(1 - %(weight)s, m) * POWER(%(decrease)s, %(count)s - n)
               + %(weight)s * COALESCE(SUM(mean * POWER(1 - %(weight)s, m - rn)
                   * POWER(%(decrease)s, (%(count)s - 1 - period) - (n - seen))), 0)
                   AS score
          FROM counted GROUP BY partner, m, n
    )
    SELECT COUNT(*)
      FROM res_partner p LEFT JOIN scores s ON s.partner = p.id
     WHERE p.id > %(lower)s AND p.id <= %(upper)s AND p.active
       AND p.commercial_partner_id = p.id
       AND (p.company_id IS NULL OR p.company_id = %(company)s)
       AND COALESCE(s.score, %(start)s * POWER(%(decrease)s, %(count)s)) < 3.995
"""
