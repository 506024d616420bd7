"""Our segmentation run against hand-written SQL that leaves the same rows.

Both sides tag the partners who bought for more than a limit and keep the category
up to date: the category and an open membership for those who match, neither for
the others. Ours goes through ``process_start``, in committed ranges, with its
watermark; the other side is one statement and one commit.
"""

import statistics
import time
from contextlib import closing, contextmanager

from odoo.tools import SQL

SIZES = {"small": [10_000], "full": [10_000, 100_000]}
ROUNDS = 9
LIMIT = 2000
INVOICES_PER_PARTNER = 2.5


def run(env, scale):
    """Return the report of ``./dev bench segmentation``."""
    bench = Bench(env)
    rows = []
    for size in SIZES[scale]:
        bench.fill(size)
        rows += [
            bench.compare("first apply", bench.forget),
            bench.compare("no change", bench.vacuum),
        ]
    return {
        "title": "Segmentation: our run against hand-written SQL",
        "columns": [
            "case",
            "partners",
            "ours_s",
            "other_s",
            "ratio",
            "rounds",
            "members",
        ],
        "rows": rows,
        "notes": [
            f"{INVOICES_PER_PARTNER} invoices per partner on the real account_move "
            "table, skewed to few partners; 10 % refunds, 30 % bills, 20 % drafts.",
            "Medians of the time per call, sides in turn, state restored and tables "
            "vacuumed in between; ratio is the median of the ratios per round.",
            "Ours commits per range of 50,000 partners and can be continued after a "
            "kill; the hand-written statement is one transaction.",
            "At 10,000 partners the fixed cost of a run dominates our side: compare "
            "seconds there, not ratios.",
        ],
    }


class Bench:
    """A database with partners and invoices, and the two sides."""

    def __init__(self, env):
        self.env = env(su=True)
        self.partners = 0
        self.company = env.company
        self.category = self.env["res.partner.category"].create({"name": "Bench"})
        self.segmentation = self.env["crm.segmentation"].create(
            {
                "name": "Bench",
                "categ_id": self.category.id,
                "exclusif": True,
                "company_id": self.company.id,
                "segmentation_line": [
                    (0, 0, {"expr_name": "sale", "expr_value": LIMIT})
                ],
            }
        )
        self.env.cr.commit()  # both sides work on committed rows

    # ------------------------------------------------------------------
    # Data
    # ------------------------------------------------------------------

    def fill(self, size):
        """Bring the number of generated partners up to ``size``."""
        cr = self.env.cr
        cr.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM res_partner")
        [first] = cr.fetchone()
        new = size - self.partners
        cr.execute("SELECT setseed(0.42)")
        cr.execute(
            """
            INSERT INTO res_partner (id, name, complete_name, active, is_company,
                                     type, autopost_bills, commercial_partner_id,
                                     create_date)
            SELECT i, 'Bench ' || i, 'Bench ' || i, random() > 0.02, TRUE,
                   'contact', 'ask', i, now()
              FROM generate_series(%s, %s) AS i
            """,
            [first, first + new - 1],
        )
        cr.execute(
            "SELECT setval('res_partner_id_seq', (SELECT MAX(id) FROM res_partner))"
        )
        self._fill_invoices(first, new)
        cr.commit()  # the data stays for all rounds
        self.partners = size
        self._autocommit("VACUUM ANALYZE res_partner", "VACUUM ANALYZE account_move")

    def _fill_invoices(self, first, count):
        self.env.cr.execute(
            """
            INSERT INTO account_move (name, date, invoice_date, state, move_type,
                   journal_id, company_id, currency_id, auto_post, partner_id,
                   commercial_partner_id, amount_untaxed_signed)
            SELECT 'BENCH/' || %(first)s || '/' || i, day, day, state, move_type,
                   %(journal)s, %(company)s, %(currency)s, 'no', partner, partner,
                   CASE WHEN move_type IN ('out_refund', 'in_invoice')
                        THEN -amount ELSE amount END
              FROM (SELECT i,
                           %(first)s + floor(%(count)s * power(random(), 3))::int
                               AS partner,
                           CURRENT_DATE - (random() * 1000)::int AS day,
                           CASE WHEN random() < 0.2 THEN 'draft' ELSE 'posted' END
                               AS state,
                           (CASE WHEN random() < 0.3 THEN '{in_invoice,in_refund}'
                                 ELSE '{out_invoice,out_refund}' END::text[])
                               [CASE WHEN random() < 0.1 THEN 2 ELSE 1 END]
                               AS move_type,
                           round((random() * 2000)::numeric, 2) AS amount
                      FROM generate_series(1, %(moves)s) AS i) AS book
            """,
            {
                "first": first,
                "count": count,
                "moves": int(count * INVOICES_PER_PARTNER),
                "journal": self._get_journal().id,
                "company": self.company.id,
                "currency": self.company.currency_id.id,
            },
        )

    def _get_journal(self):
        journals = self.env["account.journal"]
        domain = [("company_id", "=", self.company.id)]
        return journals.search(domain, limit=1) or journals.create(
            {"name": "Bench", "code": "BENCH", "type": "general"}
        )

    def forget(self):
        """Restore the state before the first run."""
        for table, column, record in (
            ("crm_segmentation_membership", "segmentation_id", self.segmentation),
            ("crm_segmentation_pin", "segmentation_id", self.segmentation),
            ("res_partner_res_partner_category_rel", "category_id", self.category),
        ):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE %s = %s",
                    SQL.identifier(table),
                    SQL.identifier(column),
                    record.id,
                )
            )
        self.segmentation.carriers_pinned = False
        self.env.flush_all()
        self.env.cr.commit()  # the next call starts from here
        self.vacuum()

    def vacuum(self):
        """Take away what the rounds before have left in the tables."""
        self._autocommit(
            "VACUUM ANALYZE crm_segmentation_membership",
            "VACUUM ANALYZE res_partner_res_partner_category_rel",
            "CHECKPOINT",
        )

    def _autocommit(self, *statements):
        with closing(self.env.registry.cursor()) as cr, _autocommit(cr):
            for statement in statements:
                cr.execute(statement)

    # ------------------------------------------------------------------
    # The two sides
    # ------------------------------------------------------------------

    def compare(self, case, prepare):
        """Time both sides in turn, starting with the other one every second round."""
        sides = {"ours": self.ours, "other": self.other}
        times = {side: [] for side in sides}
        found = {}
        for number in range(ROUNDS):
            order = sorted(sides, reverse=number % 2)
            for side in order:
                prepare()
                times[side].append(_timed(sides[side]))
                found[side] = self._get_members()
        if found["ours"] != found["other"]:
            raise AssertionError("the two sides leave different rows")
        ratios = [a / b for a, b in zip(times["ours"], times["other"], strict=True)]
        return {
            "case": case,
            "partners": self.partners,
            "ours_s": statistics.median(times["ours"]),
            "other_s": statistics.median(times["other"]),
            "ratio": statistics.median(ratios),
            "rounds": ROUNDS,
            "members": len(found["ours"][0]),
        }

    def ours(self):
        self.env.invalidate_all()
        self.segmentation.process_start()

    def other(self):
        self.env.cr.execute(
            HAND_WRITTEN,
            {
                "segmentation": self.segmentation.id,
                "category": self.category.id,
                "company": self.company.id,
                "limit": LIMIT,
            },
        )
        self.env.cr.commit()  # as our side, which commits its ranges

    def _get_members(self):
        self.env.cr.execute(
            "SELECT partner_id FROM crm_segmentation_membership"
            " WHERE segmentation_id = %s AND left_on IS NULL ORDER BY 1",
            [self.segmentation.id],
        )
        members = self.env.cr.fetchall()
        self.env.cr.execute(
            "SELECT partner_id FROM res_partner_res_partner_category_rel"
            " WHERE category_id = %s ORDER BY 1",
            [self.category.id],
        )
        carriers = self.env.cr.fetchall()
        self.env.cr.commit()  # no snapshot stays open over a VACUUM
        return members, carriers


