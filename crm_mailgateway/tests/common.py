import email.policy
from email.message import EmailMessage

from odoo.addons.mail.tests.common import MailCommon

CUSTOMER = "robin.rider@example.com"
DOMAIN = "gateway.example"


def compose(subject="My brakes squeal", body="What can I do?", **headers):
    """Return a mail from a customer as bytes.

    :param headers: further headers, with ``_`` for ``-``; they replace the usual ones
    """
    values = {
        "From": f"Robin Rider <{CUSTOMER}>",
        "To": f"support@{DOMAIN}",
        "Subject": subject,
        "Message-ID": f"<{abs(hash((subject, body)))}@example.com>",
    }
    values.update((name.replace("_", "-"), value) for name, value in headers.items())
    message = EmailMessage(email.policy.SMTP)
    for name, value in values.items():
        if value is not None:
            message[name] = value
    message.set_content(body)
    return bytes(message)


class GatewayCommon(MailCommon):
    """A team with an address, and mails handed to the gateway as bytes.

    Under Odoo's test runner the journal works on the test's own cursor; the real
    path with its own transactions is proved by the journeys in ``tests/``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create({"name": DOMAIN})
        cls.env.company.alias_domain_id = cls.domain
        cls.team = cls.env["crm.case.team"].create(
            {
                "name": "Support",
                "alias_name": "support",
                "alias_domain_id": cls.domain.id,
            }
        )
        cls.gateway = cls.env["mail.thread"]

    def forget_results(self, rows):
        """Let rows look as if processing had not come to an end."""
        results = self.env["crm.mailgateway.result"]
        results.search([("journal_id", "in", rows.ids)]).unlink()

    def receive(self, content):
        """Hand a mail to the gateway and return its journal row."""
        self.gateway.message_process(None, content)
        return self.env["crm.mailgateway.message"].search([], limit=1)
