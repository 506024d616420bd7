from odoo import fields, models
from odoo.tools import formataddr

from ..batch import CONTEXT_KEY, BatchMemory


class CrmCaseTeam(models.Model):
    """A team says whether, and how, senders of new cases are thanked.

    Its address is its alias; where no alias domain exists, the mailbox that its
    mails are fetched from. So answers come back even with nothing configured but
    one incoming and one outgoing server.
    """

    _inherit = "crm.case.team"

    acknowledge = fields.Boolean(
        "Thank the sender",
        default=True,
        help="Send an acknowledgement with the case number for each new mail.",
    )
    acknowledgement_template_id = fields.Many2one(
        "mail.template",
        string="Acknowledgement",
        domain=[("model", "=", "crm.case")],
        ondelete="set null",
        help="Leave empty for the standard acknowledgement.",
    )
    mailbox_ids = fields.One2many("fetchmail.server", "crm_case_team_id")

    def _notify_get_reply_to(self, default=None, author_id=False):
        """Let answers come back to the mailbox where there is no alias domain.

        Found out once for all acknowledgements of a batch.
        """
        memory = self.env.context.get(CONTEXT_KEY) or BatchMemory()
        key = ("reply_to", self, default, author_id)
        if key not in memory.known:
            memory.known[key] = self._crm_mailgateway_add_mailboxes(
                super()._notify_get_reply_to(default=default, author_id=author_id),
                author_id,
            )
        return memory.known[key]

    def _crm_mailgateway_add_mailboxes(self, addresses, author_id):
        for team in self.filtered(lambda t: not t._crm_mailgateway_has_alias()):
            mailbox = team._crm_mailgateway_mailbox_address()
            if mailbox:
                addresses[team.id] = team._notify_get_reply_to_formatted_email(
                    mailbox, author_id=author_id
                )
        return addresses

    def _crm_mailgateway_has_alias(self):
        company = self.company_id or self.env.company
        return bool(self.alias_email or company.alias_domain_id)

    def _crm_mailgateway_mailbox_address(self):
        """Return the address of the team's mailbox, or of the only one there is."""
        self.ensure_one()
        mailboxes = self.sudo().mailbox_ids  # settings administrators own mailboxes
        if not mailboxes:
            mailboxes = mailboxes.search(
                [("state", "=", "done"), ("crm_case_team_id", "=", False)], limit=2
            )
        addresses = [m._crm_mailgateway_address() for m in mailboxes]
        return next(filter(None, addresses), False) if addresses else False

    def _crm_mailgateway_sender(self, company):
        """Return the From of automatic mails of this team."""
        address = (
            (self.alias_email if self else False)
            or (self and self._crm_mailgateway_mailbox_address())
            or company.email
            or self.env.user.email
        )
        return formataddr((company.name, address)) if address else False
