from odoo.tests import BaseCase, tagged

from ..pipeline.quoting import new_text, split_quoted, without_signature

HISTORY = {
    "Gmail": "On Mon, 2 Nov 2026 at 10:00, Support <s@ours.example> wrote:\n> Hello",
    "Gmail, folded": "On Mon, 2 Nov 2026 at 10:00, Support of a firm with a long\n"
    "name <s@ours.example> wrote:\n> Hello",
    "Thunderbird, German": "Am 02.11.26 um 10:00 schrieb Support:\n> Hallo",
    "Apple, French": "Le 2 nov. 2026 à 10:00, Support <s@ours.example> a écrit :\n> x",
    "Gmail, Spanish": "El lun, 2 nov 2026, Support (<s@ours.example>) escribió:\n> x",
    "Gmail, Italian": "Il giorno lun 2 nov 2026, Support ha scritto:\n> x",
    "Gmail, Dutch": "Op ma 2 nov 2026 schreef Support <s@ours.example>:\n> x",
    "Gmail, Portuguese": "Em seg., 2 de nov. de 2026, Support escreveu:\n> x",
    "Gmail, Swedish": "Den mån 2 nov. 2026 skrev Support <s@ours.example>:\n> x",
    "Chinese": "在 2026年11月2日，Support 写道：\n> x",
    "Outlook": "-----Original Message-----\nFrom: Support\nHello",
    "Outlook, German": "-----Ursprüngliche Nachricht-----\nVon: Support\nHallo",
    "Outlook, modern": "________________________________\nFrom: Support\nHello",
    "Outlook, bare": "From: Support <s@ours.example>\nSent: Monday\nTo: Robin\n"
    "Subject: x\n\nHello",
    "only marks": "> Hello\n> there",
}


@tagged("post_install", "-at_install")
class TestQuoting(BaseCase):
    def test_history_of_common_clients_is_split_off(self):
        for client, history in HISTORY.items():
            with self.subTest(client=client):
                fresh, quoted = split_quoted(f"It still squeals.\nRobin\n\n{history}")
                self.assertEqual(fresh, "It still squeals.\nRobin")
                self.assertEqual(quoted, history)

    def test_answers_below_and_between_are_new(self):
        self.assertEqual(new_text("> Which order?\n4711"), "4711")
        self.assertEqual(
            new_text("On Monday, Support wrote:\n> Which?\n\n4711\n> When?\nToday"),
            "On Monday, Support wrote:\n\n4711\nToday",
        )

    def test_what_looks_like_history_and_is_not(self):
        for text in (
            "On Monday I wrote a letter: it came back.",
            "From: Berlin",
            "Am Montag schrieb ich.",
            "",
        ):
            self.assertEqual(split_quoted(text), (text, ""))
        self.assertEqual(split_quoted(None), ("", ""))

    def test_only_history_stays(self):
        self.assertEqual(new_text("> Hello"), "> Hello")

    def test_signature(self):
        self.assertEqual(without_signature("Hello\n-- \nRobin\nBoss"), "Hello")
        self.assertEqual(without_signature("Hello -- you"), "Hello -- you")

    def test_long_texts_cost_little(self):
        new_text("On " + "x " * 500_000)
        new_text("On x\n" * 100_000)
