"""Posting an invoice with us, and without: neither our log nor our indexes.

The sides take turns in blocks, each block first every second time, as posting varies by
more from one minute to the next than we cost. Both in one database: what makes the
difference is switched off and dropped for the blocks of the other side.
"""

import contextlib
import math
import statistics
from unittest.mock import patch

from support.books import LIMIT, Books, timed

PARTNERS = 10_000
BLOCKS = {"small": 6, "full": 24}
BLOCK = 10  # invoices


def run(env, scale):
    """Return the report of ``./dev bench segmentation_post``."""
    books = Books(env)
    books.load_chart()
    books.fill(PARTNERS)
    segmentation = books.create_segmentation({"expr_name": "sale", "expr_value": LIMIT})
    segmentation.process_start()
    bench = Posting(books)
    ratios, times = bench.measure(BLOCKS[scale])
    error = statistics.stdev(ratios) / math.sqrt(len(ratios))
    return {
        "title": "Posting an invoice, with us and without",
        "columns": ["case", "ours_ms", "other_ms", "ratio", "error", "own_ms"],
        "rows": [
            {
                "case": "create, post and commit",
                "ours_ms": statistics.median(times["ours"]) * 1000,
                "other_ms": statistics.median(times["other"]) * 1000,
                "ratio": statistics.fmean(ratios),
                "error": error,
                "own_ms": statistics.median(bench.own) * 1000,
            }
        ],
        "notes": [
            f"{BLOCKS[scale]} pairs of blocks of {BLOCK} invoices of one line, each "
            "created, posted and committed; the ratio is the mean over the pairs of "
            "the ratio of the blocks' medians, the error its standard error.",
            "The other side has neither our log of changes nor our two indexes.",
            "Own: the time that our code takes per invoice, measured inside of it.",
        ],
    }


class Posting:
    def __init__(self, books):
        self.env = books.env
        self.partner = self.env["res.partner"].create({"name": "Buyer"})
        self.moves = type(self.env["account.move"])
        self.log = type(self.env["crm.segmentation.dirty"])
        self.own, self.spent = [], 0
        self.definitions = self._get_definitions()
        self._post()  # caches and plans

    def _get_definitions(self):
        self.env.cr.execute(
            "SELECT indexname, indexdef FROM pg_indexes"
            " WHERE tablename = 'account_move' AND indexname LIKE %s",
            ["%segmentation%"],
        )
        found = dict(self.env.cr.fetchall())
        assert len(found) == 2, found
        return found

    def measure(self, pairs):
        """Return the ratio of each pair of blocks, and all times by side."""
        times = {"ours": [], "other": []}
        ratios = []
        for number in range(pairs):
            medians = {}
            for side in sorted(times, reverse=number % 2):
                found = getattr(self, f"_{side}")()
                times[side] += found
                medians[side] = statistics.median(found)
            ratios.append(medians["ours"] / medians["other"])
        return ratios, times

    def _ours(self):
        found = []
        with self._clock("_add_moves"), self._clock("_append_moves"):
            for _invoice in range(BLOCK):
                self.spent = 0
                found.append(timed(self._post))
                self.own.append(self.spent)
        return found

    def _other(self):
        for name in self.definitions:
            self.env.cr.execute(f'DROP INDEX "{name}"')
        self.env.cr.commit()  # as if there had never been any
        try:
            with patch.object(self.moves, "_log_for_segmentation", lambda *_a: None):
                return [timed(self._post) for _invoice in range(BLOCK)]
        finally:
            for definition in self.definitions.values():
                self.env.cr.execute(definition)
            self.env.cr.commit()  # for the next block of ours

    @contextlib.contextmanager
    def _clock(self, name):
        """Add up what a method of ours takes."""
        method = getattr(self.log, name)

        def clocked(model, *args):
            self.spent += timed(lambda: method(model, *args))

        with patch.object(self.log, name, clocked):
            yield

    def _post(self):
        line = {"name": "A", "price_unit": 10, "tax_ids": [(5,)]}
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2026-03-02",
                "invoice_line_ids": [(0, 0, line)],
            }
        )
        move.action_post()
        self.env.cr.commit()  # the log is written at the end of the transaction
