"""Posting an invoice with us, and without: neither our log nor our indexes.

Posting varies by more from one minute to the next than we cost. So the sides take turns
invoice by invoice, each first every second time, with our log and without. What our two
indexes cost cannot be switched for one invoice; it is measured by itself, over many
rows that come to be posted, and added.
"""

import contextlib
import math
import statistics
from unittest.mock import patch

from support.books import LIMIT, Books, timed

PARTNERS = 10_000
PAIRS = {"small": 60, "full": 600}
ROWS, ROUNDS = 5_000, 9  # of the indexes


def run(env, scale):
    """Return the report of ``./dev bench segmentation_post``."""
    books = Books(env)
    books.load_chart()
    books.fill(PARTNERS)
    segmentation = books.create_segmentation({"expr_name": "sale", "expr_value": LIMIT})
    segmentation.process_start()
    row = _measure(Posting(books), PAIRS[scale])
    return {
        "title": "Posting an invoice, with us and without",
        "columns": list(row),
        "rows": [row],
        "notes": [
            f"{PAIRS[scale]} pairs of invoices of one line, each created, posted and "
            "committed; the mean of the middle half of the differences, plus the "
            "indexes, on top of the other side's median; its standard error.",
            "The other side has neither our log of changes nor our two indexes.",
            "Own: the time that our code takes per invoice, measured inside of it.",
            f"Indexes: what both cost per row, when {ROWS:,} rows come to be posted in "
            f"one statement; the median of {ROUNDS} differences.",
        ],
    }


def _measure(bench, pairs):
    indexes = bench.measure_indexes()
    times = bench.measure(pairs)
    other = statistics.median(times["other"])
    differences = [a - b for a, b in zip(times["ours"], times["other"], strict=True)]
    # Half of the middle: one checkpoint within an invoice says nothing about us.
    middle = sorted(differences)[len(differences) // 4 : -(len(differences) // 4)]
    ours = other + statistics.fmean(middle) + indexes
    return {
        "case": "create, post and commit",
        "ours_ms": ours * 1000,
        "other_ms": other * 1000,
        "ratio": ours / other,
        "error": statistics.stdev(middle) / math.sqrt(len(middle)) / other,
        "own_ms": statistics.median(bench.own) * 1000,
        "indexes_ms": indexes * 1000,
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
        """Return the times of both sides, in seconds, taken in turns."""
        times = {"ours": [], "other": []}
        for number in range(pairs):
            for side in sorted(times, reverse=number % 2):
                times[side].append(getattr(self, f"_{side}")())
        return times

    def _ours(self):
        self.spent = 0
        with self._clock("_add_moves"), self._clock("_append_moves"):
            found = timed(self._post)
        self.own.append(self.spent)
        return found

    def _other(self):
        with patch.object(self.moves, "_log_for_segmentation", lambda *_a: None):
            return timed(self._post)

    def measure_indexes(self):
        """Return what our indexes cost for one row that comes to be posted, in
        seconds."""
        return statistics.median(
            (self._post_rows(False) - self._post_rows(True)) / ROWS
            for _round in range(ROUNDS)
        )

    def _post_rows(self, without):
        """Time it in a transaction that is rolled back, the indexes with it."""
        cr = self.env.cr
        for name in self.definitions if without else ():
            cr.execute(f'DROP INDEX "{name}"')
        rows = "WHERE id IN (SELECT id FROM account_move ORDER BY id LIMIT %s)"
        cr.execute(f"UPDATE account_move SET state = 'draft' {rows}", [ROWS])
        found = timed(
            lambda: cr.execute(
                f"UPDATE account_move SET state = 'posted' {rows}", [ROWS]
            )
        )
        cr.rollback()
        return found

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
