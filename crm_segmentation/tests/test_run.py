from contextlib import suppress
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import crm_segmentation_ranges as process
from ..models.crm_segmentation_worker import WORKER_LOCK
from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestRun(SegmentationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyers = cls.env["res.partner"].create(
            [{"name": f"Buyer {number}"} for number in range(5)]
        )
        for number, buyer in enumerate(cls.buyers):
            cls._create_invoice(buyer, 100 * (number + 1))
        cls.segmentation = cls._create_segmentation(("sale", ">", 250), exclusif=True)

    def _carry(self, partner, category=None):
        partner.category_id = [Command.link((category or self.category).id)]

    # ------------------------------------------------------------------
    # Difference
    # ------------------------------------------------------------------

    def test_first_run(self):
        self.segmentation.process_start()
        self.assertEqual(self._get_members(self.segmentation), self.buyers[2:])
        self.assertEqual(self.category.partner_ids, self.buyers[2:])
        self.assertRecordValues(
            self.segmentation,
            [
                {
                    "state": "not running",
                    "partner_id": 0,
                    "member_count": 3,
                    "category_count": 3,
                    "entered_count": 3,
                    "left_count": 0,
                    "last_error": False,
                }
            ],
        )
        self.assertTrue(self.segmentation.last_run)

    def test_no_change_writes_nothing(self):
        self.segmentation.process_start()
        before = self._get_row_versions()
        with self.assertNoHook():
            self.segmentation.process_start()
        self.assertEqual(self._get_row_versions(), before)
        self.assertEqual(self.segmentation.entered_count, 0)
        self.assertEqual(self.segmentation.left_count, 0)

    def assertNoHook(self):
        return patch.object(
            type(self.segmentation), "_segmentation_changed", side_effect=AssertionError
        )

    def test_partners_are_not_written(self):
        write_dates = self.buyers.mapped("write_date")
        before = self._get_row_versions()["res_partner"]
        self.segmentation.process_start()
        self.assertEqual(self._get_row_versions()["res_partner"], before)
        self.buyers.invalidate_recordset()
        self.assertEqual(self.buyers.mapped("write_date"), write_dates)

    def test_enter_and_leave(self):
        self.segmentation.process_start()
        self._create_invoice(self.buyers[0], 500)
        self._create_invoice(self.buyers[4], 400, "out_refund")
        calls = []

        def record(_self, entered, left):
            calls.append((entered, left))

        with patch.object(type(self.segmentation), "_segmentation_changed", record):
            self.segmentation.process_start()
        self.assertEqual(calls, [(self.buyers[0], self.buyers[4])])
        expected = self.buyers[0] + self.buyers[2:4]
        self.assertEqual(self._get_members(self.segmentation), expected)
        self.assertEqual(self.category.partner_ids, expected)
        self.assertEqual(self.segmentation.entered_count, 1)
        self.assertEqual(self.segmentation.left_count, 1)

    def test_history(self):
        """Who comes back gets a new row; the old one says when he left."""
        self.segmentation.process_start()
        refund = self._create_invoice(self.buyers[4], 400, "out_refund")
        self.segmentation.process_start()
        refund.button_draft()
        self.segmentation.process_start()
        memberships = self.env["crm.segmentation.membership"].search(
            [("partner_id", "=", self.buyers[4].id)], order="id"
        )
        self.assertEqual([bool(m.left_on) for m in memberships], [True, False])

    def test_cache_follows(self):
        self.assertFalse(self.buyers[4].category_id)
        self.assertFalse(self.category.partner_ids)
        self.segmentation.process_start()
        self.assertEqual(self.buyers[4].category_id, self.category)
        self.assertEqual(self.buyers[4].segmentation_ids, self.segmentation)
        self.assertIn(self.buyers[4], self.category.partner_ids)

    # ------------------------------------------------------------------
    # The category
    # ------------------------------------------------------------------

    def test_without_exclusive_the_category_stays(self):
        self.segmentation.exclusif = False
        self.segmentation.process_start()
        self._create_invoice(self.buyers[4], 400, "out_refund")
        self.segmentation.process_start()
        self.assertNotMember(self.segmentation, self.buyers[4])
        self.assertEqual(self.buyers[4].category_id, self.category)
        self.assertEqual(self.segmentation.member_count, 2)
        self.assertEqual(self.segmentation.category_count, 3)

    def test_running_again_does_not_tag_twice(self):
        """The original inserted the rows again when not exclusive."""
        self.segmentation.exclusif = False
        self.segmentation.process_start()
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.category_count, 3)

    def test_first_exclusive_run_pins_carriers(self):
        """Nobody loses silently what somebody gave by hand."""
        self._carry(self.buyers[0] + self.buyers[4])
        self.segmentation.process_start()
        pins = self.segmentation.pin_ids
        self.assertEqual(pins.partner_id, self.buyers[0])
        self.assertTrue(pins.automatic)
        self.assertMember(self.segmentation, self.buyers[0])
        self.segmentation.process_start()
        self.assertMember(self.segmentation, self.buyers[0])

    def test_later_a_tag_by_hand_is_no_pin(self):
        self.segmentation.process_start()
        self._carry(self.buyers[0])
        self.segmentation.process_start()
        self.assertFalse(self.segmentation.pin_ids)
        self.assertFalse(self.buyers[0].category_id)

    def test_category_changed_while_running_pins_its_carriers(self):
        """The run that is being done is none over the category of tomorrow."""
        segmentation = self.segmentation.sudo()
        plan = segmentation._start_run()
        silver = self.env["res.partner.category"].create({"name": "Silver"})
        self._carry(self.buyers[1], silver)
        segmentation.categ_id = silver
        segmentation._run_ranges([plan])
        self.assertEqual(segmentation.state, "not running")
        segmentation.process_start()
        self.assertEqual(segmentation.pin_ids.partner_id, self.buyers[1])
        self.assertIn(silver, self.buyers[1].category_id)

    def test_another_category_pins_its_carriers(self):
        self.segmentation.process_start()
        silver = self.env["res.partner.category"].create({"name": "Silver"})
        self._carry(self.buyers[1], silver)
        self.segmentation.categ_id = silver
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.pin_ids.partner_id, self.buyers[1])

    def test_former_members_are_not_pinned(self):
        """What a segmentation gave, and left while not exclusive, is no tag by hand."""
        self.segmentation.exclusif = False
        self.segmentation.process_start()
        self._create_invoice(self.buyers[4], 400, "out_refund")
        self.segmentation.process_start()
        self.segmentation.exclusif = True
        self.segmentation.process_start()
        self.assertFalse(self.segmentation.pin_ids)
        self.assertFalse(self.buyers[4].category_id)

    def test_pins(self):
        self.segmentation.pin_ids = [
            Command.create({"partner_id": self.buyers[0].id, "mode": "in"}),
            Command.create({"partner_id": self.buyers[4].id, "mode": "out"}),
        ]
        self.segmentation.process_start()
        expected = self.buyers[0] + self.buyers[2:4]
        self.assertEqual(self._get_members(self.segmentation), expected)
        self.assertEqual(self.category.partner_ids, expected)

    def test_shared_category(self):
        """Two segmentations of one category do not take it from each other."""
        small = self._create_segmentation(
            ("sale", "<", 150), ("sale", ">", 0), name="Small", exclusif=True
        )
        for _round in range(2):
            self.segmentation.process_start()
            small.process_start()
            self.assertEqual(
                self.category.partner_ids, self.buyers[0] + self.buyers[2:]
            )
        before = self._get_row_versions()
        self.segmentation.process_start()
        small.process_start()
        self.assertEqual(self._get_row_versions(), before)
        self.assertFalse(self.segmentation.pin_ids + small.pin_ids)

    def test_shared_category_until_the_last_leaves(self):
        other = self._create_segmentation(("sale", ">", 450), exclusif=True)
        (self.segmentation + other).process_start()
        self._create_invoice(self.buyers[4], 500, "out_refund")
        self.segmentation.process_start()
        self.assertEqual(self.buyers[4].category_id, self.category)
        other.process_start()
        self.assertFalse(self.buyers[4].category_id)

    # ------------------------------------------------------------------
    # Ranges
    # ------------------------------------------------------------------

    def test_result_does_not_depend_on_the_ranges(self):
        with patch.object(process, "RANGE_SIZE", 3):
            self.segmentation.process_start()
        self.assertEqual(self.category.partner_ids, self.buyers[2:])
        self.assertEqual(self.segmentation.entered_count, 3)

    def test_continue_after_a_failure(self):
        """The second half runs alone; nothing is lost and nothing repeated."""
        entered = self._fail_at(self.buyers[3])
        self.assertEqual(self.segmentation.state, "failed")
        self.assertIn("power cut", self.segmentation.last_error)
        self.assertEqual(self.segmentation.partner_id, self.buyers[2].id)
        self.assertEqual(entered, self.buyers[2])
        self.assertTrue(0 < self.segmentation.progress < 100)
        versions = self._get_row_versions()["crm_segmentation_membership"]
        self.segmentation.process_continue()
        self.assertEqual(self.category.partner_ids, self.buyers[2:])
        self.assertEqual(self.segmentation.state, "not running")
        self.assertEqual(self.segmentation.entered_count, 3)
        self.assertFalse(self.segmentation.last_error)
        after = self._get_row_versions()["crm_segmentation_membership"]
        self.assertLess(set(versions), set(after))

    @mute_logger("odoo.sql_db")
    def _fail_at(self, partner):
        """Compute until the range of this partner, which fails; return who entered."""

        def fail(plans, ids):
            if ids.lower < partner.id <= ids.upper:
                raise ValueError("power cut")
            return original(plans, ids)

        original = process.diff_statement
        with (
            patch.object(process, "RANGE_SIZE", 1),
            patch.object(process, "diff_statement", fail),
            suppress(ValueError),
        ):
            self.segmentation.process_start()
        return self._get_members(self.segmentation)

    def test_first_exclusive_run_stays_the_first_until_done(self):
        self._carry(self.buyers[0] + self.buyers[1])
        self._fail_at(self.buyers[1])
        self.assertEqual(self.segmentation.pin_ids.partner_id, self.buyers[0])
        self.segmentation.process_continue()
        self.assertEqual(self.segmentation.pin_ids.partner_id, self.buyers[:2])

    def test_continue_with_another_definition_starts_again(self):
        self._fail_at(self.buyers[3])
        self.segmentation.segmentation_line.expr_value = 150
        self.segmentation.process_continue()
        self.assertEqual(self._get_members(self.segmentation), self.buyers[1:])

    def test_continue_without_a_run_starts_one(self):
        self.segmentation.process_continue()
        self.assertEqual(self._get_members(self.segmentation), self.buyers[2:])

    def test_continue_with_start_begins_anew(self):
        self._fail_at(self.buyers[3])
        self.segmentation.process_continue(start=True)
        self.assertEqual(self.segmentation.entered_count, 2)

    def test_start_does_not_believe_the_watermark(self):
        self._fail_at(self.buyers[3])
        self._create_invoice(self.buyers[0], 500)
        self.segmentation.process_start()
        self.assertMember(self.segmentation, self.buyers[0])

    def test_stop_and_continue(self):
        """The request is seen between two ranges; Continue goes on behind them."""
        self._stop_at(self.buyers[2])
        self.assertEqual(self.segmentation.state, "stopped")
        self.assertEqual(self.segmentation.partner_id, self.buyers[2].id)
        self.assertEqual(self._get_members(self.segmentation), self.buyers[2])
        self.segmentation.process_continue()
        self.assertEqual(self.segmentation.state, "not running")
        self.assertEqual(self._get_members(self.segmentation), self.buyers[2:])

    def _stop_at(self, partner):
        """Compute, with somebody asking to stop during the range of this partner."""

        def stop(plans, ids):
            if ids.lower < partner.id <= ids.upper:
                # The session that computes holds the lock, so this only asks.
                with patch.object(
                    type(self.segmentation), "_try_worker_lock", lambda _self: False
                ):
                    self.segmentation.process_stop()
            return original(plans, ids)

        original = process.diff_statement
        with (
            patch.object(process, "RANGE_SIZE", 1),
            patch.object(process, "diff_statement", stop),
        ):
            self.segmentation.process_start()

    def test_stop_before_anybody_computes(self):
        self.segmentation.action_process_start()
        self.assertEqual(self.segmentation.state, "running")
        self.segmentation.action_process_stop()
        self.assertEqual(self.segmentation.state, "stopped")

    def test_archiving_stops(self):
        self.segmentation.action_process_start()
        self.segmentation.action_archive()
        self.assertEqual(self.segmentation.state, "stopped")
        self.segmentation.action_unarchive()
        self.assertEqual(self.segmentation.state, "stopped")
        self.segmentation.process_continue()
        self.assertEqual(self.segmentation.state, "not running")

    def test_stop_when_not_running(self):
        self.segmentation.process_stop()
        self.assertEqual(self.segmentation.state, "not running")
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.member_count, 3)

    def test_only_one_worker(self):
        """Another session computes it: say so, and change nothing."""
        with self.env.registry.cursor() as other:
            other.execute(
                "SELECT pg_advisory_lock(%s, %s)",
                [WORKER_LOCK, self.segmentation.id],
            )
            for run in ("process_start", "process_continue", "action_process_start"):
                with self.assertRaisesRegex(UserError, "being computed"):
                    getattr(self.segmentation, run)()
            other.execute("SELECT pg_advisory_unlock_all()")
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.member_count, 3)

    def test_lock_is_released_after_a_failure(self):
        self._fail_at(self.buyers[3])
        with self.env.registry.cursor() as other:
            other.execute(
                "SELECT pg_try_advisory_lock(%s, %s)",
                [WORKER_LOCK, self.segmentation.id],
            )
            self.assertTrue(other.fetchone()[0])
            other.execute("SELECT pg_advisory_unlock_all()")

    def test_statements_do_not_grow_with_partners(self):
        """The number of SQL statements of a range is constant."""
        self.segmentation.process_start()
        few = self._count_statements(3)
        self.assertEqual(self._count_statements(300), few)
        self.assertEqual(self.segmentation.member_count, 306)
        self.assertLess(few, 48)

    def _count_statements(self, count):
        """Return how many statements it takes when so many more match."""
        partners = self.env["res.partner"].create(
            [{"name": f"More {number}"} for number in range(count)]
        )
        self._copy_invoices(self.buyers[4], partners)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.segmentation.process_start()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    # ------------------------------------------------------------------
    # Around
    # ------------------------------------------------------------------

    def test_unflushed_changes_count(self):
        """What is still in the cache is seen by the SQL of the run."""
        self.buyers[4].active = False
        self.segmentation.segmentation_line.expr_value = 150
        self.segmentation.process_start()
        self.assertEqual(self._get_members(self.segmentation), self.buyers[1:4])

    def test_next_run(self):
        self.segmentation.write({"interval_type": "weeks", "interval_number": 2})
        self.segmentation.process_start()
        self.assertEqual((self.segmentation.next_run - fields.Date.today()).days, 14)

    def test_category_in_use_cannot_be_deleted(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception):  # noqa: B017
            self.category.unlink()
        self.segmentation.process_start()
        self.assertEqual(self.segmentation.member_count, 3)

    def test_deleting_a_segmentation_keeps_the_tags(self):
        self.segmentation.process_start()
        self.segmentation.unlink()
        self.assertEqual(self.category.partner_ids, self.buyers[2:])

    def test_copy_does_not_copy_the_run(self):
        self.segmentation.process_start()
        copy = self.segmentation.copy()
        self.assertEqual(copy.name, "Gold customers (copy)")
        self.assertEqual(copy.sentence, self.segmentation.sentence)
        self.assertFalse(copy.last_run)
        self.assertFalse(copy.member_count)

    def test_merged_partners(self):
        """The survivor of a merge keeps one open membership."""
        self.segmentation.process_start()
        survivor, other = self.buyers[3:]
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (survivor + other).ids, survivor
        )
        self.assertFalse(other.exists())
        self.segmentation.process_start()
        self.assertEqual(self._get_members(self.segmentation), self.buyers[2:4])
        self.assertEqual(self.segmentation.left_count, 0)

    def test_composer_opens(self):
        """partner_id is a number; writing a message must not take it for a person."""
        self.segmentation.partner_id = 7
        self.assertFalse(self.segmentation._mail_get_partners()[self.segmentation.id])
        self.segmentation.message_post(body="Shall we lower the limit?")
