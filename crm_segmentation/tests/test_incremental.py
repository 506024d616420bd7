from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import SegmentationCommon

KINDS = [
    ("sale", {}),
    ("sale", {"window_type": "last", "window_number": 30, "window_unit": "days"}),
    (
        "sale_count",
        {"window_type": "last", "window_number": 1, "window_unit": "months"},
    ),
    ("sale_last", {}),
    ("sale_first", {}),
    ("overdue", {}),
    ("days_late", {}),
    ("som", {}),
    ("event_last", {}),
    (
        "event_count",
        {"window_type": "last", "window_number": 2, "window_unit": "weeks"},
    ),
]


@tagged("post_install", "-at_install")
class TestIncremental(SegmentationCommon):
    """Between two full runs only those are looked at about whom something changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.segmentation"].sudo().search([]).active = False
        # What other apps know is not followed, so it would be computed in full.
        sources = cls.env["crm.segmentation.source"].search([("module", "!=", False)])
        sources.active = False
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Partner {number}"} for number in range(6)]
        )
        for index, partner in enumerate(cls.partners):
            cls._create_invoice(partner, 100 * index or 10)
        cls.segmentation = cls._create_segmentation(("sale", ">", 250))
        cls.segmentation.process_start()
        cls._settle()

    @classmethod
    def _settle(cls):
        """Forget what was logged, as if the transactions before were old."""
        cls.env["crm.segmentation.dirty"]._append_pending()
        cls.env.cr.execute("DELETE FROM crm_segmentation_dirty")

    def _get_logged(self):
        self.env["crm.segmentation.dirty"]._append_pending()
        self.env.cr.execute("SELECT partner_id FROM crm_segmentation_dirty")
        ids = {id_ for [id_] in self.env.cr.fetchall()}
        return self.env["res.partner"].browse(ids) & self.partners

    def _run_cron(self, segmentation=None):
        segmentation = segmentation or self.segmentation
        segmentation.sudo().next_run = fields.Date.today()
        self.env["crm.segmentation"].sudo()._cron_process()
        return segmentation.run_id

    def test_only_those_that_changed(self):
        self._create_invoice(self.partners[1], 500)
        run = self._run_cron()
        self.assertEqual(run.kind, "incremental")
        self.assertEqual(run.processed_count, 1)
        self.assertEqual(run.entered_count, 1)
        self.assertMember(self.segmentation, self.partners[1])
        self.assertEqual(self.segmentation.state, "not running")

    def test_nothing_changed(self):
        run = self._run_cron()
        self.assertEqual((run.kind, run.processed_count), ("incremental", 0))
        self.assertEqual(run.state, "done")

    def test_what_is_logged(self):
        one = self.partners[0]
        contact = self._create_partner("Contact", parent_id=one.id)
        invoice = self._create_invoice(one, 10, post=False)
        self._settle()
        steps = {
            "post": invoice.action_post,
            "reset": invoice.button_draft,
            "rate": lambda: self._rate(one, 5, fields.Datetime.now()),
            "log": lambda: self.env["crm.segmentation.event"].create(
                {"name": "Praise", "partner_id": one.id, "score": 9}
            ),
            "archive": lambda: one.write({"active": False}),
            "pin": lambda: self.segmentation.write(
                {"pin_ids": [Command.create({"partner_id": one.id})]}
            ),
            "move a contact": lambda: contact.write({"parent_id": self.partners[1].id}),
        }
        for name, step in steps.items():
            with self.subTest(step=name):
                step()
                self.assertIn(one, self._get_logged())
                self._settle()
        one.phone = "123"
        self._create_invoice(one, 10, post=False)
        self.assertFalse(self._get_logged(), "nothing that a criterion looks at")

    def test_payments_are_logged(self):
        invoice = self._create_invoice(self.partners[0], 10)
        self._settle()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertIn(self.partners[0], self._get_logged())

    def test_fields_of_conditions_are_followed(self):
        domain = {"domain": "[('city', '=', 'Ghent')]"}
        segmentation = self._create_segmentation(("domain", "set", 0, "and", domain))
        segmentation.process_start()
        self._settle()
        self.partners[2].city = "Ghent"
        self.assertEqual(self._get_logged(), self.partners[2])
        run = self._run_cron(segmentation)
        self.assertEqual(run.kind, "incremental")
        self.assertMember(segmentation, self.partners[2])

    def test_one_row_per_partner_and_transaction(self):
        for _number in range(3):
            self._create_invoice(self.partners[0], 10)
        self.env["crm.segmentation.dirty"]._append_pending()
        self.env.cr.execute("SELECT COUNT(*) FROM crm_segmentation_dirty")
        self.assertEqual(self.env.cr.fetchone()[0], 1)

    def test_what_is_not_followed_is_computed_in_full(self):
        for vals in (
            {"domain": "[('country_id.code', '=', 'BE')]"},
            {"domain": "[('category_id', '!=', False)]"},
        ):
            with self.subTest(**vals):
                segmentation = self._create_segmentation(
                    ("domain", "set", 0, "and", vals)
                )
                segmentation.process_start()
                self.assertEqual(self._run_cron(segmentation).kind, "full")

    def test_another_rule_is_computed_in_full(self):
        self.segmentation.segmentation_line.expr_value = 350
        run = self._run_cron()
        self.assertEqual(run.kind, "full")
        self.assertEqual(run.left_count, 1)

    def test_sources_of_events_are_part_of_the_rule(self):
        segmentation = self._create_segmentation(("event_last", ">", 5))
        segmentation.process_start()
        self.assertEqual(self._run_cron(segmentation).kind, "incremental")
        self.env.ref("crm_segmentation.crm_segmentation_source_refund").score = 8
        self.assertEqual(self._run_cron(segmentation).kind, "full")

    def test_weekly_full_run_reports_drift(self):
        """What no writing explains is corrected, and told."""
        self.env.cr.execute(
            "UPDATE account_move SET amount_untaxed_signed = 999 WHERE partner_id = %s",
            [self.partners[0].id],
        )
        self.assertNotMember(self.segmentation, self.partners[0])
        self._run_cron()
        self.assertNotMember(self.segmentation, self.partners[0])
        self.segmentation.sudo().last_full_run = fields.Datetime.now() - timedelta(8)
        run = self._run_cron()
        self.assertEqual(run.kind, "full")
        self.assertEqual(run.drift_count, 1)
        self.assertMember(self.segmentation, self.partners[0])
        self.segmentation.sudo().last_full_run = fields.Datetime.now() - timedelta(8)
        self.assertEqual(self._run_cron().drift_count, 0)

    def test_dependents_hear_of_it(self):
        """Both are due: the one that is looked at is computed first."""
        vals = {"other_segmentation_id": self.segmentation.id}
        other = self._create_segmentation(
            ("segmentation", "set", 0, "and", vals), name="Other", sequence=1
        )
        other.process_start()
        self._settle()
        self._create_invoice(self.partners[1], 500)
        other.sudo().next_run = fields.Date.today()
        self._run_cron()
        self.assertEqual(other.run_id.kind, "incremental")
        self.assertMember(other, self.partners[1])

    def test_time_alone_agrees_with_a_full_run(self):
        """Day after day, incremental runs find what full runs find."""
        start = datetime(2026, 3, 20, 12)
        for offset in (-70, -40, -31, -29, -3):
            day = (start + timedelta(days=offset)).date()
            for partner in self.partners[::2]:
                self._create_invoice(
                    partner, 50 - offset, day=day, invoice_date_due=day
                )
            self._rate(
                self.partners[-offset % 5], 1 + -offset % 5, start + timedelta(offset)
            )
        for kind, vals in KINDS:
            for value in (1, 30, 60):
                self._check_days(start, kind, value, vals)

    def _check_days(self, start, kind, value, vals):
        """Compare both ways on ten days, with nothing logged between them."""
        with freeze_time(start):
            incremental, full = (
                self._create_segmentation(
                    (
                        kind,
                        ">",
                        value % 10 if kind in ("som", "event_last") else value,
                        "and",
                        vals,
                    ),
                    name=name,
                    som_interval=7,
                )
                for name in ("Incremental", "Full")
            )
            (incremental + full).process_start()
            self._settle()
        for days in (1, 2, 4, 9, 16, 31):
            with freeze_time(start + timedelta(days=days)):
                incremental.sudo().last_full_run = fields.Datetime.now()
                run = self._run_cron(incremental)
                self.assertEqual(run.kind, "incremental", kind)
                full.process_start()
                self.assertEqual(
                    self._get_members(incremental) & self.partners,
                    self._get_members(full) & self.partners,
                    f"{kind} {value} {vals} after {days} days",
                )
