import random
from datetime import date, datetime, timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..engine.state_of_mind import Parameters, score_query
from .common import SegmentationCommon

TODAY = date(2026, 3, 31)


def loop(parameters, events, trades):
    """Return the score of one partner period by period, as the definition says.

    :param events: ``(day, score, weight)``
    :param trades: days of invoices and bills
    """
    score, scored = parameters.start, False
    for period in range(parameters.count):
        first = parameters.first_day + timedelta(days=period * parameters.days)
        stop = first + timedelta(days=parameters.days)
        inside = [e for e in events if first <= e[0] < stop and e[2] > 0]
        if inside:
            mean = sum(s * w for _d, s, w in inside) / sum(w for _d, _s, w in inside)
            score = score * (1 - parameters.weight) + mean * parameters.weight
            scored = True
        elif not any(first <= day < stop for day in trades):
            score *= parameters.decrease
    return score if scored or parameters.start else None


@tagged("post_install", "-at_install")
class TestStateOfMind(SegmentationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._create_partner()

    def _get_scores(self, parameters, events, trades):
        """Return what SQL makes of ``{partner: events}`` and ``{partner: days}``."""
        event_rows = [(key, *event) for key, rows in events.items() for event in rows]
        trade_rows = [(key, day) for key, days in trades.items() for day in days]
        event_query = self._values(event_rows, "partner_id", "day", "score", "weight")
        trade_query = self._values(trade_rows, "partner_id", "day")
        query = score_query(event_query, trade_query, parameters)
        return dict(self.env.execute_query(query))

    def _values(self, rows, *names):
        rows = rows or [(0, date(1900, 1, 1), 0.0, 0.0)[: len(names)]]
        columns = {"partner_id": "int", "day": "date"}
        return SQL(
            "SELECT %s FROM (VALUES %s) AS v(%s)",
            SQL(", ").join(
                SQL(f"{name}::{columns.get(name, 'float8')}") for name in names
            ),
            SQL(", ").join(SQL("%s", tuple(row)) for row in rows),
            SQL(", ").join(SQL.identifier(name) for name in names),
        )

    def assertSameAsLoop(self, parameters, events, trades):
        scores = self._get_scores(parameters, events, trades)
        for key in set(events) | set(trades):
            expected = loop(parameters, events.get(key, []), trades.get(key, []))
            score = scores.get(key, parameters.silent_score)
            if expected is None:
                self.assertIsNone(score, parameters)
            else:
                self.assertAlmostEqual(score, expected, 9, (parameters, key))

    def test_same_as_the_loop(self):
        """The closed form agrees with the definition, at the edges too."""
        generator = random.Random(20260331)
        for _round in range(60):
            parameters = Parameters(
                today=TODAY,
                days=generator.choice([1, 2, 7, 30]),
                count=generator.choice([1, 2, 3, 12]),
                start=generator.choice([0, 0.5, 5.0, 10]),
                decrease=generator.choice([0, 0.3, 0.8, 1]),
                weight=generator.choice([0, 0.25, 0.5, 1]),
            )
            span = parameters.days * parameters.count
            days = [TODAY - timedelta(days=n) for n in range(-2, span + 3)]
            events = {
                key: [
                    (
                        generator.choice(days),
                        generator.uniform(0, 10),
                        generator.choice([0, 1.0, 2.5]),
                    )
                    for _event in range(generator.randrange(6))
                ]
                for key in range(1, 30)
            }
            trades = {
                key: generator.choices(days, k=generator.randrange(6))
                for key in range(15, 45)
            }
            self.assertSameAsLoop(parameters, events, trades)

    def test_no_underflow(self):
        """Hundreds of silent periods leave nothing, not an error."""
        parameters = Parameters(TODAY, 1, 1000, 5.0, 0.01, 0.999)
        oldest = parameters.first_day
        events = {1: [(oldest, 10.0, 1.0)], 2: [(oldest, 10.0, 1.0)] * 2}
        self.assertSameAsLoop(parameters, events, {2: [TODAY]})

    def _is_in(self, *line, **vals):
        """Return whether the customer meets a criterion on the state of mind."""
        segmentation = self._create_segmentation(("som", *line), **vals)
        segmentation.process_start()
        return self.customer in self._get_members(segmentation)

    def _days_ago(self, days):
        return fields.Datetime.now() - timedelta(days=days)

    def test_silence_lowers_the_score(self):
        """5.0, then 4.0, 3.2 and 2.56 after three silent periods."""
        for count, score in [(1, 4.0), (2, 3.2), (3, 2.56)]:
            self.assertTrue(self._is_in("=", score, som_interval_max=count))

    def test_buyers_keep_their_score(self):
        for days in (5, 35, 65):
            day = fields.Date.today() - timedelta(days=days)
            self._create_invoice(self.customer, 10, day=day)
        self.assertTrue(self._is_in("=", 5.0))

    def test_bills_are_activity_too(self):
        for days in (5, 35, 65):
            day = fields.Date.today() - timedelta(days=days)
            self._create_invoice(self.customer, 10, "in_invoice", day=day)
        self.assertTrue(self._is_in("=", 5.0))

    def test_refunds_and_drafts_are_no_activity(self):
        """A credit note is an event, if at all, and no reason to be content."""
        self._create_invoice(self.customer, 10, "out_refund")
        self.assertTrue(self._is_in("=", 3.5, som_interval_max=1))
        self.env.ref("crm_segmentation.crm_segmentation_source_refund").active = False
        self._create_invoice(self.customer, 10, post=False)
        self.assertTrue(self._is_in("=", 4.0, som_interval_max=1))

    def test_ratings_of_today_count(self):
        """The original dropped today's events."""
        self._rate(self.customer, 5, fields.Datetime.now())
        self.assertTrue(self._is_in("=", 7.5, som_interval_max=1))

    def test_the_worst_rating_counts(self):
        """The original ignored a factor of 0."""
        self._rate(self.customer, 1, self._days_ago(1))
        self.assertTrue(self._is_in("=", 2.5, som_interval_max=1))

    def test_unanswered_ratings_do_not_count(self):
        self._rate(self.customer, 0, self._days_ago(1))
        self._rate(self.customer, 1, self._days_ago(1)).consumed = False
        self.assertTrue(self._is_in("=", 4.0, som_interval_max=1))

    def test_ratings_of_contacts_count_for_their_company(self):
        self.customer.is_company = True
        contact = self._create_partner("Buyer", parent_id=self.customer.id)
        self._rate(contact, 5, self._days_ago(1))
        self.assertTrue(self._is_in("=", 7.5, som_interval_max=1))

    def test_no_start_means_none(self):
        """Without a starting score and events there is nothing to compare."""
        for operator in ("<", "<=", "=", "!=", ">=", ">"):
            self.assertFalse(self._is_in(operator, 3, som_interval_default=0))
        self._create_invoice(self.customer, 10)
        self.assertFalse(self._is_in("<", 10, som_interval_default=0))
        self._rate(self.customer, 5, self._days_ago(1))
        self.assertTrue(self._is_in(">", 3, som_interval_default=0))

    def test_day_begins_at_the_company(self):
        """23:30 in New York is the next day in UTC, and still the day before."""
        company = self.env.company
        company.partner_id.tz = "America/New_York"
        self._rate(self.customer, 5, datetime(2026, 3, 11, 3, 30))
        segmentation = self._create_segmentation(
            ("som", "=", 7.5), som_interval=1, som_interval_max=1
        )
        for moment, expected in [
            (datetime(2026, 3, 11, 3, 59), True),
            (datetime(2026, 3, 11, 4, 1), False),
        ]:
            with self.subTest(moment=moment):
                segmentation._start_run()
                segmentation.last_run = moment
                segmentation._run_ranges([segmentation._prepare_plan()])
                members = self._get_members(segmentation)
                self.assertEqual(self.customer in members, expected)

    @mute_logger("odoo.sql_db")
    def test_bad_parameters_are_refused(self):
        segmentation = self._create_segmentation(("som", "<", 4))
        for name, value in [
            ("som_interval", -1),
            ("som_interval_max", 0),
            ("som_interval_max", -3),
            ("som_interval_default", 11),
            ("som_interval_default", -1),
            ("som_interval_decrease", 1.5),
            ("som_interval_weight", -0.1),
        ]:
            with self.subTest(name=name), self.assertRaises(Exception) as caught:
                segmentation.write({name: value})
                segmentation.flush_recordset()
            self.assertIn(type(caught.exception).__name__, ("CheckViolation",))
