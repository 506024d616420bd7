"""Twenty segmentations over four measures at once, against one, both without change."""

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
    for size in books.choose(SIZES[scale]):
        books.fill(size)
        many.process_start()
        rows.append(_twenty_or_one(books, many, size))
    return {
        "title": "Segmentation: twenty against one",
        "columns": ["case", "partners", "ours_s", "other_s", "ratio"],
        "rows": rows,
        "notes": [
            "Twenty: five limits each over sales, sales of twelve months, number of "
            "invoices, and purchases; the other side is the first of them alone. "
            "Nothing changes.",
        ],
    }


def _twenty_or_one(books, many, size):
    times = {"many": [], "one": []}
    for _round in range(ROUNDS.get(size, 3)):
        books.vacuum()
        times["many"].append(timed(lambda: _start(many)))
        books.vacuum()
        times["one"].append(timed(lambda: _start(many[0])))
    return _row("20 segmentations : 1", size, times["many"], times["one"])


def _start(segmentations):
    segmentations.env.invalidate_all()
    segmentations.process_start()


def _row(case, size, ours, other):
    ratios = [a / b for a, b in zip(ours, other, strict=True)]
    return {
        "case": case,
        "partners": size,
        "ours_s": statistics.median(ours),
        "other_s": statistics.median(other),
        "ratio": statistics.median(ratios),
    }
