from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..engine.criteria import Measure
from ..engine.sources import Range, invoices
from .common import SegmentationCommon

WEEK = timedelta(days=7)


@tagged("post_install", "-at_install")
class TestAmounts(SegmentationCommon):
    """Which invoices count, for whom, and in which money."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._create_partner(is_company=True)

    def assertAmount(self, variable, partner, amount, **vals):
        """Assert what a partner bought or sold, by a criterion of this very amount."""
        segmentation = self._create_segmentation((variable, "=", amount), **vals)
        segmentation.process_start()
        self.assertMember(segmentation, partner)

    def test_refunds_are_subtracted(self):
        self._create_invoice(self.customer, 1000)
        self._create_invoice(self.customer, 300, "out_refund")
        self.assertAmount("sale", self.customer, 700)
        self.assertAmount("purchase", self.customer, 0)

    def test_purchases(self):
        self._create_invoice(self.customer, 1000)
        self._create_invoice(self.customer, 400, "in_invoice")
        self._create_invoice(self.customer, 150, "in_refund")
        self.assertAmount("purchase", self.customer, 250)
        self.assertAmount("sale", self.customer, 1000)

    def test_receipts_do_not_count(self):
        self._create_invoice(self.customer, 80, "out_receipt")
        self._create_invoice(self.customer, 90, "in_receipt")
        self.assertAmount("sale", self.customer, 0)
        self.assertAmount("purchase", self.customer, 0)

    def test_receipts_count_if_asked_for(self):
        yesterday = fields.Date.today() - timedelta(days=1)
        self._create_invoice(self.customer, 200, day=fields.Date.today() - WEEK)
        self._create_invoice(self.customer, 80, "out_receipt", day=yesterday)
        self._create_invoice(self.customer, 90, "in_receipt", day=yesterday)
        for variable, amount, without in [
            ("sale", 280, 200),
            ("purchase", 90, 0),
            ("sale_count", 2, 1),
            ("purchase_count", 1, 0),
            ("sale_average", 140, 200),
            ("sale_last", 1, 7),
            ("overdue", 280, 200),
        ]:
            if variable == "overdue":
                self.customer.invoice_ids.invoice_date_due = yesterday
            self.assertAmount(variable, self.customer, amount, with_receipts=True)
            self.assertAmount(variable, self.customer, without)

    def test_receipts_are_in_the_sentence_and_the_definition(self):
        segmentation = self._create_segmentation(("sale", ">", 100))
        before = segmentation._get_definition()
        segmentation.with_receipts = True
        self.assertIn("receipts count too", segmentation.sentence)
        self.assertNotEqual(segmentation._get_definition(), before)
        other = self._create_segmentation(("sale", ">", 100))
        self.assertEqual(len((segmentation | other)._get_batches()), 2)

    def test_only_posted_invoices_count(self):
        """The original counted drafts and cancelled invoices."""
        self._create_invoice(self.customer, 1000, post=False)
        self._create_invoice(self.customer, 50).button_draft()
        cancelled = self._create_invoice(self.customer, 60)
        cancelled.button_draft()
        cancelled.button_cancel()
        self._create_invoice(self.customer, 20)
        self.assertAmount("sale", self.customer, 20)

    def test_discount_and_no_tax(self):
        """The original took price times quantity."""
        move = self._create_invoice(self.customer, 1000, post=False)
        move.invoice_line_ids.write(
            {
                "discount": 10,
                "quantity": 2,
                "tax_ids": [Command.set(self.tax_sale_a.ids)],
            }
        )
        move.action_post()
        self.assertGreater(move.amount_total, move.amount_untaxed)
        self.assertAmount("sale", self.customer, 1800)

    def test_contacts_count_for_their_company(self):
        contact = self._create_partner("Buyer", parent_id=self.customer.id)
        self._create_invoice(contact, 600)
        self._create_invoice(self.customer, 500)
        segmentation = self._create_segmentation(("sale", ">", 1000))
        segmentation.process_start()
        self.assertMember(segmentation, self.customer)
        self.assertNotMember(segmentation, contact)
        self.assertFalse(contact.category_id)

    def test_archived_partners_leave(self):
        self._create_invoice(self.customer, 1000)
        segmentation = self._create_segmentation(("sale", ">", 500), exclusif=True)
        segmentation.process_start()
        self.assertMember(segmentation, self.customer)
        self.customer.active = False
        segmentation.process_start()
        self.assertNotMember(segmentation, self.customer)
        self.assertFalse(self.customer.category_id)

    def test_other_company(self):
        other = self.setup_other_company()["company"]
        self.env.user.company_ids += other
        self._create_invoice(self.customer, 1000)
        self._create_invoice(self.customer, 40, company=other)
        self.assertAmount("sale", self.customer, 1000)
        self.assertAmount("sale", self.customer, 40, company_id=other.id)
        self.assertAmount("sale", self.customer, 1040, company_id=False)

    def test_partner_of_another_company(self):
        """Another company's partners are not ours to tag, nor to untag."""
        other = self.setup_other_company()["company"]
        self.env.user.company_ids += other
        theirs = self._create_partner(
            company_id=other.id, category_id=[Command.link(self.category.id)]
        )
        segmentation = self._create_segmentation(("sale", "<", 500), exclusif=True)
        segmentation.process_start()
        segmentation.process_start()
        self.assertNotMember(segmentation, theirs)
        self.assertFalse(
            segmentation.pin_ids.filtered(lambda p: p.partner_id == theirs)
        )
        self.assertEqual(theirs.category_id, self.category)

    def test_partner_who_moves_to_another_company(self):
        other = self.setup_other_company()["company"]
        self.env.user.company_ids += other
        mover = self._create_partner(company_id=self.env.company.id)
        segmentation = self._create_segmentation(("sale", "<", 500), exclusif=True)
        segmentation.process_start()
        self.assertMember(segmentation, mover)
        mover.company_id = other
        segmentation.process_start()
        self.assertNotMember(segmentation, mover)
        self.assertFalse(mover.category_id)

    def test_currency_of_the_invoice(self):
        """An invoice counts with what it was worth in the company's books."""
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        self._create_invoice(self.customer, 1000, currency_id=currency.id)
        self.assertAmount("sale", self.customer, 500)

    def test_currency_of_the_criterion(self):
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        self._create_invoice(self.customer, 1000)
        self.assertAmount("sale", self.customer, 2000, currency_id=currency.id)

    def test_currencies_of_companies(self):
        """Amounts in different currencies are converted before they are added."""
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        other = self.setup_other_company(currency_id=currency.id)["company"]
        self.env.user.company_ids += other
        self.env["res.currency.rate"].create(
            [
                {"name": "2020-01-01", "rate": rate, "company_id": other.id, **vals}
                for rate, vals in [
                    (1.0, {"currency_id": self.env.company.currency_id.id}),
                    (2.0, {"currency_id": currency.id}),
                ]
            ]
        )
        self._create_invoice(self.customer, 100)
        self._create_invoice(self.customer, 50, company=other)
        self.assertAmount(
            "sale",
            self.customer,
            125,
            company_id=False,
            currency_id=self.env.company.currency_id.id,
        )

    def test_no_rounding_noise(self):
        """Three times 0.1 is 0.3."""
        for _index in range(3):
            self._create_invoice(self.customer, 0.1)
        self.assertAmount("sale", self.customer, 0.3)

    def test_covering_index_is_used(self):
        """The condition of the query implies the one of the partial index."""
        self._create_invoice(self.customer, 1000)
        self._create_invoice(self.customer, 1000, "in_invoice")
        crowd = [{"name": f"Customer {number}"} for number in range(2000)]
        self._copy_invoices(self.customer, self.env["res.partner"].create(crowd))
        self.env.cr.execute("ANALYZE account_move")
        lowest = self.customer.id
        scope = self._create_segmentation()._get_scope(fields.Date.today())
        for measures in (["sale"], ["purchase"], ["sale", "purchase"]):
            found = [Measure(kind) for kind in measures]
            source = invoices(found, scope, Range(lowest, lowest + 50))
            rows = self.env.execute_query(SQL("EXPLAIN %s", source.query))
            self.assertIn("account_move_segmentation_idx", str(rows))
