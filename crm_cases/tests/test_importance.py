from email.message import EmailMessage

from odoo.tests import tagged

from odoo.addons.crm_cases.models.mail_importance import get_priority
from odoo.addons.mail.tests.common import MailCommon

from .common import CasesSetup

# As mail programs send them
HEADERS = [
    ({"X-Priority": "1 (Highest)", "X-MSMail-Priority": "High"}, "3"),  # Outlook
    ({"X-Priority": "1", "Importance": "high"}, "3"),  # Apple Mail
    ({"X-Priority": "2 (High)"}, "2"),  # Thunderbird
    ({"X-Priority": "3"}, "1"),
    ({"X-Priority": "4 (Low)"}, "0"),
    ({"X-Priority": "5 (Lowest)"}, "0"),
    ({"Importance": "High"}, "2"),
    ({"Importance": "low"}, "0"),
    ({"X-MSMail-Priority": "Normal"}, "1"),
    ({"Priority": "urgent"}, "3"),
    ({"Priority": "non-urgent"}, "0"),
    ({"X-Priority": "nonsense", "Importance": "high"}, "2"),
    ({"X-Priority": "17"}, None),
    ({"X-Priority": "9" * 10000}, None),
    ({"Importance": ""}, None),
    ({}, None),
]
MAIL = """\
From: {email_from}
To: {to}
Subject: {subject}
Message-Id: {msg_id}
In-Reply-To: {extra}
X-Priority: 1 (Highest)
Content-Type: text/plain; charset=utf-8

It smokes.
"""


@tagged("post_install", "-at_install")
class TestImportance(CasesSetup, MailCommon):
    """The importance of a mail becomes the priority of its case."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.team_care.write(
            {"alias_name": "test-care", "alias_domain_id": cls.mail_alias_domain.id}
        )

    def test_headers(self):
        for headers, expected in HEADERS:
            message = EmailMessage()
            for name, value in headers.items():
                message[name] = value
            self.assertEqual(get_priority(message), expected, headers)

    def _receive(self, subject, **kwargs):
        known = self.env["crm.case"].search([])
        with self.mock_mail_gateway():
            self.format_and_process(
                MAIL,
                "zoe@new.example.com",
                f"test-care@{self.alias_domain}",
                subject=subject,
                target_model="crm.case",
                **kwargs,
            )
        return self.env["crm.case"].search([]) - known

    def test_new_case(self):
        self.assertEqual(self._receive("Smoke").priority, "3")

    def test_the_team_address_decides(self):
        self.team_care.alias_defaults = (
            f"{{'team_id': {self.team_care.id}, 'priority': '0'}}"
        )
        self.assertEqual(self._receive("Smoke").priority, "0")

    def test_an_answer_changes_nothing(self):
        case = self._receive("Smoke", msg_id="<first@new.example.com>")
        case.priority = "1"
        self._receive("Re: Smoke", extra="<first@new.example.com>")
        self.assertEqual(case.priority, "1")

    def test_other_documents_do_not_mind(self):
        """Contacts have no priority to set."""
        with self.mock_mail_gateway():
            partner = self.format_and_process(
                MAIL,
                "zoe@new.example.com",
                "nobody@unknown.example.com",
                subject="To a contact",
                model="res.partner",
                target_model="res.partner",
            )
        self.assertTrue(partner)