# As well as we can: NOT EXISTS in place of EXCEPT and NOT IN is five times slower on
# the first apply, while the planner takes the tables for empty.
HAND_WRITTEN = """
    WITH target AS MATERIALIZED (
        SELECT p.id
          FROM res_partner p
          JOIN (SELECT commercial_partner_id
                  FROM account_move
                 WHERE state = 'posted' AND company_id = %(company)s
                   AND move_type IN ('out_invoice', 'out_refund')
                   AND commercial_partner_id IS NOT NULL
                 GROUP BY commercial_partner_id
                HAVING SUM(amount_untaxed_signed) > %(limit)s) AS buyer
            ON buyer.commercial_partner_id = p.id
         WHERE p.active AND p.commercial_partner_id = p.id
           AND (p.company_id IS NULL OR p.company_id = %(company)s)
    ), tagged AS (
        INSERT INTO res_partner_res_partner_category_rel (category_id, partner_id)
        SELECT %(category)s, id
          FROM (SELECT id FROM target
                EXCEPT
                SELECT partner_id FROM res_partner_res_partner_category_rel
                 WHERE category_id = %(category)s) AS new
         ORDER BY id
    ), untagged AS (
        DELETE FROM res_partner_res_partner_category_rel
         WHERE category_id = %(category)s
           AND partner_id NOT IN (SELECT id FROM target)
    ), entered AS (
        INSERT INTO crm_segmentation_membership
                    (segmentation_id, partner_id, entered_on)
        SELECT %(segmentation)s, id, now() AT TIME ZONE 'UTC'
          FROM (SELECT id FROM target
                EXCEPT
                SELECT partner_id FROM crm_segmentation_membership
                 WHERE segmentation_id = %(segmentation)s AND left_on IS NULL) AS new
         ORDER BY id
    )
    UPDATE crm_segmentation_membership
       SET left_on = now() AT TIME ZONE 'UTC'
     WHERE segmentation_id = %(segmentation)s AND left_on IS NULL
       AND partner_id NOT IN (SELECT id FROM target)
"""


def _timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@contextmanager
def _autocommit(cr):
    """VACUUM cannot run inside a transaction."""
    connection = cr._cnx
    connection.rollback()
    connection.autocommit = True
    try:
        yield
    finally:
        connection.autocommit = False
