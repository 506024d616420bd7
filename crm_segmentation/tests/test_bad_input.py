from pathlib import Path
from runpy import run_path
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SegmentationCommon

SCRIPT = Path(__file__).parents[1] / "migrations/19.0.1.3.0/post-migration.py"
UNREADABLE = [
    "-" * 9000 + "1",  # deeper than Python reads
    "[('id', 'in', [1, 'a'])]",  # what only the database refuses
    "[('name', '=', '\\x00')]",
    "[" * 3000,
    "5",
]


@tagged("post_install", "-at_install")
class TestBadInput(SegmentationCommon):
    """What a hostile user types is refused when it is saved, and no run meets it."""

    def _assert_refused(self, records, **vals):
        with (
            self.subTest(**vals),
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            records.write(vals)
            records.flush_recordset()

    def test_dates_out_of_the_calendar(self):
        segmentation = self._create_segmentation(("som", ">", 3))
        # Each of them would be fine alone: ten thousand years together are not.
        self._assert_refused(segmentation, som_interval=3660, som_interval_max=1000)
        for number in (-1, 0, 1001, 2**31 - 1):
            self._assert_refused(segmentation, interval_number=number)

    def test_longest_periods_can_be_computed(self):
        segmentation = self._create_segmentation(
            ("som", ">", 3), som_interval=366, som_interval_max=1000
        )
        segmentation.write({"interval_type": "months", "interval_number": 1000})
        segmentation.process_start()
        self.assertEqual(segmentation.state, "not running")
        self.assertTrue(segmentation.next_run)

    def test_weights_that_cannot_be_added_up(self):
        source = self.env["crm.segmentation.source"].search([], limit=1)
        for weight in (-1, 1001, 1e20):
            self._assert_refused(source, weight=weight)

    def test_unreadable_conditions(self):
        for domain in UNREADABLE:
            with (
                self.subTest(domain=domain[:30]),
                self.assertRaisesRegex(
                    ValidationError, "cannot be understood"
                ) as caught,
                mute_logger("odoo.sql_db"),
            ):
                self._create_segmentation(
                    ("domain", "set", 0, "and", {"domain": domain})
                )
            self.assertNotIn("SELECT", str(caught.exception))
            # The transaction goes on: nothing else of it is lost.
            self.assertTrue(self.category.exists())

    def test_empty_condition_tags_nobody(self):
        """An empty condition is met by everybody: nobody meant that."""
        for domain in ("[]", "", False):
            segmentation = self._create_segmentation(
                ("domain", "set", 0, "and", {"domain": domain})
            )
            with self.subTest(domain=domain):
                with self.assertRaisesRegex(UserError, "no condition"):
                    segmentation.process_start()
                with self.assertRaisesRegex(UserError, "no condition"):
                    segmentation.action_preview()
                self.assertFalse(self._get_members(segmentation))

    def test_operators_of_another_kind(self):
        """Who imports criteria gets the usual operator, and none without sense."""
        lines = self.env["crm.segmentation.line"]
        segmentation = self._create_segmentation()
        for kind, operator in (("domain", "set"), ("sale", ">"), ("group", "set")):
            line = lines.create({"segmentation_id": segmentation.id, "expr_name": kind})
            self.assertEqual(line.expr_operator, operator, kind)
        for kind, operator in (("domain", ">"), ("product", "between")):
            with self.assertRaisesRegex(ValidationError, "cannot be compared"):
                self._create_segmentation((kind, operator, 1))

    def test_operators_of_the_past_are_set_right(self):
        """What was computed stays; what is read, and copied, fits it now."""
        segmentation = self._create_segmentation(("domain", "set", 0), ("sale", ">", 1))
        segmentation.flush_recordset()
        self.env.cr.execute("UPDATE crm_segmentation_line SET expr_operator = '>'")
        run_path(str(SCRIPT))["migrate"](self.env.cr, "19.0.1.2.0")
        segmentation.segmentation_line.invalidate_recordset()
        operators = segmentation.segmentation_line.mapped("expr_operator")
        self.assertEqual(operators, ["set", ">"])
        self.assertTrue(segmentation.copy())

    def test_why_says_what_cannot_be_measured(self):
        segmentation = self._create_segmentation(("case_open", ">", 1))
        installed = self.env["ir.module.module"]._installed()
        with patch.object(
            type(self.env["ir.module.module"]),
            "_installed",
            lambda _self: {n: i for n, i in installed.items() if n != "crm_cases"},
        ):
            why = self.env["crm.segmentation.why"].create(
                {
                    "segmentation_id": segmentation.id,
                    "partner_id": self._create_partner().id,
                }
            )
            self.assertIn("not installed", why.reason)
            self.assertFalse(why.verdict)

    def test_why_without_any_segmentation(self):
        self.env["crm.segmentation"].search([]).active = False
        with self.assertRaisesRegex(UserError, "no segmentation yet"):
            self._create_partner().action_segmentation_why()

    def test_presence_reads_as_a_sentence(self):
        for kind in ("days_late", "sale_first", "sale_last"):
            for operator in ("set", "not set"):
                sentence = self._create_segmentation((kind, operator, 0)).sentence
                self.assertNotRegex(sentence, "known days")
