from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestWindows(SegmentationCommon):
    """Which days count: of the invoice, at the company's place, ends included."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._create_partner()
        cls.env.company.partner_id.tz = "UTC"

    def _window(self, *criterion, **window):
        return self._create_segmentation((*criterion, "and", window))

    def _last(self, number, unit):
        return self._window(
            "sale",
            ">",
            0,
            window_type="last",
            window_number=number,
            window_unit=unit,
        )

    def _get_days(self, segmentation, today):
        return segmentation.segmentation_line._get_window_days(
            date.fromisoformat(today)
        )

    def test_relative_windows(self):
        for number, unit, today, first in [
            (1, "days", "2026-11-24", "2026-11-24"),
            (30, "days", "2026-11-24", "2026-10-26"),
            (2, "weeks", "2026-11-24", "2026-11-11"),
            (12, "months", "2026-11-24", "2025-11-25"),
            (1, "months", "2026-03-31", "2026-03-01"),
            (1, "years", "2028-02-29", "2027-03-01"),
            (1000, "years", "2026-11-24", "1026-11-25"),
        ]:
            with self.subTest(number=number, unit=unit, today=today):
                days = self._get_days(self._last(number, unit), today)
                self.assertEqual([str(day) for day in days], [first, today])

    def _run(self, segmentation):
        segmentation.process_start()
        return self.customer in self._get_members(segmentation)

    def test_borders_of_a_relative_window(self):
        segmentation = self._last(30, "days")
        today = segmentation._get_today(datetime.now())
        first, last = self._get_days(segmentation, str(today))
        for day, expected in [
            (date.fromordinal(first.toordinal() - 1), False),
            (first, True),
            (last, True),
        ]:
            with self.subTest(day=day):
                move = self._create_invoice(self.customer, 10, day=day)
                self.assertEqual(self._run(segmentation), expected)
                move.button_draft()

    def test_invoices_of_the_future_are_not_in_the_last_days(self):
        segmentation = self._last(30, "days")
        today = segmentation._get_today(datetime.now())
        tomorrow = date.fromordinal(today.toordinal() + 1)
        self._create_invoice(self.customer, 10, day=tomorrow)
        self.assertFalse(self._run(segmentation))
        self.assertTrue(self._run(self._window("sale", ">", 0)))

    def test_borders_between_two_dates(self):
        segmentation = self._window(
            "sale",
            ">",
            0,
            window_type="between",
            date_from="2026-01-01",
            date_to="2026-03-31",
        )
        for day, expected in [
            ("2025-12-31", False),
            ("2026-01-01", True),
            ("2026-03-31", True),
            ("2026-04-01", False),
        ]:
            with self.subTest(day=day):
                move = self._create_invoice(self.customer, 10, day=day)
                self.assertEqual(self._run(segmentation), expected)
                move.button_draft()

    def test_nothing_in_the_window_is_zero(self):
        self._create_invoice(self.customer, 500, day="2020-05-05")
        window = {
            "window_type": "between",
            "date_from": "2026-01-01",
            "date_to": "2026-03-31",
        }
        for variable, operator, value, expected in [
            ("sale", "=", 0, True),
            ("sale", ">", 0, False),
            ("sale_count", "<", 1, True),
            ("sale_largest", "<", 1000, False),
        ]:
            with self.subTest(variable=variable, operator=operator):
                alone = self._window(variable, operator, value, **window)
                self.assertEqual(self._run(alone), expected)
                # next to another window the columns are filtered one by one
                both = self._create_segmentation(
                    (variable, operator, value, "and", window), ("sale", "=", 500)
                )
                self.assertEqual(self._run(both), expected)

    def test_today_is_where_the_company_is(self):
        """At 23:30 in London it is tomorrow in Auckland."""
        segmentation = self._last(1, "days")
        moment = datetime(2026, 7, 1, 23, 30)
        for timezone, today in [
            ("UTC", "2026-07-01"),
            ("Pacific/Auckland", "2026-07-02"),
            ("America/New_York", "2026-07-01"),
        ]:
            self.env.company.partner_id.tz = timezone
            segmentation.last_run = moment
            [leaf] = segmentation._prepare_plan().tree.children
            self.assertEqual(str(leaf.measure.last), today)

    def test_a_continued_run_keeps_its_day(self):
        segmentation = self._last(1, "days")
        definition = segmentation._get_definition()
        segmentation.last_run = datetime(2026, 7, 1, 12)
        self.assertEqual(segmentation._get_definition(), definition)
        run = self.env["crm.segmentation.run"].sudo()
        segmentation.write(
            {
                "state": "stopped",
                "partner_id": 1,
                "run_definition": definition,
                "run_id": run.create({"segmentation_id": segmentation.id}).id,
            }
        )
        segmentation._resume_run()
        plan = segmentation._prepare_plan()
        self.assertEqual(plan.tree.children[0].measure.first, date(2026, 7, 1))

    def test_another_window_is_another_definition(self):
        segmentation = self._last(12, "months")
        definition = segmentation._get_definition()
        segmentation.segmentation_line.window_number = 6
        self.assertNotEqual(segmentation._get_definition(), definition)

    @mute_logger("odoo.sql_db")
    def test_impossible_windows(self):
        for vals in [
            {"window_type": "last", "window_number": 0},
            {"window_type": "last", "window_number": -3},
            {"window_type": "last", "window_number": 1001},
            {"window_type": "last", "window_unit": False},
            {"window_type": "between"},
            {"window_type": "between", "date_from": "2026-01-01"},
            {
                "window_type": "between",
                "date_from": "2026-02-01",
                "date_to": "2026-01-01",
            },
        ]:
            with (
                self.subTest(vals=vals),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self._window("sale", ">", 1, **vals).flush_recordset()

    def test_sentence(self):
        for vals, ending in [
            ({}, "$ 1,000."),
            ({"window_type": "last"}, "$ 1,000 in the last 12 months."),
            (
                {"window_type": "last", "window_number": 1, "window_unit": "years"},
                "$ 1,000 in the last year.",
            ),
            (
                {
                    "window_type": "between",
                    "date_from": "2026-01-01",
                    "date_to": "2026-03-31",
                },
                "$ 1,000 between 01/01/2026 and 03/31/2026.",
            ),
        ]:
            sentence = self._window("sale", ">", 1000, **vals).sentence
            self.assertTrue(sentence.replace("\xa0", " ").endswith(ending), sentence)

    def test_form(self):
        """Fields are shown when they apply, and the sentence follows."""
        with Form(self.env["crm.segmentation"]) as form:
            form.name = "Gold"
            form.categ_id = self.category
            with form.mandatory_line_ids.new() as line:
                line.expr_value = 1000
                line.window_type = "last"
                line.window_number = 6
            self.assertIn("in the last 6 months", form.sentence)
            with form.mandatory_line_ids.edit(0) as line:
                line.expr_name = "overdue"
                with self.assertRaises(AssertionError):
                    line.window_type = "all"
            self.assertNotIn("last", form.sentence)
