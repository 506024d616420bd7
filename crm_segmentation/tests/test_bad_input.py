from psycopg2.errors import CheckViolation

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SegmentationCommon

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
