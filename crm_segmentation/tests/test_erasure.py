from odoo.tests import tagged

from .common import SegmentationCommon

KNOWN = ("event", "membership", "pin")


@tagged("post_install", "-at_install")
class TestErasure(SegmentationCommon):
    def test_what_is_known_of_a_contact_is_forgotten(self):
        partner, other = self.env["res.partner"].create(
            [{"name": "Zora Quillfeather"}, {"name": "Other"}]
        )
        segmentation = self.env["crm.segmentation"].create(
            {"name": "Gold", "categ_id": self.category.id}
        )
        for who in (partner, other):
            self.env["crm.segmentation.event"].create(
                {"name": "Quillfeather called", "partner_id": who.id, "score": 3}
            )
            for model in ("membership", "pin"):
                self.env[f"crm.segmentation.{model}"].sudo().create(
                    {"segmentation_id": segmentation.id, "partner_id": who.id}
                )
        counts = [count for _label, count in partner._count_personal_data()]
        self.assertEqual(sum(counts), 3)
        partner.action_forget_segmentations()
        for model in KNOWN:
            left = (
                self.env[f"crm.segmentation.{model}"]
                .sudo()
                .search([("partner_id", "in", (partner | other).ids)])
            )
            self.assertEqual(left.partner_id, other, model)
        self.assertTrue(partner.exists(), "the contact itself stays")

    def test_export_tells_what_is_known(self):
        partner = self.env["res.partner"].create({"name": "Zora Quillfeather"})
        self.env["crm.segmentation.event"].create(
            {"name": "Called", "partner_id": partner.id, "score": 3}
        )
        [event] = partner._get_personal_data()["crm.segmentation.event"]
        self.assertEqual((event["name"], event["score"]), ("Called", 3))

    def test_erasing_a_contact_forgets_it_here_too(self):
        partner = self.env["res.partner"].create({"name": "Zora Quillfeather"})
        event = self.env["crm.segmentation.event"].create(
            {"name": "Called", "partner_id": partner.id, "score": 3}
        )
        partner._erase_personal_data()
        self.assertFalse(event.exists())
