import itertools
from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_segmentation.models import crm_segmentation_preview

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestPreview(SegmentationCommon):
    """What a run would do is told before, and is what it then does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyers = cls.env["res.partner"].create(
            [{"name": f"Buyer {number}"} for number in range(5)]
        )
        for number, buyer in enumerate(cls.buyers):
            cls._create_invoice(buyer, 100 * (number + 1))
        cls.segmentation = cls._create_segmentation(("sale", ">", 250), exclusif=True)

    def _preview(self):
        action = self.segmentation.action_preview()
        return self.env[action["res_model"]].browse(action["res_id"])

    def assertPreview(self, **counts):
        preview = self._preview()
        found = {name: preview[f"{name}_count"] for name in counts}
        self.assertEqual(found, counts)
        return preview

    def test_counts_and_names(self):
        preview = self.assertPreview(matching=3, entering=3, leaving=0, carrying=0)
        self.assertEqual(preview.entering_sample, "Buyer 2\nBuyer 3\nBuyer 4")
        self.segmentation.process_start()
        self._create_invoice(self.buyers[0], 500)
        self._create_invoice(self.buyers[4], 400, "out_refund")
        preview = self.assertPreview(matching=3, entering=1, leaving=1)
        self.assertEqual(preview.entering_sample, "Buyer 0")
        self.assertEqual(preview.leaving_sample, "Buyer 4")
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.entered_count, 1)
        self.assertEqual(self.segmentation.left_count, 1)

    def test_nothing_is_written(self):
        self.buyers[0].category_id = self.category
        before = self._get_row_versions()
        self._preview()
        self.assertEqual(self._get_row_versions(), before)
        self.assertEqual(self.segmentation.state, "not running")
        self.assertFalse(self.segmentation.last_run)

    def test_pins(self):
        self.segmentation.pin_ids = [
            Command.create({"partner_id": self.buyers[0].id, "mode": "in"}),
            Command.create({"partner_id": self.buyers[4].id, "mode": "out"}),
        ]
        self.buyers[4].category_id = self.category
        self.assertPreview(matching=3, entering=3, carrying=0)

    def test_no_criteria(self):
        self.segmentation.segmentation_line.unlink()
        with self.assertRaisesRegex(UserError, "no active criteria"):
            self.segmentation.action_preview()

    def test_compute_starts_when_nothing_is_to_ask(self):
        self.buyers[4].category_id = self.category
        self.segmentation.action_compute()
        self.assertEqual(self.segmentation.state, "running")

    def _ask(self):
        """Press Compute over a category that somebody carries by hand."""
        self.buyers[0].category_id = self.category
        action = self.segmentation.action_compute()
        self.assertEqual(self.segmentation.state, "not running")
        preview = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(preview.carrying_count, 1)
        self.assertEqual(preview.carrying_sample, "Buyer 0")
        self.assertEqual(preview.carriers, "pin")
        return preview

    def test_first_run_keeps_carriers(self):
        self._ask().action_compute()
        self.assertEqual(self.segmentation.state, "running")
        self.segmentation.process_continue()
        self.assertEqual(self.segmentation.pin_ids.partner_id, self.buyers[0])
        self.assertMember(self.segmentation, self.buyers[0])
        self.segmentation.action_compute()
        self.assertEqual(self.segmentation.state, "running")

    def test_first_run_lets_the_rules_decide(self):
        preview = self._ask()
        preview.carriers = "rules"
        preview.action_compute()
        self.segmentation.process_continue()
        self.assertFalse(self.segmentation.pin_ids)
        self.assertNotMember(self.segmentation, self.buyers[0])
        self.assertFalse(self.buyers[0].category_id)

    def test_managers_alone(self):
        for group, allowed in [("manager", True), ("user", False)]:
            user = new_test_user(
                self.env,
                login=f"preview_{group}",
                groups=f"crm_segmentation.crm_segmentation_group_{group}",
                company_id=self.env.company.id,
            )
            segmentation = self.segmentation.with_user(user)
            if allowed:
                self.assertTrue(segmentation.action_preview()["res_id"])
                continue
            with self.assertRaises(AccessError):
                segmentation.action_preview()
            with self.assertRaises(AccessError):
                self.env["crm.segmentation.preview"].with_user(user).search([])

    def test_slice_by_slice(self):
        """What there was no time for is looked at when the dialog asks for it."""
        with patch.object(crm_segmentation_preview, "PREVIEW_SECONDS", -1):
            preview = self._preview()
        self.assertEqual((preview.matching_count, preview.looked_at_percent), (0, 0))
        self.assertEqual(preview.look_further(), 100)
        self.assertEqual((preview.matching_count, preview.looked_at_percent), (3, 100))
        self.assertEqual(preview.entering_sample, "Buyer 2\nBuyer 3\nBuyer 4")

    def test_small_slices_tell_the_same(self):
        """However it is cut, the whole is what one look tells."""
        self.buyers[0].category_id = self.category
        whole = self._preview()
        with patch.object(crm_segmentation_preview, "PREVIEW_SECONDS", -1):
            sliced = self._preview()
        sliced.range_size = self.buyers[1].id - 1
        # A clock by which a second is over after one range
        ticks = (tick * 0.3 for tick in itertools.count())
        clock = SimpleNamespace(monotonic=ticks.__next__)
        with patch.object(crm_segmentation_preview, "time", clock):
            calls = 0
            while sliced.look_further() < 100:
                calls += 1
        self.assertGreater(calls, 0, "one call did not do it all")
        for name in ("matching", "entering", "leaving", "carrying"):
            self.assertEqual(sliced[f"{name}_count"], whole[f"{name}_count"], name)
            self.assertEqual(sliced[f"{name}_sample"], whole[f"{name}_sample"], name)

    def test_gaps_between_ids_cost_nothing(self):
        """Partners from elsewhere may have brought their ids along."""
        self.env.cr.execute(
            "INSERT INTO res_partner"
            " (id, name, complete_name, active, type, autopost_bills)"
            " VALUES (1900000000, 'Far', 'Far', TRUE, 'contact', 'ask')"
        )
        preview = self._preview()
        self.assertEqual(preview.looked_at_percent, 100)
        self.assertEqual(preview.matching_count, 3)

    def test_template_slice_by_slice(self):
        template = self.env["crm.segmentation.template"].search([], limit=1)
        with patch.object(crm_segmentation_preview, "PREVIEW_SECONDS", -1):
            action = template.action_preview()
        preview = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(preview.looked_at_percent, 0)
        self.assertEqual(preview.look_further(), 100)
        self.assertEqual(preview.template_id, template)
        self.assertFalse(preview.segmentation_id)
