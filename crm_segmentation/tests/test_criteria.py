from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from ..engine import criteria
from .common import SegmentationCommon

X = criteria.Measure("x")
YES, NO = ("sale", ">", 50.0), ("sale", ">", 500.0)

# The lines, and whether a partner who bought for 100 matches
TRUTH_TABLE = [
    ([(*YES, "and")], True),
    ([(*NO, "and")], False),
    ([(*YES, "or")], True),
    ([(*NO, "or")], False),
    ([(*YES, "and"), (*YES, "and")], True),
    ([(*YES, "and"), (*NO, "and")], False),
    ([(*NO, "or"), (*NO, "or")], False),
    ([(*NO, "or"), (*YES, "or")], True),
    ([(*YES, "or"), (*NO, "and")], False),
    ([(*NO, "and"), (*YES, "or")], False),
    ([(*YES, "and"), (*NO, "or")], False),
    ([(*YES, "and"), (*YES, "or"), (*NO, "or")], True),
    ([(*NO, "or"), (*YES, "and"), (*NO, "and")], False),
    ([(*NO, "or"), (*YES, "and")], False),
]


@tagged("post_install", "-at_install")
class TestCriteria(SegmentationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._create_partner()
        cls._create_invoice(cls.customer, 100)
        cls.stranger = cls._create_partner("Stranger")

    def test_mandatory_and_optional(self):
        """Every mandatory line, and one of the optional ones if there are any."""
        for lines, expected in TRUTH_TABLE:
            with self.subTest(lines=lines):
                segmentation = self._create_segmentation(*lines)
                segmentation.process_start()
                members = self._get_members(segmentation)
                self.assertEqual(self.customer in members, expected)

    def test_order_of_lines_does_not_matter(self):
        for lines, expected in TRUTH_TABLE:
            with self.subTest(lines=lines):
                segmentation = self._create_segmentation(*reversed(lines))
                segmentation.process_start()
                members = self._get_members(segmentation)
                self.assertEqual(self.customer in members, expected)

    def test_operators(self):
        for operator, value, expected in [
            ("<", 100, False),
            ("<", 100.01, True),
            ("<=", 100, True),
            ("<=", 99.99, False),
            ("=", 100, True),
            ("=", 99.99, False),
            ("!=", 100, False),
            ("!=", 100.01, True),
            (">=", 100, True),
            (">=", 100.01, False),
            (">", 100, False),
            (">", 99.99, True),
        ]:
            with self.subTest(operator=operator, value=value):
                segmentation = self._create_segmentation(("sale", operator, value))
                segmentation.process_start()
                members = self._get_members(segmentation)
                self.assertEqual(self.customer in members, expected)

    def test_no_invoice_is_zero(self):
        """Who never bought has bought for 0, and is below any positive amount."""
        for operator, value, expected in [
            ("<", 500, True),
            ("=", 0, True),
            (">=", 0, True),
            ("!=", 100, True),
            (">", 0, False),
            (">", -1, True),
            ("<", 0, False),
        ]:
            with self.subTest(operator=operator, value=value):
                segmentation = self._create_segmentation(("sale", operator, value))
                segmentation.process_start()
                members = self._get_members(segmentation)
                self.assertEqual(self.stranger in members, expected)

    def test_one_verdict_in_python_and_sql(self):
        """The Python verdict, used for absent rows, is the one SQL comes to."""
        step = Decimal("0.05")
        for operator in criteria.OPERATORS:
            leaf = criteria.Leaf(X, operator, Decimal("1.05"), step)
            for value in map(Decimal, ("0.95", "1.00", "1.024", "1.05", "1.08", "2")):
                column = criteria.Column(SQL("%s::numeric", value), None)
                compiled = criteria.compile_tree(leaf, {X: column})
                [[verdict]] = self.env.execute_query(SQL("SELECT %s", compiled))
                self.assertEqual(verdict, criteria.holds(leaf, value), (leaf, value))

    def test_exactly_one_of_less_equal_greater(self):
        for value in map(Decimal, ("0.994", "0.995", "1", "1.004", "1.005", "7")):
            verdicts = [
                criteria.holds(
                    criteria.Leaf(X, operator, Decimal(1), Decimal("0.01")), value
                )
                for operator in ("<", "=", ">")
            ]
            self.assertEqual(sum(verdicts), 1, value)

    def test_empty_groups(self):
        self.assertEqual(
            criteria.compile_tree(criteria.from_lines([], []), {}), SQL("TRUE")
        )
        self.assertEqual(
            criteria.compile_tree(criteria.Group("any", ()), {}), SQL("FALSE")
        )

    def test_no_criteria_refuses_to_run(self):
        """The original tagged every partner."""
        segmentation = self._create_segmentation()
        for run in ("process_start", "process_continue", "action_process_start"):
            with self.assertRaisesRegex(UserError, "no active criteria"):
                getattr(segmentation, run)()
        self.assertFalse(self._get_members(segmentation))

    def test_switched_off_criteria_refuse_to_run(self):
        segmentation = self._create_segmentation(YES, sales_purchase_active=False)
        with self.assertRaisesRegex(UserError, "no active criteria"):
            segmentation.process_start()

    def test_no_period_length_refuses_to_run(self):
        segmentation = self._create_segmentation(("som", "<", 4), som_interval=0)
        with self.assertRaisesRegex(UserError, "how many days a period has"):
            segmentation.process_start()

    def test_sentence(self):
        segmentation = self._create_segmentation(
            ("sale", ">", 1000),
            ("purchase", "<", 500, "or"),
            ("som", ">=", 6, "or"),
        )
        self.assertEqual(
            segmentation.sentence.replace("\xa0", " "),
            "Partners who bought for more than $ 1,000, and who sold us for less than "
            "$ 500 or whose state of mind is at least 6.00.",
        )
        segmentation.segmentation_line.unlink()
        self.assertEqual(segmentation.sentence, "No criteria yet.")
