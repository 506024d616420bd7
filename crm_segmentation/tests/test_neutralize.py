from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestNeutralize(SegmentationCommon):
    def test_copy_owes_nothing_and_calls_nothing(self):
        actions = self.env["ir.actions.server"].sudo()
        model_id = self.env["ir.model"]._get_id("res.partner")
        call = actions.create(
            {
                "name": "Call",
                "model_id": model_id,
                "state": "webhook",
                "webhook_url": "https://x.example.com",
            }
        )
        several = actions.create(
            {
                "name": "Call and more",
                "model_id": model_id,
                "state": "multi",
                "child_ids": call.copy().ids,
            }
        )
        quiet = actions.create(
            {
                "name": "Note",
                "model_id": model_id,
                "state": "object_write",
                "update_path": "ref",
                "value": "gold",
            }
        )
        segmentation = self.env["crm.segmentation"].create(
            {
                "name": "Gold",
                "categ_id": self.category.id,
                "enter_action_ids": (call | several | quiet).ids,
                "leave_action_ids": (call | several).ids,
            }
        )
        reaction = (
            self.env["crm.segmentation.reaction"]
            .sudo()
            .create(
                {
                    "segmentation_id": segmentation.id,
                    "partner_id": self._create_partner().id,
                    "event": "enter",
                }
            )
        )
        self.env.flush_all()
        neutralize_database(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(reaction.state, "dropped")
        self.assertEqual(segmentation.enter_action_ids, quiet)
        self.assertFalse(segmentation.leave_action_ids)
