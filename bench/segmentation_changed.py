"""A run that looks only at what changed, against a full one of the same segmentation.

The incremental run goes through the scheduled action, over 0.1 % of the partners.
"""

from segmentation_many import _row, _start
from support.books import Books, timed

SIZES = {"small": [10_000], "full": [1_000_000]}
ROUNDS = 9


def run(env, scale):
    """Return the report of ``./dev bench segmentation_changed``."""
    books = Books(env)
    line = {"expr_name": "sale", "expr_value": 6000}
    segmentation = books.create_segmentation(line, name="Bench changed").sudo()
    rows = []
    for size in books.choose(SIZES[scale]):
        books.fill(size)
        segmentation.process_start()
        rows.append(_changed_or_all(books, segmentation, size))
    return {
        "title": "Segmentation: what changed against everything",
        "columns": ["case", "partners", "ours_s", "other_s", "ratio"],
        "rows": rows,
        "notes": [
            "0.1 % of the partners are logged as changed, every thousandth from the "
            "500th on; the other side is a full run of the same segmentation.",
        ],
    }


def _changed_or_all(books, segmentation, size):
    cron = segmentation.env["crm.segmentation"]
    others = cron.search([("id", "!=", segmentation.id)])
    others.write({"interval_type": "manual"})
    cron.env.cr.commit()  # the scheduled action finds this one alone
    times = {"changed": [], "all": []}
    for _round in range(ROUNDS):
        books.vacuum()
        times["all"].append(timed(lambda: _start(segmentation)))
        _log_some(books, size)
        segmentation.write({"next_run": "2020-01-01", "interval_type": "days"})
        cron.env.cr.commit()  # it is due now
        times["changed"].append(timed(cron._cron_process))
        assert segmentation.run_id.kind == "incremental"
        assert segmentation.run_id.processed_count >= size // 1000 - 1
    return _row("0.1 % changed : full", size, times["changed"], times["all"])


def _log_some(books, size):
    """Log every thousandth partner as changed, and nobody else.

    From the 500th on: the first has one out of a hundred of all invoices.
    """
    cr = books.env.cr
    cr.execute("DELETE FROM crm_segmentation_dirty")
    cr.execute(
        "INSERT INTO crm_segmentation_dirty (partner_id, xid, written_on)"
        " SELECT id, pg_current_xact_id()::text::float8, now()"
        "   FROM generate_series(%s, %s, 1000) id",
        [books.first + 500, books.first + size],
    )
    cr.commit()  # as the users who wrote them
