from odoo import api, fields, models


class CrmCaseTeam(models.Model):
    """A team whose address no outgoing server may send for is told so in its form."""

    _inherit = "crm.case.team"

    sender_warning = fields.Char(compute="_compute_sender_warning")

    @api.depends("alias_email", "mailbox_ids")
    @api.depends_context("company")
    def _compute_sender_warning(self):
        # sudo: leaders of teams need not be allowed to read outgoing servers
        servers = self.env["ir.mail_server"].sudo().search([], limit=100)
        for team in self:
            address = team.alias_email or team._origin._crm_mailgateway_mailbox()
            team.sender_warning = address and team._get_sender_warning(address, servers)

    def _crm_mailgateway_mailbox(self):
        return self._crm_mailgateway_mailbox_address() if self else False

    def _get_sender_warning(self, address, servers):
        """Say in words that no server may send for an address, if so."""
        if not servers:
            return False  # then Odoo's own configuration decides
        if any(s._match_from_filter(address, s.from_filter) for s in servers):
            return False
        return self.env._(
            "No outgoing mail server may send for %s: answers go out under another "
            "address, and may be taken for spam. Add the address, or its domain, to "
            "the FROM filter of a server.",
            address,
        )
