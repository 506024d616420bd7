from odoo.tests import Form, tagged

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestForm(SegmentationCommon):
    def _get_form(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_segmentation.crm_segmentation_action"
        )
        self.assertIn("default_exclusif", action["context"])
        segmentations = self.env["crm.segmentation"]
        return Form(segmentations.with_context(default_exclusif=True))

    def test_two_boxes(self):
        """The box a criterion is written in says whether it is mandatory."""
        with self._get_form() as form:
            form.name = "Gold"
            form.categ_id = self.category
            with form.mandatory_line_ids.new() as line:
                line.expr_value = 1000
            with form.optional_line_ids.new() as line:
                line.expr_name = "purchase"
                line.expr_operator = "<"
                line.expr_value = 500
            with form.optional_line_ids.new() as line:
                line.expr_name = "som"
                line.expr_value = 6
            self.assertIn("more than", form.sentence)
        segmentation = form.record
        self.assertTrue(segmentation.exclusif)
        self.assertEqual(
            segmentation.segmentation_line.mapped("operator"), ["and", "or", "or"]
        )
        self.assertEqual(
            segmentation.segmentation_line.mapped("name"),
            ["Sale Amount", "Purchase Amount", "State of Mind"],
        )
        self.assertEqual(
            segmentation.segmentation_line.mapped("unit"), ["$", "$", "of 10"]
        )

    def test_a_kind_resets_what_does_not_fit_it(self):
        """*Is not there* of one kind is no comparison of another."""
        with self._get_form() as form:
            form.name = "Gold"
            form.categ_id = self.category
            with form.mandatory_line_ids.new() as line:
                line.expr_operator = "<"
                line.expr_name = "sale_count"
                self.assertEqual(line.expr_operator, "<", "it fits as well")
                line.expr_name = "product"
                self.assertEqual(line.expr_operator, "set")
                line.expr_operator = "not set"
                line.expr_name = "sale_count"
                self.assertEqual(line.expr_operator, ">")
                self.assertTrue(line.has_value)
        line = form.record.segmentation_line
        line.write({"expr_operator": "not set"})
        line.write({"expr_name": "overdue"})
        self.assertEqual(line.expr_operator, ">", "without a form too")
        self.assertEqual(
            line.create(
                {
                    "segmentation_id": line.segmentation_id.id,
                    "expr_name": "overdue",
                    "expr_operator": "not set",
                }
            ).expr_operator,
            "not set",
        )

    def test_documented_defaults(self):
        """What the documentation of the original says, and two new numbers."""
        defaults = self.env["crm.segmentation"].default_get(
            [
                "exclusif",
                "state",
                "partner_id",
                "sales_purchase_active",
                "som_interval_max",
                "som_interval_default",
                "som_interval_decrease",
                "som_interval_weight",
            ]
        )
        self.assertEqual(
            {key: value for key, value in defaults.items() if value},
            {
                "state": "not running",
                "sales_purchase_active": True,
                "som_interval_max": 3,
                "som_interval_default": 5.0,
                "som_interval_decrease": 0.8,
                "som_interval_weight": 0.5,
            },
        )

    def test_currency_follows_the_company(self):
        segmentation = self._create_segmentation(("sale", ">", 1))
        self.assertEqual(segmentation.currency_id, self.env.company.currency_id)
        euro = self.env.ref("base.EUR")
        segmentation.write({"company_id": False, "currency_id": euro.id})
        self.assertEqual(segmentation.currency_id, euro)

    def test_actions(self):
        segmentation = self._create_segmentation(("sale", ">", 1))
        self.assertIn(segmentation.name, segmentation.action_view_members()["name"])
        self.assertEqual(
            segmentation.action_view_history()["domain"],
            [("segmentation_id", "=", segmentation.id)],
        )
