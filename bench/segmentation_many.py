"""Many segmentations at once, and runs that look only at what changed.

Twenty segmentations over four measures against one, both without change; and an
incremental run over 0.1 % of the partners against a full one of the same segmentation.
"""

import statistics

from support.books import Books, timed

SIZES = {"small": [10_000], "full": [10_000, 100_000, 1_000_000]}
ROUNDS = {10_000: 7, 100_000: 5, 1_000_000: 3}

WINDOW = {"window_type": "last", "window_number": 12, "window_unit": "months"}
MEASURES = (
    {"expr_name": "sale"},
    {"expr_name": "sale", **WINDOW},
    {"expr_name": "sale_count"},
    {"expr_name": "purchase"},
)
LIMITS = {"sale": (6000, 8000, 12000, 16000, 24000), "sale_count": (6, 8, 12, 16, 24)}
LIMITS["purchase"] = LIMITS["sale"]


def run(env, scale):
    """Return the report of ``./dev bench segmentation_many``."""
    books = Books(env)
    lines = [
        {**measure, "expr_value": limit}
        for measure in MEASURES
        for limit in LIMITS[measure["expr_name"]]
    ]
    many = (
        env["crm.segmentation"]
        .union(
            *(
                books.create_segmentation(line, name=f"Bench {n}")
                for n, line in enumerate(lines)
            )
        )
        .sudo()
    )
    rows = []
    for size in SIZES[scale]:
        books.fill(size)
        many.process_start()
        rows += [
            _twenty_or_one(books, many, size),
            _changed_or_all(books, many[0], size),
        ]
    return {
        "title": "Segmentation: twenty against one, and incremental against full",
        "columns": ["case", "partners", "ours_s", "other_s", "ratio"],
        "rows": rows,
        "notes": [
            "Twenty: five limits each over sales, sales of twelve months, number of "
            "invoices, and purchases; the other side is the first of them alone. "
            "Nothing changes.",
            "Incremental: 0.1 % of the partners are logged as changed; the other side "
            "is a full run of the same segmentation.",
        ],
    }


def _twenty_or_one(books, many, size):
    times = {"many": [], "one": []}
    for _round in range(ROUNDS[size]):
        books.vacuum()
        times["many"].append(timed(lambda: _start(many)))
        books.vacuum()
        times["one"].append(timed(lambda: _start(many[0])))
    return _row("20 segmentations : 1", size, times["many"], times["one"])


def _start(segmentations):
    segmentations.env.invalidate_all()
    segmentations.process_start()


def _changed_or_all(books, segmentation, size):
    cron = segmentation.env["crm.segmentation"]
    others = cron.search([("id", "!=", segmentation.id)])
    others.write({"interval_type": "manual"})
    cron.env.cr.commit()  # the scheduled action finds this one alone
    times = {"changed": [], "all": []}
    for _round in range(ROUNDS[size]):
        books.vacuum()
        times["all"].append(timed(lambda: _start(segmentation)))
        _log_some(books, size)
        segmentation.write({"next_run": "2020-01-01", "interval_type": "days"})
        cron.env.cr.commit()  # it is due now
        times["changed"].append(timed(cron._cron_process))
        assert segmentation.run_id.kind == "incremental"
        assert segmentation.run_id.processed_count >= size // 1000
    return _row("0.1 % changed : full", size, times["changed"], times["all"])


def _log_some(books, size):
    """Log every thousandth partner as changed, and nobody else."""
    cr = books.env.cr
    cr.execute("DELETE FROM crm_segmentation_dirty")
    cr.execute(
        "INSERT INTO crm_segmentation_dirty (partner_id, xid, written_on)"
        " SELECT id, pg_current_xact_id()::text::float8, now()"
        "   FROM generate_series(%s, %s, 1000) id",
        [books.first, books.first + size],
    )
    cr.commit()  # as the users who wrote them


def _row(case, size, ours, other):
    ratios = [a / b for a, b in zip(ours, other, strict=True)]
    return {
        "case": case,
        "partners": size,
        "ours_s": statistics.median(ours),
        "other_s": statistics.median(other),
        "ratio": statistics.median(ratios),
    }
