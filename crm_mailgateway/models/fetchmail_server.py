import functools

from odoo import fields, models

from .. import connections


class FetchmailServer(models.Model):
    """A mailbox whose mails are stored before they are marked or deleted.

    With a team, mails to no known address become cases of that team; without
    one, of the team for everything that fits nowhere else.
    """

    _inherit = "fetchmail.server"

    crm_case_team_id = fields.Many2one(
        "crm.case.team",
        string="Cases go to Team",
        ondelete="set null",
        help="Team of the cases made from mails to no other known address. "
        "Without a team they go to the default one.",
    )
    crm_mailgateway_waiting = fields.Integer(
        "Mails waiting", compute="_compute_crm_mailgateway_waiting"
    )

    def _compute_crm_mailgateway_waiting(self):
        counts = dict(
            self.env["crm.mailgateway.message"]._read_group(
                [
                    ("mailbox_id", "in", self.ids),
                    ("state", "in", ("received", "failed", "quarantined")),
                ],
                ["mailbox_id"],
                ["__count"],
            )
        )
        for server in self:
            server.crm_mailgateway_waiting = counts.get(server, 0)

    def _connect__(self, allow_archived=False):  # noqa: PLW3201
        connection = super()._connect__(allow_archived=allow_archived)
        return connections.storing(connection, self._crm_mailgateway_store())

    def _crm_mailgateway_store(self):
        """Return what stores a mail of this mailbox, given its bytes."""
        return functools.partial(
            self.env["crm.mailgateway.message"]._store,
            mailbox_id=self.id,
            arguments={
                "model": self.object_id.model,
                "custom_values": None,
                "save_original": self.original,
                "strip_attachments": not self.attach,
                "thread_id": None,
            },
        )

    def _crm_mailgateway_address(self):
        """Return the mailbox's own address, if its user name tells it."""
        self.ensure_one()
        return self.user if self.user and "@" in self.user else False

    def action_crm_mailgateway_messages(self):
        """Open the mails that came through this mailbox."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_mailgateway.crm_mailgateway_message_action"
        )
        return dict(action, domain=[("mailbox_id", "=", self.id)])
