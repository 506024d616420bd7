import random

from odoo.tests import BaseCase, tagged

from ..pipeline import thread_key

SECRET, OLD, FOREIGN = "now", "before", "another database"
DAY = 86_400


@tagged("post_install", "-at_install")
class TestThreadKey(BaseCase):
    def test_a_case_token_names_its_case(self):
        for case_id in (1, 42, 10**9):
            token = thread_key.case_token(SECRET, case_id)
            self.assertEqual(thread_key.read_case_token([SECRET], token), case_id)
            self.assertEqual(
                thread_key.read_case_token([SECRET], token.upper()), case_id
            )

    def test_secrets_rotate(self):
        token = thread_key.case_token(OLD, 42)
        self.assertEqual(thread_key.read_case_token([SECRET, OLD], token), 42)
        self.assertIsNone(thread_key.read_case_token([SECRET], token))
        self.assertIsNone(thread_key.read_case_token([SECRET, ""], token))

    def test_no_altered_or_cut_token_is_taken(self):
        token = thread_key.case_token(SECRET, 42)
        for position in range(len(token)):
            for other in "a7-c1":
                altered = token[:position] + other + token[position + 1 :]
                if altered != token:
                    read = thread_key.read_case_token([SECRET], altered)
                    self.assertIsNone(read, altered)
            self.assertIsNone(thread_key.read_case_token([SECRET], token[:position]))
        self.assertIsNone(thread_key.read_case_token([SECRET], token + "a"))
        self.assertIsNone(thread_key.read_case_token([SECRET], None))
        foreign = thread_key.case_token(FOREIGN, 42)
        self.assertIsNone(thread_key.read_case_token([SECRET], foreign))

    def test_guessing_does_not_pay(self):
        generator = random.Random(7)
        letters = "abcdefghijklmnopqrstuvwxyz234567"
        for _attempt in range(2_000):
            guess = "c42-" + "".join(generator.choices(letters, k=16))
            self.assertIsNone(thread_key.read_case_token([SECRET], guess))
        # 16 letters of 32: 80 bits
        self.assertEqual(len(thread_key.case_token(SECRET, 42).split("-")[1]), 16)

    def test_a_speaker_token_names_user_and_case_until_it_expires(self):
        token = thread_key.speaker_token(SECRET, 42, 7, 100 * DAY)
        speaker = thread_key.read_speaker_token([SECRET], token, 100 * DAY + 5)
        self.assertEqual((speaker.case_id, speaker.user_id), (42, 7))
        self.assertIsNone(thread_key.read_speaker_token([SECRET], token, 101 * DAY + 5))
        self.assertIsNone(thread_key.read_speaker_token([OLD], token, 0))
        for other in (token.replace("-7-", "-8-"), token.replace("s42", "s43")):
            self.assertIsNone(thread_key.read_speaker_token([SECRET], other, 0))

    def test_one_kind_of_token_is_not_the_other(self):
        case = thread_key.case_token(SECRET, 42)
        speaker = thread_key.speaker_token(SECRET, 42, 7, DAY)
        self.assertIsNone(thread_key.read_speaker_token([SECRET], case, 0))
        self.assertIsNone(thread_key.read_case_token([SECRET], speaker))

    def test_addresses_carry_tokens_and_stay_short(self):
        token = thread_key.speaker_token(SECRET, 10**7, 10**5, 10**10)
        address = thread_key.add_to_address("support@ours.example", token)
        self.assertLessEqual(len(address.split("@")[0]), 64)
        self.assertEqual(
            thread_key.split_address(address.upper()), ("support@ours.example", token)
        )
        self.assertIsNone(thread_key.add_to_address(f"{'a' * 40}@x.example", token))

    def test_other_sub_addresses_are_left_alone(self):
        for address in (
            "robin+shop@x.example",
            "c42-abc@x.example",
            "a+c42@x.example",
            "a+b@x",
        ):
            self.assertEqual(thread_key.split_address(address), (address, None))

    def test_markers_are_found_where_clients_leave_them(self):
        token = thread_key.case_token(SECRET, 42)
        for text in (
            f"Thanks\n\n> [ref:{token}]\n",
            f"Thanks [REF:{token.upper()}]",
            f"<p>Thanks</p><div>[ref:{token}]</div>",
        ):
            self.assertEqual(thread_key.find_markers(text), [token])
        self.assertFalse(thread_key.find_markers("[ref:c42-short] [ref:other]"))
        self.assertFalse(thread_key.find_markers(None))

    def test_a_flood_of_markers_costs_little(self):
        flood = "".join(
            f"[ref:{thread_key.case_token(SECRET, n)}]" for n in range(1, 99)
        )
        self.assertEqual(len(thread_key.find_markers(flood)), 5)

    def test_subject_tags(self):
        for subject, tags in (
            ("AW: [CASE-00042] Brakes", ["CASE-00042"]),
            ("回复: [CASE-00042] 刹车", ["CASE-00042"]),
            ("[Ticket#1234] [CASE-00042]", ["Ticket#1234", "CASE-00042"]),
            ("[not a tag] x", []),
            ("[] [a]", []),
            (None, []),
        ):
            self.assertEqual(thread_key.find_tags(subject), tags)
