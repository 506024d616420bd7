from odoo import api, fields, models
from odoo.exceptions import UserError

from ..pipeline import thread_key


class MailAliasDomain(models.Model):
    """Whether a domain delivers ``team+token@domain`` to the team.

    Not every mail server does, and an answer to an address that does not exist is
    lost for us. So it is off until a mail to such an address came back here.
    """

    _inherit = "mail.alias.domain"

    subaddressing = fields.Selection(
        [
            ("off", "Off"),
            ("testing", "Waiting for the test mail"),
            ("on", "On"),
        ],
        string="Token in Addresses",
        default="off",
        required=True,
        readonly=True,
        copy=False,
        help="Answers are sent to addresses such as support+token@example.com, which "
        "find their case even if the mail program drops everything else.",
    )

    def action_test_subaddressing(self):
        """Send a mail to an address with a token; when it arrives, tokens are used."""
        self.ensure_one()
        self.check_access("write")
        self.env["mail.mail"].create(self._prepare_subaddressing_test_vals())
        self.subaddressing = "testing"
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def action_switch_off_subaddressing(self):
        self.check_access("write")
        self.subaddressing = "off"

    def _prepare_subaddressing_test_vals(self):
        team = self.env["crm.case.team"].search(
            [("alias_domain_id", "=", self.id), ("alias_name", "!=", False)], limit=1
        )
        if not team:
            raise UserError(self.env._("No team has an address in %s yet.", self.name))
        secret = self.env["crm.mailgateway.secret"]._current()
        token = thread_key.case_token(f"{secret}:test", self.id)
        return {
            "subject": self.env._("Test of addresses with a token"),
            "body_html": self.env._(
                "This mail tests itself. Nothing needs to be done."
            ),
            "email_to": thread_key.add_to_address(team.alias_email, token),
            "email_from": self.env.company.email_formatted or team.alias_email,
            "auto_delete": True,
            "headers": repr({"Auto-Submitted": "auto-generated"}),
        }

    @api.model
    def _register_subaddressing_test(self, tokens):
        """Switch tokens on if a mail is the test mail.

        :param tokens: what its recipients carry behind the plus
        :return: the domain whose test it was, or an empty one
        """
        if not tokens:
            return self.browse()
        secrets = self.env["crm.mailgateway.secret"]._all()
        keys = [f"{secret}:test" for secret in secrets if secret]
        for token in tokens:
            domain_id = thread_key.read_case_token(keys, token)
            domain = self.browse(domain_id or []).exists()
            if domain:
                if domain.subaddressing == "testing":
                    domain.subaddressing = "on"
                return domain
        return self.browse()
