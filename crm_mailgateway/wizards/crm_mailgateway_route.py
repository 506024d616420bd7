from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmMailgatewayRoute(models.TransientModel):
    """Where received mails belong: to a case, or to a team as new cases."""

    _name = "crm.mailgateway.route"
    _description = "File Received Mails"

    received_ids = fields.Many2many(
        "crm.mailgateway.message",
        "crm_mailgateway_route_message_rel",
        "wizard_id",
        "message_id",
        required=True,
    )
    target = fields.Selection(
        [("new", "A new case for each mail"), ("case", "An existing case")],
        default="new",
        required=True,
    )
    team_id = fields.Many2one(
        "crm.case.team", compute="_compute_team_id", store=True, readonly=False
    )
    case_id = fields.Many2one("crm.case")

    @api.depends("received_ids")
    def _compute_team_id(self):
        """Propose the team of the mailbox."""
        for wizard in self:
            # sudo: managers of cases need not be allowed to read mailboxes
            wizard.team_id = wizard.received_ids.sudo().mailbox_id.crm_case_team_id[:1]

    def action_apply(self):
        self.received_ids._route(self._get_route())
        return {"type": "ir.actions.act_window_close"}

    def _get_route(self):
        """Return the id of a case, or values of new ones.

        :raise UserError: if the case is missing
        """
        if self.target == "new":
            self.team_id.check_access("read")
            return {"team_id": self.team_id.id} if self.team_id else {}
        if not self.case_id:
            raise UserError(self.env._("Choose the case that the mails belong to."))
        self.case_id.check_access("write")
        return self.case_id.id
