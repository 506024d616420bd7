import time

from odoo.tests import BaseCase, tagged

from ..pipeline.matching import Condition, Facts, match_all, pattern_problem

FACTS = Facts(
    recipients=("support@ours.example", "sales@ours.example"),
    sender="robin@customer.example",
    subject="Order #4711 is late",
    body="The customer number is K-99.",
    headers=(("X-Priority", "1"), ("Received", "by a"), ("Received", "by b")),
    size=20_000,
    attachments=1,
    classification="human",
    partner_id=5,
    category_ids=frozenset({7}),
    language="de",
    is_working_time=False,
)
MET = [
    ("recipient", "equals", "support@ours.example"),
    ("recipient", "contains", "sales@|nobody@"),
    ("sender", "equals", "Robin@Customer.example"),
    ("domain", "equals", "customer.example"),
    ("domain", "not_equals", "other.example"),
    ("subject", "contains", "order|invoice"),
    ("subject", "not_contains", "refund"),
    ("subject", "regex", r"#(?P<reference>\d+)"),
    ("body", "contains", "k-99"),
    ("size", "greater", "10"),
    ("size", "less", "30"),
    ("attachment", "is", ""),
    ("classification", "is", "human"),
    ("classification", "is_not", "spam"),
    ("partner", "is", 5),
    ("partner", "is", None),
    ("category", "is", 7),
    ("language", "is", "de"),
    ("language", "is", "de_AT"),
    ("time", "is_not", ""),
]


@tagged("post_install", "-at_install")
class TestMatching(BaseCase):
    def test_conditions_and_their_opposites(self):
        opposite = {
            "equals": "not_equals",
            "contains": "not_contains",
            "is": "is_not",
            "greater": "less",
        }
        opposite.update({v: k for k, v in opposite.items()})
        for field, operator, value in MET:
            with self.subTest(field=field, operator=operator, value=value):
                condition = Condition(field, operator, value)
                self.assertTrue(match_all([condition], FACTS))
                if operator in opposite:
                    other = Condition(field, opposite[operator], value)
                    found = match_all([other], FACTS)
                    self.assertFalse(found)
                    self.assertEqual(found.failed, other)

    def test_headers(self):
        for header, value in (("x-priority", "1"), ("Received", "by b")):
            condition = Condition("header", "equals", value, header)
            self.assertTrue(match_all([condition], FACTS))
        missing = Condition("header", "contains", "1", "X-Other")
        self.assertFalse(match_all([missing], FACTS))

    def test_all_conditions_must_be_met_and_none_is_met_by_all(self):
        good = Condition("language", "is", "de")
        bad = Condition("language", "is", "fr")
        self.assertTrue(match_all([good, good], FACTS))
        self.assertFalse(match_all([good, bad], FACTS))
        self.assertTrue(match_all([], FACTS))

    def test_captures(self):
        found = match_all(
            [
                Condition("subject", "regex", r"#(?P<reference>\d+)"),
                Condition("body", "regex", r"(?P<customer>k-\d+)"),
            ],
            FACTS,
        )
        self.assertEqual(found.captures, {"reference": "4711", "customer": "K-99"})

    def test_empty_values_match_nothing(self):
        self.assertFalse(match_all([Condition("subject", "contains", " | ")], FACTS))

    def test_usable_patterns(self):
        for pattern in (
            r"order\s*#?\s*(?P<reference>\d{4,8})",
            r"\b(invoice|rechnung|facture)\b",
            r"^re:.*late$",
            r"[\w.]+@customer\.example",
            r"INV/\d{4}/\d+",
        ):
            self.assertIsNone(pattern_problem(pattern), pattern)

    def test_patterns_that_somebody_could_hang_us_with(self):
        for pattern, problem in (
            ("(a+)+$", "nested"),
            (r"(\w*)*x", "nested"),
            (r"(\d+){2,}y", "nested"),
            ("(a|a)*b", "slow"),
            (".*.*.*.*=", "slow"),
            (r"(a)\1", "reference"),
            ("(", "syntax"),
            ("a{99999999999}", "syntax"),
            ("x" * 251, "long"),
        ):
            start = time.thread_time()
            self.assertEqual(pattern_problem(pattern), problem, pattern)
            self.assertLess(time.thread_time() - start, 3)

    def test_texts_are_bounded(self):
        facts = Facts(subject="x" * 10_000 + "end", body="y" * 200_000 + "end")
        for field in ("subject", "body"):
            for operator in ("contains", "regex"):
                self.assertFalse(match_all([Condition(field, operator, "end")], facts))
