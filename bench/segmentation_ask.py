"""What users wait for: the preview against a raw count of who matches, and *Why?*."""

import random
import statistics

from support.books import LIMIT, Books, compare, timed

SIZES = {"small": [10_000], "full": [10_000, 100_000, 1_000_000]}
ROUNDS = 5
QUESTIONS = 200


def run(env, scale):
    """Return the report of ``./dev bench segmentation_ask``."""
    bench = Bench(Books(env))
    rows = []
    for size in bench.books.choose(SIZES[scale]):
        bench.books.fill(size)
        bench.segmentation.process_start()
        bench.books.vacuum()
        rows += [bench.preview(), bench.explain()]
    return {
        "title": "Segmentation: what users wait for",
        "columns": ["case", "partners", "ours_ms", "other_ms", "ratio"],
        "rows": rows,
        "notes": [
            "Preview: counts and samples of who matches, enters and leaves; the other "
            "side counts who matches, in one statement.",
            f"Why?: the slowest of 20 out of {QUESTIONS} questions (p95), over four "
            "criteria; there is no other side.",
        ],
    }


class Bench:
    def __init__(self, books):
        self.books = books
        self.env = books.env
        line = {"expr_name": "sale", "expr_value": LIMIT}
        self.segmentation = books.create_segmentation(line)
        self.rich = books.create_segmentation(
            {"expr_name": "sale", "expr_value": LIMIT},
            {"expr_name": "sale_last", "expr_operator": "<", "expr_value": 365},
            {"expr_name": "overdue", "expr_operator": "<", "expr_value": 100},
            {"expr_name": "som", "expr_operator": ">", "expr_value": 2},
            name="Bench rich",
        )

    def preview(self):
        medians, ratio = compare(
            ROUNDS, self.env.cr.commit, ours=self._preview, other=self._count
        )
        return self._row(
            "preview : raw count", medians["ours"], medians["other"], ratio
        )

    def _preview(self):
        self.segmentation._get_preview()

    def _count(self):
        self.segmentation._tune_planner()  # the same memory for both sides
        self.env.cr.execute(
            COUNT, [self.books.company.id, LIMIT, self.books.company.id]
        )
        self.env.cr.fetchone()

    def explain(self):
        rand = random.Random(1)
        times = []
        for _question in range(QUESTIONS):
            partner_id = self.books.first + rand.randrange(self.books.partners)
            partner = self.env["res.partner"].browse(partner_id)
            self.env.invalidate_all()
            times.append(timed(lambda: self.rich._explain(partner)))  # noqa: B023
        self.env.cr.commit()  # no snapshot stays open
        return self._row("Why? p95", statistics.quantiles(times, n=20)[-1])

    def _row(self, case, ours, other=None, ratio=None):
        return {
            "case": case,
            "partners": self.books.partners,
            "ours_ms": ours * 1000,
            "other_ms": other and other * 1000,
            "ratio": ratio,
        }


COUNT = """
    SELECT COUNT(*)
      FROM res_partner p
      JOIN (SELECT commercial_partner_id FROM account_move
             WHERE state = 'posted' AND move_type IN ('out_invoice', 'out_refund')
               AND company_id = %s AND commercial_partner_id IS NOT NULL
             GROUP BY 1 HAVING SUM(amount_untaxed_signed) > %s) m
        ON m.commercial_partner_id = p.id
     WHERE p.active AND p.commercial_partner_id = p.id
       AND (p.company_id IS NULL OR p.company_id = %s)
"""
