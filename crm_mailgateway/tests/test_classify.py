import collections
import email
import email.policy
import logging

from odoo.tests import BaseCase, tagged

from ..pipeline.classify import (
    BOUNCE,
    CALENDAR,
    HUMAN,
    OUT_OF_OFFICE,
    OWN,
    REPORT,
    classify,
)
from .labelled_mails import BOUNCES, LABELLED

_logger = logging.getLogger(__name__)
OWN_MARKS = ("this-database",)


def parse(headers, body):
    content = f"{headers}\n\n{body}".encode()
    return email.message_from_bytes(content, policy=email.policy.SMTP)


def verdict_of(headers, body):
    return classify(parse(headers, body), OWN_MARKS)


@tagged("post_install", "-at_install")
class TestClassify(BaseCase):
    """The labelled set: hundreds of mails of real programs, and of people."""

    def verdict(self, *headers):
        return verdict_of("\n".join(("From: Robin <robin@x.example>", *headers)), "Hi")

    def test_precision_and_recall(self):
        self.assertGreaterEqual(len(LABELLED), 300)
        found = collections.Counter()
        wrong = []
        for kind, headers, body in LABELLED:
            verdict = verdict_of(headers, body).kind
            found[kind, verdict] += 1
            if verdict != kind:
                wrong.append((kind, verdict, headers))
        table = self.table(found)
        _logger.info("%s mails\n%s", len(LABELLED), "\n".join(table))
        self.assertFalse(wrong)

    def table(self, found):
        """Return one line per class: its size, its precision, its recall."""
        kinds = sorted({kind for pair in found for kind in pair})
        lines = []
        for kind in kinds:
            right = found[kind, kind]
            labelled = sum(n for (label, _v), n in found.items() if label == kind)
            named = sum(n for (_l, verdict), n in found.items() if verdict == kind)
            precision = right / named if named else 1
            recall = right / labelled if labelled else 1
            lines.append(f"{kind:14}{labelled:5}{precision:8.1%}{recall:8.1%}")
        return lines

    def test_no_person_is_withheld_from_becoming_a_case(self):
        people = [(h, b) for kind, h, b in LABELLED if kind == HUMAN]
        self.assertGreater(len(people), 100)
        for headers, body in people:
            verdict = verdict_of(headers, body)
            self.assertTrue(verdict.may_open_case, headers)
            self.assertTrue(verdict.is_customers_word, headers)
            self.assertTrue(verdict.may_be_answered, headers)
            self.assertFalse(verdict.signal)

    def test_comments_hide_no_machine(self):
        for value in (
            "(it is) auto-replied",
            "auto-generated(x)",
            " (a) auto-notified;x=1",
        ):
            self.assertFalse(self.verdict(f"Auto-Submitted: {value}").may_be_answered)
        for value in ("(auto-replied) no", "no (auto-replied)", "NO; x=auto-replied"):
            self.assertTrue(self.verdict(f"Auto-Submitted: {value}").may_be_answered)

    def test_subjects_of_absence_notes_in_other_languages_count_in_answers_only(self):
        for subject in (
            "Automatiskt svar: Fel",
            "Automatyczna odpowiedź: Zamówienie",
            "Automatická odpověď: Objednávka",
            "Otomatik yanıt: Sipariş",
            "自动回复: 订单",
        ):
            with self.subTest(subject=subject):
                answer = self.verdict(
                    f"Subject: {subject}", "In-Reply-To: <a@b.example>"
                )
                self.assertEqual(answer.kind, OUT_OF_OFFICE)
                self.assertTrue(answer.may_open_case)
                self.assertTrue(self.verdict(f"Subject: {subject}").may_be_answered)

    def test_only_reports_about_our_own_mail_make_no_case(self):
        for kind, headers, body in LABELLED:
            caseless = not verdict_of(headers, body).may_open_case
            self.assertEqual(caseless, kind in (BOUNCE, REPORT, OWN), headers)

    def test_every_machine_says_what_gave_it_away_and_is_not_answered(self):
        for kind, headers, body in LABELLED:
            if kind != HUMAN:
                verdict = verdict_of(headers, body)
                self.assertTrue(verdict.signal, headers)
                self.assertFalse(verdict.may_be_answered, headers)

    def test_bounces_name_the_address_and_whether_it_is_final(self):
        for headers, body, hard in BOUNCES:
            with self.subTest(headers=headers):
                verdict = verdict_of(headers, body)
                self.assertEqual(verdict.recipients, ("gone@customer.example",))
                self.assertEqual(verdict.hard, hard)

    def test_ours_is_only_what_carries_our_mark(self):
        headers = "From: a@b.example\nX-Cases-Origin: somebody-else"
        self.assertNotEqual(verdict_of(headers, "x").kind, OWN)

    def test_attached_appointments_are_no_invitations(self):
        people = [h for kind, h, _b in LABELLED if kind == HUMAN]
        self.assertTrue(any("Our appointment" in headers for headers in people))
        self.assertTrue(any(kind == CALENDAR for kind, *_mail in LABELLED))
