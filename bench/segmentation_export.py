"""The file of all members, against the database writing the same rows itself.

Also how much memory the worker needs for it, and when the first bytes come.
"""

import io
import time
import tracemalloc

from support.books import LIMIT, Books, compare

from odoo import fields

from odoo.addons.crm_segmentation.controllers import main

SIZES = {"small": [10_000], "full": [10_000, 170_000]}
ROUNDS = 3


def run(env, scale):
    """Return the report of ``./dev bench segmentation_export``."""
    books = Books(env)
    rows = []
    for size in books.choose(SIZES[scale]):
        books.fill(size)
        rows.append(Export(books).measure())
    return {
        "title": "Segmentation: the file of members",
        "columns": [
            "case",
            "members",
            "ours_ms",
            "other_ms",
            "ratio",
            "first_bytes_ms",
            "peak_kb",
        ],
        "rows": rows,
        "notes": [
            "The other side is COPY … TO STDOUT of the same rows in one statement.",
            "Peak: what Python allocated at most while the file was sent.",
        ],
    }


class Export:
    def __init__(self, books):
        self.env = books.env
        self.segmentation = books.create_segmentation(
            {"expr_name": "sale", "expr_operator": "<", "expr_value": LIMIT * 1000}
        )
        self.segmentation.process_start()
        books.vacuum()
        self.day = fields.Date.today()

    def measure(self):
        medians, ratio = compare(
            ROUNDS, self.env.cr.commit, ours=self._ours, other=self._copy
        )
        first, peak = self._measure_once()
        return {
            "case": "CSV : COPY",
            "members": self.segmentation.member_count,
            "ours_ms": round(medians["ours"] * 1000),
            "other_ms": round(medians["other"] * 1000),
            "ratio": ratio,
            "first_bytes_ms": round(first * 1000),
            "peak_kb": peak // 1024,
        }

    def _ours(self):
        for _piece in main._stream(self.segmentation, self.day):
            pass

    def _copy(self):
        query = self.segmentation._get_on_day_query(self.day)
        code = self.env.cr.mogrify(query).decode()
        target = io.StringIO()
        self.env.cr._obj.copy_expert(f"COPY ({code}) TO STDOUT WITH CSV", target)

    def _measure_once(self):
        tracemalloc.start()
        started = time.monotonic()
        pieces = main._stream(self.segmentation, self.day)
        next(pieces), next(pieces)
        first = time.monotonic() - started
        for _piece in pieces:
            pass
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return first, peak
