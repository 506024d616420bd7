from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTour(HttpCase):
    """The form in a real browser."""

    def test_form(self):
        new_test_user(
            self.env,
            login="tour_marketer",
            groups="crm_segmentation.crm_segmentation_group_manager,"
            "base.group_partner_manager",
        )
        url = "/odoo/action-crm_segmentation.crm_segmentation_action"
        self.start_tour(url, "crm_segmentation_form", login="tour_marketer")
        segmentation = self.env["crm.segmentation"].search(
            [("name", "=", "Tour customers")]
        )
        self.assertEqual(segmentation.segmentation_line.expr_name, "overdue")
        self.assertEqual(segmentation.segmentation_line.expr_value, 250)
