import email

from odoo.tests import BaseCase, tagged

from ..pipeline.classify import AUTOMATIC, BOUNCE, HUMAN, LIST, SILENT, classify

MACHINES = [
    (AUTOMATIC, "Auto-Submitted: auto-replied"),
    (AUTOMATIC, "Auto-Submitted: auto-generated (vacation)"),
    (AUTOMATIC, "auto-submitted: AUTO-NOTIFIED; owner-email=a@b.example"),
    (AUTOMATIC, "Precedence: bulk"),
    (AUTOMATIC, "Precedence: junk"),
    (AUTOMATIC, "Precedence: auto_reply"),
    (AUTOMATIC, "X-Autoreply: yes"),
    (AUTOMATIC, "X-Autorespond: "),
    (AUTOMATIC, "X-Auto-Reply-From: a@b.example"),
    (AUTOMATIC, "X-Loop: a@b.example"),
    (AUTOMATIC, "From: No Reply <no-reply@shop.example>"),
    (AUTOMATIC, "From: noreply+42@shop.example"),
    (AUTOMATIC, "From: do-not-reply@shop.example"),
    (AUTOMATIC, "From: MAILER-DAEMON@mx.example"),
    (AUTOMATIC, "From: postmaster@mx.example"),
    (AUTOMATIC, "From: bounces-17@mx.example"),
    (BOUNCE, "Return-Path: <>"),
    (BOUNCE, "Content-Type: multipart/report; report-type=delivery-status"),
    (LIST, "List-Id: Friends of bicycles <bikes.example>"),
    (LIST, "List-Unsubscribe: <mailto:leave@list.example>"),
    (LIST, "Precedence: list"),
    (AUTOMATIC, "From: no_reply@shop.example"),
    (AUTOMATIC, "From: info-noreply@shop.example"),
    (AUTOMATIC, "From: no.reply@shop.example"),
    (SILENT, "X-Auto-Response-Suppress: All"),
    (SILENT, "X-Auto-Response-Suppress: DR, AutoReply"),
]

PEOPLE = [
    "",
    "Auto-Submitted: no",
    "auto-submitted: No",
    "Subject: Out of office",
    "Subject: Automatic reply: are you there?",
    "Precedence: normal",
    "Precedence: first-class",
    "From: Norbert Reply <norbert.reply@example.com>",
    "From: bouncer@club.example",
    "From: postmasters.daughter@example.com",
    "Return-Path: <robin@example.com>",
    "X-Priority: 1",
    # Outlook adds it to what people write: it asks us not to answer by machine,
    # and says nothing about who wrote.
    "X-Auto-Response-Suppress: DR, OOF",
]


@tagged("post_install", "-at_install")
class TestClassify(BaseCase):
    def test_machines(self):
        for kind, header in MACHINES:
            with self.subTest(header=header):
                verdict = classify(email.message_from_string(f"{header}\n\nHello"))
                self.assertEqual(verdict.kind, kind)
                self.assertTrue(verdict.signal)
                self.assertFalse(verdict.may_be_answered)

    def test_people(self):
        for header in PEOPLE:
            with self.subTest(header=header):
                verdict = classify(email.message_from_string(f"{header}\n\nHello"))
                self.assertEqual((verdict.kind, verdict.signal), (HUMAN, ""))
                self.assertTrue(verdict.may_be_answered)
