from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..models import crm_segmentation_ranges as ranges
from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestLegacyDefects(SegmentationCommon):
    """What the original did wrong, one by one, does not come back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer, cls.other = map(cls._create_partner, ("Buyer", "Other"))
        cls._create_invoice(cls.buyer, 100)

    def _matches(self, *kinds):
        """Return whether the buyer matches lines like ``("and", True)``."""
        segmentation = self._create_segmentation(
            *(("sale", ">", 50 if holds else 500, kind) for kind, holds in kinds)
        )
        segmentation.process_start()
        return self.buyer in self._get_members(segmentation)

    def test_1_truth_table(self):
        """The first true line won, and lines that did not hold were passed over."""
        table = {
            (("and", True), ("and", False)): False,
            (("or", False), ("or", False)): False,
            (("or", True), ("and", False)): False,
            (("and", False), ("or", True)): False,
            (("or", False), ("and", True), ("and", False)): False,
            (("and", True), ("and", True)): True,
            (("and", True), ("or", False)): False,
            (("and", True), ("or", False), ("or", True)): True,
            (("or", False), ("or", True)): True,
            (("and", True),): True,
        }
        for kinds, expected in table.items():
            for order in (kinds, kinds[::-1]):
                with self.subTest(lines=order):
                    self.assertEqual(self._matches(*order), expected)

    def test_2_the_watermark_is_used(self):
        """The cursor was never written, and Continue began again."""
        segmentation = self._create_segmentation(("sale", ">", 50))
        seen = []
        original = ranges.diff_statement

        def note(plans, ids):
            seen.append((ids.lower, ids.upper))
            if len(seen) == 3:
                segmentation.sudo()._set_stop_requested(True)
            return original(plans, ids)

        with (
            patch.object(ranges, "RANGE_SIZE", 1),
            patch.object(ranges, "diff_statement", note),
        ):
            segmentation.process_start()
            self.assertEqual(segmentation.state, "stopped")
            self.assertEqual(segmentation.partner_id, seen[-1][1])
            segmentation.process_continue()
        self.assertEqual(seen, sorted(set(seen)), "no range was done twice")
        self.assertMember(segmentation, self.buyer)

    def test_3_hand_set_tags_are_kept(self):
        """Exclusive deleted every tag first, those that somebody had set too."""
        self.other.category_id = self.category
        segmentation = self._create_segmentation(("sale", ">", 50), exclusif=True)
        segmentation.process_start()
        self.assertIn(self.category, self.other.category_id)
        self.assertEqual(segmentation.pin_ids.partner_id, self.other)

    def test_4_a_second_run_inserts_nothing(self):
        segmentation = self._create_segmentation(("sale", ">", 50))
        segmentation.process_start()
        before = self._get_row_versions()
        segmentation.process_start()
        self.assertEqual(self._get_row_versions(), before)

    def test_5_silence_lowers_the_mood_and_today_counts(self):
        segmentation = self._create_segmentation(("som", "=", 2.56))
        segmentation.process_start()
        self.assertMember(segmentation, self.other)
        self._rate(self.other, 1, fields.Datetime.now())  # a score of 0, today
        segmentation.segmentation_line.expr_value = 1.6  # 5 · 0.8 · 0.8 · 0.5
        segmentation.process_start()
        self.assertMember(segmentation, self.other)

    def test_6_the_state_of_mind_can_be_computed_at_all(self):
        """The query joined a table that no addon created any more."""
        self.env["crm.segmentation.event"].create(
            {
                "name": "Praise",
                "partner_id": self.other.id,
                "mood_id": self.env.ref(
                    "crm_segmentation.crm_segmentation_mood_very_happy"
                ).id,
            }
        )
        segmentation = self._create_segmentation(("som", "=", 6.75), som_interval_max=1)
        segmentation.process_start()
        self.assertMember(segmentation, self.other)

    def test_7_only_posted_invoices_of_our_company(self):
        self._create_invoice(self.other, 100, post=False)
        cancelled = self._create_invoice(self.other, 100)
        cancelled.button_draft()
        cancelled.button_cancel()
        company = self.setup_other_company()["company"]
        self.env.user.company_ids += company
        self._create_invoice(self.other, 100, company=company)
        segmentation = self._create_segmentation(("sale", ">", 50))
        segmentation.process_start()
        self.assertMember(segmentation, self.buyer)
        self.assertNotMember(segmentation, self.other)

    def test_8_every_written_partner_is_looked_at_again(self):
        """Of several partners written at once only the first was looked at."""
        city = {"domain": "[('city', '=', 'Ghent')]"}
        segmentation = self._create_segmentation(
            ("domain", "set", 0, "and", city), exclusif=True, carriers_pinned=True
        )
        by_sales = self._create_segmentation(
            ("sale", ">", 50),
            name="Sales",
            categ_id=self.category.create({"name": "Sales"}).id,
            exclusif=True,
        )
        (segmentation + by_sales).process_start()
        (self.buyer + self.other).city = "Ghent"
        segmentation.sudo().next_run = fields.Date.today()
        segmentation.sudo()._cron_process()
        for partner in self.buyer + self.other:
            self.assertMember(segmentation, partner)
        self.other.city = "Lyon"
        segmentation.sudo().next_run = fields.Date.today()
        segmentation.sudo()._cron_process()
        self.assertNotIn(self.category, self.other.category_id)
        self.assertIn(by_sales.categ_id, self.buyer.category_id)


@tagged("post_install", "-at_install")
class TestBadInput(SegmentationCommon):
    """A clear message, and nothing wiped."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._create_partner("Buyer")
        cls._create_invoice(cls.buyer, 100)
        cls.segmentation = cls._create_segmentation(("sale", ">", 50), exclusif=True)
        cls.segmentation.process_start()

    def assertRefused(self, message, **line):
        before = self._get_row_versions()
        self.segmentation.segmentation_line = [Command.create(line)]
        with self.assertRaisesRegex(Exception, message):
            self.segmentation.process_start()
        self.assertEqual(self._get_row_versions(), before)
        self.assertMember(self.segmentation, self.buyer)

    def test_uninstalled_app(self):
        installed = self.env["ir.module.module"]._installed()
        missing = dict.fromkeys(set(installed) - {"sale"}, 1)
        with patch.object(
            type(self.env["ir.module.module"]), "_installed", lambda _self: missing
        ):
            self.assertRefused("sale.*not installed", expr_name="sale_order_amount")

    def test_no_periods(self):
        self.segmentation.som_interval = 0
        self.assertRefused("how many days", expr_name="som", expr_value=4)

    def test_category_deleted_while_running(self):
        self.segmentation.action_process_start()
        with self.assertRaisesRegex(Exception, "segmentation"):
            self.category.unlink()
        self.assertMember(self.segmentation, self.buyer)

    def test_no_criteria_left(self):
        self.segmentation.segmentation_line.unlink()
        self.assertRefused("no active criteria", expr_name="group")

    def test_nothing_to_compare_with(self):
        self.segmentation.segmentation_line.expr_value = False
        self.assertEqual(self.segmentation.segmentation_line.expr_value, 0)

    def test_dates_the_wrong_way_round(self):
        today = fields.Date.today()
        with self.assertRaisesRegex(CheckViolation, "window_between"):
            self.segmentation.segmentation_line.write(
                {
                    "window_type": "between",
                    "date_from": today,
                    "date_to": today - timedelta(days=1),
                }
            )
            self.env.flush_all()
