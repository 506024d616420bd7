from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ..engine.criteria import Measure
from ..engine.sources import INVOICE_KINDS, Range, invoices, overdue
from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestKinds(SegmentationCommon):
    """Numbers, averages, dates and debts, next to amounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.partner_id.tz = "UTC"
        cls.customer = cls._create_partner()
        cls.stranger = cls._create_partner("Stranger")

    def _ago(self, days):
        return fields.Date.today() - timedelta(days=days)

    def assertMeasure(self, variable, value):
        """Assert what the customer has, by a criterion of this very value."""
        for operator, member in [("=", True), ("<", False), (">", False)]:
            segmentation = self._create_segmentation((variable, operator, value))
            segmentation.process_start()
            found = self.customer in self._get_members(segmentation)
            self.assertEqual(found, member, f"{variable} {operator} {value}")

    def test_customer_invoices(self):
        for amount, days in [(100, 90), (300, 30), (51, 10)]:
            self._create_invoice(self.customer, amount, day=self._ago(days))
        self._create_invoice(self.customer, 40, "out_refund")
        self._create_invoice(self.customer, 999, "out_receipt")
        self._create_invoice(self.customer, 999, post=False)
        self.assertMeasure("sale_count", 3)
        self.assertMeasure("sale_average", 150.33)
        self.assertMeasure("sale_largest", 300)
        self.assertMeasure("sale_first", 90)
        self.assertMeasure("sale_last", 10)
        self.assertMeasure("purchase_count", 0)

    def test_vendor_bills(self):
        self._create_invoice(self.customer, 100, "in_invoice")
        self._create_invoice(self.customer, 100, "in_invoice")
        self._create_invoice(self.customer, 100, "in_refund")
        self.assertMeasure("purchase_count", 2)
        self.assertMeasure("sale_count", 0)

    def test_overdue(self):
        """What is still open and late; what is paid or not yet due is not."""
        for amount, due in [(100, 5), (200, 1), (400, 0), (800, -5)]:
            self._create_invoice(
                self.customer,
                amount,
                day=self._ago(60),
                invoice_date_due=self._ago(due),
                invoice_payment_term_id=False,
            )
        self.assertMeasure("overdue", 300)
        late = self.env["account.move"].search(
            [("partner_id", "=", self.customer.id), ("amount_untaxed", "=", 200)]
        )
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=late.ids
        ).create({"amount": 150})._create_payments()
        self.assertMeasure("overdue", 300 - (200 - late.amount_residual))
        late.button_draft()
        self.assertMeasure("overdue", 100)

    def test_without_invoices(self):
        """There is nothing to count, and no first, last or average to compare."""
        for variable, operator, value, expected in [
            ("sale_count", "=", 0, True),
            ("purchase_count", "<", 1, True),
            ("overdue", "=", 0, True),
            ("sale_average", "<", 1000, False),
            ("sale_average", "!=", 1000, False),
            ("sale_largest", "<", 1000, False),
            ("sale_first", ">", -1, False),
            ("sale_last", ">=", 0, False),
            ("sale_last", "!=", 5, False),
        ]:
            with self.subTest(variable=variable, operator=operator):
                segmentation = self._create_segmentation((variable, operator, value))
                segmentation.process_start()
                members = self._get_members(segmentation)
                self.assertEqual(self.stranger in members, expected)

    def test_half_an_invoice(self):
        """Numbers are compared as they are written, not rounded to whole ones."""
        self._create_invoice(self.customer, 100)
        self._create_invoice(self.customer, 100)
        for operator, expected in [("=", False), ("<", True), (">", False)]:
            segmentation = self._create_segmentation(("sale_count", operator, 2.5))
            segmentation.process_start()
            members = self._get_members(segmentation)
            self.assertEqual(self.customer in members, expected)

    def test_units_and_sentences(self):
        for variable, unit, sentence in [
            ("sale_count", "invoices", "number of invoices is more than 3."),
            ("purchase_count", "bills", "number of bills is more than 3."),
            ("sale_average", "$", "average invoice is more than $ 3."),
            ("sale_largest", "$", "largest invoice is more than $ 3."),
            ("sale_first", "days", "first invoice is more than 3 days old."),
            ("sale_last", "days", "last invoice is more than 3 days old."),
            ("overdue", "$", "overdue invoices amount to more than $ 3."),
        ]:
            segmentation = self._create_segmentation((variable, ">", 3))
            self.assertEqual(segmentation.segmentation_line.unit, unit)
            found = segmentation.sentence.replace("\xa0", " ")
            self.assertEqual(found, f"Partners whose {sentence}")

    def test_switch_leaves_other_kinds(self):
        """The documented switch is about sales, purchases and the state of mind."""
        self._create_invoice(self.customer, 100)
        segmentation = self._create_segmentation(
            ("sale", ">", 5000), ("sale_count", "=", 1), sales_purchase_active=False
        )
        self.assertNotIn("bought", segmentation.sentence)
        self.assertIn("number of invoices", segmentation.sentence)
        segmentation.process_start()
        self.assertMember(segmentation, self.customer)
        segmentation.segmentation_line[1].unlink()
        self.assertEqual(segmentation.sentence, "The rules are switched off.")

    def test_covering_indexes_are_used(self):
        """Whatever is measured, and over whichever days."""
        self._create_invoice(self.customer, 1000)
        crowd = [{"name": f"Customer {number}"} for number in range(2000)]
        self._copy_invoices(self.customer, self.env["res.partner"].create(crowd))
        self.env.cr.execute("ANALYZE account_move")
        today = fields.Date.today()
        scope = self._create_segmentation()._get_scope(today)
        ids = Range(self.customer.id, self.customer.id + 50)
        every = [Measure(kind) for kind in INVOICE_KINDS]
        windows = [Measure(kind, self._ago(30), today) for kind in INVOICE_KINDS]
        for measures in ([every[0]], [windows[0]], every, windows, every + windows):
            query = SQL("EXPLAIN %s", invoices(measures, scope, ids).query)
            rows = self.env.execute_query(query)
            self.assertIn("account_move_segmentation_idx", str(rows))
        query = SQL("EXPLAIN %s", overdue("debt", Measure("overdue"), scope, ids).query)
        self.assertIn("segmentation_open_idx", str(self.env.execute_query(query)))
