from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import html2plaintext

from .common import CUSTOMER
from .test_threading import ThreadingCommon

TEXTS = {
    "en": "Hello, my order has not arrived yet. Can you please help me with this?",
    "fr": "Bonjour, ma commande n'est pas arrivée. Pouvez-vous m'aider ? Merci.",
    "de": "Guten Tag, meine Bestellung ist noch nicht da. Können Sie mir bitte helfen?",
    "es": "Hola, mi pedido no ha llegado. ¿Me pueden ayudar por favor? Gracias.",
}
WORDS = {"en": "thank you", "fr": "merci", "de": "vielen Dank", "es": "gracias"}


@tagged("post_install", "-at_install")
class TestAcknowledgementText(ThreadingCommon):
    def thanks(self, promised=None, **values):
        row = self.mail(**values)
        if promised:
            # The clock is that of the database, which nobody can freeze.
            row.case_id.sla_status_ids.deadline = promised
        self.env["crm.mailgateway.result"].search(
            [("journal_id", "=", row.id)]
        )._acknowledge()
        domain = [("model", "=", "crm.case"), ("res_id", "=", row.case_id.id)]
        mails = self.env["mail.mail"].search(domain)
        return mails.filtered(lambda m: "auto-replied" in m.headers), row.case_id

    def test_in_the_language_of_the_mail_even_if_odoo_does_not_speak_it(self):
        for code, text in TEXTS.items():
            with self.subTest(code=code):
                mail, case = self.thanks(
                    body=text, From=f"Zoe Zett <{code}@x.example>", subject="Order 4711"
                )
                plain = html2plaintext(mail.body_html)
                self.assertIn(WORDS[code], plain)
                for fact in ("Zoe Zett", "Order 4711", case.number):
                    self.assertIn(fact, plain)
                self.assertLessEqual(len(plain.split()), 90)
                self.assertEqual(mail.body_html.count("<a "), 1, "one button")
                self.assertNotIn("<img", mail.body_html)
                [sent] = mail._prepare_outgoing_list()
                self.assertIn(case.number, sent["body_alternative"])

    def test_a_mail_without_subject_is_about_nothing(self):
        self.env["res.lang"]._activate_lang("de_DE")
        said = {
            "en": "thank you for your message.",
            "fr": "merci pour votre message.",
            "de": "vielen Dank für Ihre Nachricht.",
            "es": "gracias por su mensaje.",
        }
        for code, words in said.items():
            with self.subTest(code=code):
                mail, case = self.thanks(
                    body=TEXTS[code], From=f"{code}@x.example", subject=None
                )
                plain = " ".join(html2plaintext(mail.body_html).split())
                self.assertIn(words, plain)
                self.assertNotIn(case.name, plain)
        case.name = case.with_context(lang="de_DE")._get_name_without_subject()
        self.assertFalse(case._get_acknowledgement_topic(), "in any language")

    def test_it_stays_short_whatever_subject_and_name(self):
        for code, text in TEXTS.items():
            with self.subTest(code=code):
                mail, _case = self.thanks(
                    body=text,
                    From=f"{'Buy this now ' * 30}<{code}@x.example>",
                    subject="very long words " * 40 + "x" * 300,
                )
                plain = html2plaintext(mail.body_html)
                self.assertIn("very long words very", plain)
                self.assertLessEqual(len(plain.split()), 90)
                self.assertNotIn("x" * 100, plain)

    def test_the_language_of_the_contact_goes_first(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        mail, _case = self.thanks(body=TEXTS["fr"], From=CUSTOMER)
        self.assertIn(WORDS["de"], html2plaintext(mail.body_html))

    def test_it_says_when_somebody_is_back(self):
        calendar = self.env["resource.calendar"].create(
            {"name": "Office", "tz": "Europe/Brussels", "company_id": False}
        )
        self.team.resource_calendar_id = calendar
        with freeze_time("2026-11-28 12:00:00"):  # a Saturday
            mail, _case = self.thanks(subject="weekend")
        self.assertIn("Monday, 30 November", html2plaintext(mail.body_html))
        with freeze_time("2026-11-30 10:00:00"):
            mail, _case = self.thanks(subject="monday")
        self.assertIn("as soon as possible", html2plaintext(mail.body_html))

    def test_it_says_by_when_somebody_answers(self):
        """As the policies promise, in the customer's language and the team's zone."""
        calendar = self.env["resource.calendar"].create(
            {"name": "Office", "tz": "Europe/Brussels", "company_id": False}
        )
        self.team.resource_calendar_id = calendar
        self.env["crm.case.sla"].search([]).active = False
        self.env["crm.case.sla"].create(
            {"name": "4 h", "team_ids": self.team.ids, "response_hours": 4}
        )
        said = {
            "en": "We answer by Monday, 30 November, 13:00 at the latest.",
            "fr": "au plus tard le lundi 30 novembre à 13:00.",
            "de": "spätestens am Montag, 30. November, 13:00 Uhr.",
            "es": "a más tardar el lunes 30 de noviembre a las 13:00.",
        }
        for code, words in said.items():
            with self.subTest(code=code), freeze_time("2026-11-28 12:00:00"):
                mail, _case = self.thanks(
                    promised="2026-11-30 12:00:00",
                    body=TEXTS[code],
                    From=f"Zoe <{code}@x.example>",
                    subject=code,
                )
                plain = " ".join(
                    html2plaintext(mail.body_html).replace("*", "").split()
                )
                self.assertIn(words, plain)
                self.assertLessEqual(len(plain.split()), 90)

    def test_the_team_is_warned_of_a_server_that_may_not_send_for_it(self):
        self.env["ir.mail_server"].search([]).unlink()
        self.assertFalse(self.team.sender_warning)
        server = self.env["ir.mail_server"].create(
            {"name": "Out", "smtp_host": "smtp.x.example", "from_filter": "x.example"}
        )
        self.team.invalidate_recordset()
        self.assertIn("support@", self.team.sender_warning)
        server.from_filter = f"x.example,{self.domain.name}"
        self.team.invalidate_recordset()
        self.assertFalse(self.team.sender_warning)
