from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import crm_segmentation_brake as brake
from ..models import crm_segmentation_ranges as ranges
from .common import SegmentationCommon

MEMBERS = 60


@tagged("post_install", "-at_install")
class TestBrake(SegmentationCommon):
    """A run that would lose many members asks; the last run can be undone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls._create_partner("Source")
        cls._create_invoice(source, 300)
        cls.members = cls.env["res.partner"].create(
            [{"name": f"Member {number}"} for number in range(MEMBERS)]
        )
        cls._copy_invoices(source, cls.members)
        source.active = False
        cls.segmentation = cls._create_segmentation(("sale", ">", 250), exclusif=True)
        cls.segmentation.process_start()

    def _lose_all(self):
        self.segmentation.segmentation_line.expr_value = 500

    def _lose_by_themselves(self):
        """Cancel the invoices: nothing about the rule has changed."""
        self.env.cr.execute(
            "UPDATE account_move SET state = 'cancel' WHERE partner_id IN %s",
            [self.members._ids],
        )

    def test_it_asks_before_anything_is_done(self):
        for lose in (self._lose_all, self._lose_by_themselves):
            with self.subTest(lose=lose.__name__):
                lose()
                before = self._get_row_versions()
                self.segmentation.process_start()
                self.assertEqual(self.segmentation.state, "stopped")
                self.assertEqual(self.segmentation.brake_count, MEMBERS)
                self.assertEqual(self._get_row_versions(), before)

    def test_continue_asks_again(self):
        self._lose_all()
        self.segmentation.process_start()
        self.segmentation.process_continue()
        self.assertEqual(self.segmentation.state, "stopped")
        self.assertEqual(len(self._get_members(self.segmentation)), MEMBERS)

    def test_released(self):
        self._lose_all()
        self.segmentation.process_start()
        self.segmentation.action_release_brake()
        self.assertEqual(self.segmentation.state, "running")
        self.segmentation.process_continue()
        self.assertEqual(self.segmentation.state, "not running")
        self.assertFalse(self._get_members(self.segmentation))
        self.assertFalse(self.segmentation.brake_count)
        self.assertFalse(self.segmentation.brake_released, "for one run only")

    def test_over_many_ranges_little_is_lost_before_it_asks(self):
        self._lose_by_themselves()
        with (
            patch.object(ranges, "RANGE_SIZE", 5),
            patch.object(brake, "BRAKE_MEMBERS", 10),
        ):
            self.segmentation.process_start()
        self.assertEqual(self.segmentation.state, "stopped")
        left = MEMBERS - len(self._get_members(self.segmentation))
        self.assertLessEqual(left, MEMBERS * 0.2)
        self.assertEqual(self.segmentation.brake_count, MEMBERS)

    def test_few_are_not_worth_a_question(self):
        self.segmentation.brake_percent = 1
        self.members[:40].active = False
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.state, "not running")
        self.assertEqual(self.segmentation.left_count, 40)

    def test_share_can_be_chosen(self):
        self.segmentation.brake_percent = 100
        self._lose_all()
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.left_count, MEMBERS)

    def test_others_of_the_batch_go_on(self):
        other = self._create_segmentation(
            ("sale", "=", 300),
            name="Other",
            categ_id=self.env["res.partner.category"].create({"name": "Other"}).id,
        )
        self._lose_all()
        (self.segmentation + other).process_start()
        self.assertEqual(self.segmentation.state, "stopped")
        self.assertEqual(other.member_count, MEMBERS)

    # ------------------------------------------------------------------
    # Undo
    # ------------------------------------------------------------------

    def _get_state(self):
        self.env.invalidate_all()
        return (
            self._get_members(self.segmentation).sorted(),
            self.category.partner_ids.sorted(),
            self.segmentation.pin_ids.partner_id.sorted(),
        )

    def test_undo_of_leaving(self):
        before = self._get_state()
        self._lose_all()
        self.segmentation.brake_percent = 100
        self.segmentation.process_start()
        self.assertFalse(self.category.partner_ids)
        self.segmentation.action_undo()
        self.assertEqual(self._get_state(), before)
        self.assertEqual(self.segmentation.member_count, MEMBERS)
        self.assertEqual(self.segmentation.run_id.state, "undone")
        self.assertEqual(self.segmentation.state, "stopped", "the schedule waits")

    def test_undo_of_entering_keeps_what_was_there(self):
        by_hand, kept, lost = map(self._create_partner, ("By hand", "Kept", "Lost"))
        for partner in (kept, lost):
            self._create_invoice(partner, 300)
        by_hand.category_id = kept.category_id = self.category
        self.members[0].category_id = False
        before = self._get_state()
        self.segmentation.carriers_pinned = False
        self.segmentation.process_start()
        self.assertIn(lost, self.category.partner_ids)
        self.assertIn(by_hand, self.segmentation.pin_ids.partner_id)
        self.segmentation.action_undo()
        self.assertEqual(self._get_state(), before)
        self.assertFalse(self.segmentation.carriers_pinned)

    def test_undo_tells_the_hook(self):
        self.segmentation.brake_percent = 100
        self._lose_all()
        self.segmentation.process_start()
        calls = []

        def record(_self, entered, left):
            calls.append((len(entered), len(left)))

        with patch.object(type(self.segmentation), "_segmentation_changed", record):
            self.segmentation.action_undo()
        self.assertEqual(calls, [(MEMBERS, 0)])

    def test_only_once(self):
        self.segmentation.action_undo()
        self.assertFalse(self._get_members(self.segmentation))
        with self.assertRaisesRegex(UserError, "no run that can be undone"):
            self.segmentation.action_undo()

    def test_after_undoing_a_run_does_it_all_again(self):
        self.segmentation.action_undo()
        self.segmentation.process_continue()
        self.assertEqual(self.segmentation.member_count, MEMBERS)
        self.assertTrue(self.segmentation.can_undo)


@tagged("post_install", "-at_install")
class TestStatic(SegmentationCommon):
    """Members that somebody picked."""

    def test_picked_by_hand(self):
        picked, other = map(self._create_partner, ("Picked", "Other"))
        segmentation = self._create_segmentation(
            segmentation_type="static", exclusif=True, carriers_pinned=True
        )
        pins = self.env["crm.segmentation.pin"]
        pin = pins.create({"segmentation_id": segmentation.id, "partner_id": picked.id})
        segmentation.process_start()
        self.assertMember(segmentation, picked)
        self.assertNotMember(segmentation, other)
        self.assertEqual(segmentation.sentence, "Partners picked by hand.")
        pin.unlink()
        segmentation.process_start()
        self.assertNotMember(segmentation, picked)
        self.assertNotIn(segmentation.categ_id, picked.category_id)

    def test_two_at_once(self):
        """They are computed together, and there is nothing to measure."""
        pins = self.env["crm.segmentation.pin"]
        both = self.env["crm.segmentation"]
        for number in range(2):
            category = self.category.create({"name": f"List {number}"})
            segmentation = self._create_segmentation(
                segmentation_type="static", categ_id=category.id
            )
            partner = self._create_partner(f"Picked {number}")
            pins.create({"segmentation_id": segmentation.id, "partner_id": partner.id})
            both += segmentation
        both.process_start()
        self.assertEqual(both.mapped("member_count"), [1, 1])
