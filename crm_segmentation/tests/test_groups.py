from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import SegmentationCommon


def leaf(kind, comparison, value=0, **vals):
    return {
        "expr_name": kind,
        "expr_operator": comparison,
        "expr_value": value,
        **vals,
    }


def group(kind, *children, **vals):
    return {
        "expr_name": "group",
        "group_kind": kind,
        "child_ids": [Command.create(child) for child in children],
        **vals,
    }


@tagged("post_install", "-at_install")
class TestGroups(SegmentationCommon):
    """Groups of criteria, the operators, and the kinds that are not of invoices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.none, cls.small, cls.large = map(
            cls._create_partner, ("None", "Small", "Large")
        )
        cls._create_invoice(cls.small, 100)
        cls._create_invoice(cls.large, 1000)
        cls._create_invoice(cls.large, 1000)
        cls.everybody = cls.none + cls.small + cls.large

    def _match(self, *lines, **vals):
        """Return which of the partners match the lines."""
        segmentation = self.env["crm.segmentation"].create(
            {
                "name": "Try",
                "categ_id": self.category.id,
                "segmentation_line": [Command.create(line) for line in lines],
                **vals,
            }
        )
        segmentation.process_start()
        return self._get_members(segmentation) & self.everybody

    def test_any_and_all_and_none(self):
        small = leaf("sale", "=", 100)
        large = leaf("sale", ">", 1000)
        cases = [
            (("any", small, large), self.small + self.large),
            (("all", small, large), self.env["res.partner"]),
            (("none", small, large), self.none),
            (("none", large), self.none + self.small),
        ]
        for (kind, *children), expected in cases:
            with self.subTest(kind=kind):
                self.assertEqual(self._match(group(kind, *children)), expected)

    def test_nested(self):
        """A and (B or not C)"""
        found = self._match(
            leaf("sale_count", ">=", 1),
            group("any", leaf("sale", ">", 1000), group("none", leaf("sale", ">", 50))),
        )
        self.assertEqual(found, self.large)

    def test_none_of_what_cannot_be_measured(self):
        """Who has no invoice has no average, so he has none below 500."""
        found = self._match(group("none", leaf("sale_average", "<", 500)))
        self.assertEqual(found, self.none + self.large)

    def test_group_is_optional_or_mandatory(self):
        found = self._match(
            group("all", leaf("sale", "=", 100), operator="or"),
            leaf("sale", "=", 2000, operator="or"),
        )
        self.assertEqual(found, self.small + self.large)

    def test_empty_groups_do_not_count(self):
        self.assertEqual(self._match(group("any"), leaf("sale", "=", 100)), self.small)
        with self.assertRaisesRegex(UserError, "no active criteria"):
            self._match(group("none"))

    def test_switched_off_inside_of_a_group(self):
        found = self._match(
            group("any", leaf("sale", "=", 100), leaf("sale_count", ">=", 2)),
            sales_purchase_active=False,
        )
        self.assertEqual(found, self.large)

    def test_copies_keep_the_groups(self):
        segmentation = self.env["crm.segmentation"].create(
            {
                "name": "Try",
                "categ_id": self.category.id,
                "segmentation_line": [
                    Command.create(group("any", leaf("sale", ">", 1), group("all"))),
                ],
            }
        )
        copy = segmentation.copy()
        self.assertEqual(len(copy.segmentation_line), 1)
        self.assertEqual(len(copy.segmentation_line.child_ids), 2)
        self.assertEqual(copy.segmentation_line.child_ids.segmentation_id, copy)

    def test_groups_end_somewhere(self):
        line = leaf("sale", ">", 1)
        for _depth in range(5):
            line = group("any", line)
        self._match(line)
        with self.assertRaisesRegex(ValidationError, "nested"):
            self._match(group("any", line))
        segmentation = self._create_segmentation(("sale", ">", 1))
        with self.assertRaises(ValidationError):
            segmentation.segmentation_line.parent_id = segmentation.segmentation_line

    def test_between(self):
        found = self._match(leaf("sale", "between", 100, expr_value_to=2000))
        self.assertEqual(found, self.small + self.large)
        found = self._match(leaf("sale", "between", 100.01, expr_value_to=1999.99))
        self.assertFalse(found)
        found = self._match(leaf("sale", "between", -5, expr_value_to=5))
        self.assertEqual(found, self.none)

    def test_set(self):
        for kind in ("sale", "sale_count", "sale_average", "sale_last"):
            with self.subTest(kind=kind):
                bought = self.small + self.large
                self.assertEqual(self._match(leaf(kind, "set")), bought)
                self.assertEqual(self._match(leaf(kind, "not set")), self.none)

    def test_operators_follow_the_kind(self):
        line = self._create_segmentation(("sale", ">", 1)).segmentation_line
        line.expr_name = "domain"
        self.assertEqual(line.expr_operator, "set")
        line.expr_name = "sale"
        self.assertEqual(line.expr_operator, ">", "is met is no comparison")

    def test_condition_on_the_partner(self):
        self.small.city = "Ghent"
        domain = "[('city', '=', 'Ghent')]"
        self.assertEqual(self._match(leaf("domain", "set", domain=domain)), self.small)
        found = self._match(leaf("domain", "not set", domain=domain))
        self.assertEqual(found, self.none + self.large)

    def test_conditions_that_cannot_be(self):
        for domain in ("[('nonsense', '=', 1)]", "[(", "1", "__import__('os')"):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self._match(leaf("domain", "set", domain=domain))

    def test_member_of_another(self):
        large = self._create_segmentation(("sale", ">", 1000), name="Large")
        other = self._create_segmentation(
            ("segmentation", "not set", 0, "and", {"other_segmentation_id": large.id}),
            name="Not large",
        )
        # What is looked at is computed first, in whatever order they are given.
        (other + large).process_start()
        found = self._get_members(other) & self.everybody
        self.assertEqual(found, self.none + self.small)

    def test_no_cycles(self):
        first = self._create_segmentation(("sale", ">", 1), name="First")
        second = self._create_segmentation(
            ("segmentation", "set", 0, "and", {"other_segmentation_id": first.id})
        )
        with self.assertRaisesRegex(ValidationError, "depends on"):
            first.segmentation_line = [
                Command.create(
                    leaf("segmentation", "set", other_segmentation_id=second.id)
                )
            ]
        with self.assertRaisesRegex(ValidationError, "depends on"):
            second.segmentation_line.other_segmentation_id = second

    def test_absurd_numbers(self):
        for value in (float("nan"), float("inf"), 1e300):
            with (
                self.subTest(value=value),
                self.assertRaisesRegex(ValidationError, "absurd"),
            ):
                self._match(leaf("sale", ">", value))

    def test_form_of_a_group(self):
        """What the screen does: a group and its criteria in one save."""
        form = Form(
            self.env["crm.segmentation.line"].with_context(
                default_segmentation_id=self._create_segmentation().id
            )
        )
        self.assertEqual(form.expr_operator, ">")


@tagged("post_install", "-at_install")
class TestProducts(SegmentationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parent = cls.env["product.category"].create({"name": "Wheels"})
        cls.child = cls.env["product.category"].create(
            {"name": "Wide wheels", "parent_id": cls.parent.id}
        )
        cls.wheel, cls.bell = cls.env["product.product"].create(
            [{"name": "Wheel", "categ_id": cls.child.id}, {"name": "Bell"}]
        )
        cls.buyer, cls.other = map(cls._create_partner, ("Buyer", "Other"))
        cls._sell(cls.buyer, cls.wheel, 3, 10)
        cls._sell(cls.buyer, cls.wheel, 1, 10, "out_refund")
        cls._sell(cls.buyer, cls.wheel, 5, 10, post=False)
        cls._sell(cls.other, cls.bell, 1, 100)

    @classmethod
    def _sell(cls, partner, product, quantity, price, move_type="out_invoice", **opts):
        line = {
            "product_id": product.id,
            "quantity": quantity,
            "price_unit": price,
            "tax_ids": [Command.clear()],
        }
        return cls._create_invoice(
            partner, 0, move_type, invoice_line_ids=[Command.create(line)], **opts
        )

    def _match(self, kind, operator, value=0, **vals):
        line = (kind, operator, value, "and", vals)
        segmentation = self._create_segmentation(line)
        segmentation.process_start()
        return self._get_members(segmentation) & (self.buyer + self.other)

    def test_products(self):
        wheel = {"product_ids": self.wheel.ids}
        self.assertEqual(self._match("product", "set", **wheel), self.buyer)
        self.assertEqual(self._match("product", "not set", **wheel), self.other)
        self.assertEqual(self._match("product_quantity", "=", 2, **wheel), self.buyer)
        self.assertEqual(self._match("product_amount", "=", 20, **wheel), self.buyer)
        self.assertEqual(self._match("product_amount", "<", 1, **wheel), self.other)

    def test_a_category_stands_for_all_below(self):
        wheels = {"product_categ_ids": self.parent.ids}
        self.assertEqual(self._match("product", "set", **wheels), self.buyer)

    def test_dozens(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        line = {
            "product_id": self.bell.id,
            "quantity": 1,
            "product_uom_id": dozen.id,
            "price_unit": 12,
            "tax_ids": [Command.clear()],
        }
        self._create_invoice(self.buyer, 0, invoice_line_ids=[Command.create(line)])
        bell = {"product_ids": self.bell.ids}
        self.assertEqual(self._match("product_quantity", "=", 12, **bell), self.buyer)

    def test_windows(self):
        window = {
            "product_ids": self.wheel.ids,
            "window_type": "between",
            "date_from": fields.Date.today() - timedelta(days=9),
            "date_to": fields.Date.today() - timedelta(days=1),
        }
        self.assertFalse(self._match("product", "set", **window))

    def test_no_product_is_no_criterion(self):
        with self.assertRaisesRegex(UserError, "names no product"):
            self._match("product", "set")
