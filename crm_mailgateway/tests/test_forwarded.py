import email

from odoo.tests import BaseCase, tagged

from ..pipeline.forwarded import (
    is_forward,
    plain_subject,
    read_attached,
    read_forwarded,
)

BLOCKS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Robin Rider "
    "<robin@example.com>\nDate: Mon, 2 Nov 2026 at 10:00\nSubject: Brakes\n"
    "To: <sam@ours.example>\n\nThey squeal.",
    "Gmail, German": "---------- Forwarded message ---------\nVon: Robin Rider "
    "<robin@example.com>\nDate: Mo., 2. Nov. 2026\nSubject: Brakes\n"
    "To: <sam@ours.example>\n\nThey squeal.",
    "Outlook": "From: Robin Rider <robin@example.com>\nSent: Monday, 2 November\n"
    "To: Sam <sam@ours.example>\nSubject: Brakes\n\nThey squeal.",
    "Outlook, German": "-----Ursprüngliche Nachricht-----\nVon: Robin Rider "
    "<robin@example.com>\nGesendet: Montag\nAn: Sam\nBetreff: Brakes\n\nThey squeal.",
    "Outlook, French": "________________________________\nDe : Robin Rider "
    "<robin@example.com>\nEnvoyé : lundi\nÀ : Sam\nObjet : Brakes\n\nThey squeal.",
    "Outlook, Spanish": "De: Robin Rider <robin@example.com>\nEnviado el: lunes\n"
    "Para: Sam\nAsunto: Brakes\n\nThey squeal.",
    "Outlook, Italian": "Da: Robin Rider <robin@example.com>\nInviato: lunedì\n"
    "A: Sam\nOggetto: Brakes\n\nThey squeal.",
    "Outlook, Dutch": "Van: Robin Rider <robin@example.com>\nVerzonden: maandag\n"
    "Aan: Sam\nOnderwerp: Brakes\n\nThey squeal.",
    "Outlook, Chinese": "发件人: Robin Rider <robin@example.com>\n发送时间: 2026\n"
    "收件人: Sam\n主题: Brakes\n\nThey squeal.",
    "Apple Mail": "Begin forwarded message:\n\nFrom: Robin Rider "
    "<robin@example.com>\nSubject: Brakes\nDate: 2 November 2026\n"
    "To: sam@ours.example\n\nThey squeal.",
    "Apple Mail, German": "Anfang der weitergeleiteten Nachricht:\n\nVon: Robin "
    "Rider <robin@example.com>\nBetreff: Brakes\nDatum: 2. November\n"
    "An: sam@ours.example\n\nThey squeal.",
    "Thunderbird": "-------- Forwarded Message --------\nSubject: \tBrakes\n"
    "Date: \tMon, 2 Nov 2026\nFrom: \tRobin Rider <robin@example.com>\n"
    "To: \tsam@ours.example\n\nThey squeal.",
    "Thunderbird, French": "-------- Message transféré --------\nSujet : \tBrakes\n"
    "Date : \tlundi\nDe : \tRobin Rider <robin@example.com>\nPour : \tx\n\n"
    "They squeal.",
    "Yahoo": "----- Forwarded Message -----\nFrom: Robin Rider <robin@example.com>\n"
    "To: sam@ours.example\nSent: Monday\nSubject: Brakes\n\nThey squeal.",
    "Outlook on the phone": "*From:* Robin Rider <robin@example.com>\n*Sent:* Monday\n"
    "*To:* Sam\n*Subject:* Brakes\n\nThey squeal.",
    "Outlook, linked address": 'From: "Robin Rider" [mailto:robin@example.com]\n'
    "Sent: Monday\nTo: Sam\nSubject: Brakes\n\nThey squeal.",
    "Quoted": "> From: Robin Rider <robin@example.com>\n> Date: Monday\n"
    "> Subject: Brakes\n\nThey squeal.",
}


@tagged("post_install", "-at_install")
class TestForwarded(BaseCase):
    def test_blocks_of_common_clients_and_languages(self):
        for client, block in BLOCKS.items():
            with self.subTest(client=client):
                found = read_forwarded(f"Please look at this.\n\nSam\n\n{block}")
                self.assertEqual(found.address, "robin@example.com")
                self.assertEqual(found.name, "Robin Rider")
                self.assertEqual(found.subject, "Brakes")
                self.assertIn("They squeal.", found.text)
                self.assertNotIn("Subject", found.text)
                self.assertTrue(found.comment.startswith("Please look at this."))
                self.assertNotIn("orward", found.comment)

    def test_the_outermost_of_two_is_taken(self):
        text = BLOCKS["Gmail"] + "\n\n" + BLOCKS["Outlook"].replace("robin", "other")
        self.assertEqual(read_forwarded(text).address, "robin@example.com")

    def test_what_is_no_forwarded_mail(self):
        for text in (
            None,
            "",
            "Hello\nFrom: Monday on we are open.",
            "From: robin@example.com",
            "From: Berlin\nTo: Paris\nSubject: tickets",
            "a: b\nc: d",
        ):
            self.assertIsNone(read_forwarded(text), text)

    def test_hostile_texts_cost_little(self):
        self.assertIsNone(read_forwarded("From: x\nTo: y\n" * 50_000))
        self.assertIsNone(read_forwarded("From: " + "a" * 1_000_000))

    def test_subjects(self):
        for subject in (
            "Fwd: x",
            "FW: x",
            "WG: x",
            "TR : x",
            "RV: x",
            "转发: x",
            "I: x",
        ):
            self.assertTrue(is_forward(subject), subject)
        for subject in ("Re: x", "Forward march", "", None, "In: x"):
            self.assertFalse(is_forward(subject), subject)
        for subject in ("Fwd: Re: AW: x", "WG: x", "回复：x", "RE[2]: x", "x"):
            self.assertEqual(plain_subject(subject), "x")

    def test_attached_mail(self):
        outer = email.message_from_string(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
            "--B\nContent-Type: text/plain\n\nSee\n--B\n"
            "Content-Type: message/rfc822\n\n"
            "From: Robin <Robin@example.com>\nSubject: Brakes\n\nHello\n--B--"
        )
        found = read_attached(outer)
        self.assertEqual(
            (found.address, found.subject), ("robin@example.com", "Brakes")
        )
        self.assertIsNone(read_attached(email.message_from_string("From: a@b\n\nx")))
