from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import crm_segmentation_ranges as process
from .common import SegmentationCommon

PROCESS = "odoo.addons.crm_segmentation.models.crm_segmentation_cron"


@tagged("post_install", "-at_install")
class TestCron(SegmentationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Those of the demo data are not what is tested.
        cls.env["crm.segmentation"].sudo().search([]).active = False
        cls.customer = cls._create_partner()
        cls._create_invoice(cls.customer, 100)
        cls.cron = cls.env.ref("crm_segmentation.ir_cron_process")

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def _count_triggers(self):
        triggers = self.env["ir.cron.trigger"].sudo()
        return triggers.search_count([("cron_id", "=", self.cron.id)])

    def test_due(self):
        today = fields.Date.today()
        due = self._create_segmentation(("sale", ">", 50))
        later = self._create_segmentation(
            ("sale", ">", 50), next_run=today + timedelta(days=1)
        )
        manual = self._create_segmentation(("sale", ">", 50), interval_type="manual")
        self._run_cron()
        self.assertEqual(due.member_count, 1)
        self.assertEqual(due.next_run, today + timedelta(days=1))
        self.assertFalse(later.last_run)
        self.assertFalse(manual.last_run)

    def test_failures_stay_with_their_segmentation(self):
        """One broken segmentation stops none of the others."""
        empty = self._create_segmentation(sequence=1, name="Empty")
        broken = self._create_segmentation(("sale", ">", 50), sequence=2, name="Broken")
        good = self._create_segmentation(("sale", ">", 50), sequence=3, name="Good")
        original = process.diff_statement

        def fail(plans, ids):
            statement = original(plans, ids)
            if plans[0].segmentation_id == broken.id:
                return process.SQL("SELECT 1 / 0, 'entered'")
            return statement

        with (
            patch.object(process, "diff_statement", fail),
            mute_logger(PROCESS, "odoo.sql_db"),
        ):
            self._run_cron()
        self.assertEqual(empty.state, "failed")
        self.assertIn("no active criteria", empty.last_error)
        self.assertEqual(broken.state, "failed")
        self.assertIn("division by zero", broken.last_error)
        self.assertEqual(good.state, "not running")
        self.assertEqual(good.member_count, 1)
        self.assertGreater(broken.next_run, fields.Date.today())

    def test_buttons_hand_over(self):
        segmentation = self._create_segmentation(
            ("sale", ">", 50), interval_type="manual"
        )
        before = self._count_triggers()
        segmentation.action_process_start()
        self.assertEqual(segmentation.state, "running")
        self.assertFalse(self._get_members(segmentation))
        self.assertEqual(self._count_triggers(), before + 1)
        self._run_cron()
        self.assertEqual(segmentation.state, "not running")
        self.assertMember(segmentation, self.customer)

    def test_interrupted_runs_are_taken_up(self):
        """After a kill the state is still running: the next call goes on."""
        segmentation = self._create_segmentation(("sale", "<", 500))
        segmentation._start_run()
        segmentation.sudo().partner_id = self.customer.id
        later = self._create_partner()
        self._run_cron()
        self.assertEqual(segmentation.state, "not running")
        self.assertNotMember(segmentation, self.customer)
        self.assertMember(segmentation, later)

    def test_stopped_runs_wait_for_continue(self):
        segmentation = self._create_segmentation(("sale", ">", 50))
        segmentation.action_process_start()
        segmentation.action_process_stop()
        self._run_cron()
        self.assertEqual(segmentation.state, "stopped")
        segmentation.action_process_continue()
        self._run_cron()
        self.assertEqual(segmentation.state, "not running")
        self.assertMember(segmentation, self.customer)

    def test_time_is_up(self):
        """What does not fit into one call is done by the next ones."""
        segmentation = self._create_segmentation(("sale", ">", 50))
        before = self._count_triggers()
        with (
            patch.object(process, "RANGE_SIZE", 1),
            patch.object(type(segmentation), "_commit_range", return_value=0),
        ):
            self.env["crm.segmentation"]._cron_process()
        self.assertEqual(segmentation.state, "running")
        self.assertGreater(segmentation.partner_id, 0)
        # Without being woken the scheduler would sleep for a minute.
        self.assertEqual(self._count_triggers(), before + 1)
        self._run_cron()
        self.assertEqual(segmentation.state, "not running")
        self.assertMember(segmentation, self.customer)

    def test_another_worker_has_it(self):
        segmentation = self._create_segmentation(("sale", ">", 50))
        with patch.object(type(segmentation), "_try_worker_lock", lambda _self: False):
            self.env["crm.segmentation"]._cron_process()
        self.assertFalse(segmentation.last_run)

    def test_refused_start_changes_nothing(self):
        segmentation = self._create_segmentation()
        with self.assertRaises(UserError):
            segmentation.action_process_start()
        self.assertEqual(segmentation.state, "not running")
