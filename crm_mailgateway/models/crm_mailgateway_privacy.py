import logging

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import email_normalize, email_split

from ..pipeline import thread_key
from .crm_mailgateway_target import CASE, MAX_RECIPIENTS

_logger = logging.getLogger(__name__)


class CrmMailgatewayMessage(models.Model):
    """A mail for a private team is private before it is a case, and after.

    As long as there is no case its team is told by the mailbox, by its recipients, and
    by what it answers; if one of these is private, that counts. Once its case is
    deleted, it is the team that the case was in. Record rules ask for this team where
    there is no case: who is not in it sees neither words nor bytes. Mail Health counts
    them all the same, so that nothing waits unnoticed.
    """

    _inherit = "crm.mailgateway.message"

    team_id = fields.Many2one(
        "crm.case.team",
        "Meant for Team",
        readonly=True,
        ondelete="set null",
        help="As far as it is known without a case. What is meant for a private team "
        "is seen by its members only.",
    )

    @api.model
    def _insert(self, *arguments):
        stored = super()._insert(*arguments)
        if stored.state == "quarantined" and not stored.known:
            self.sudo().browse(stored.id)._note_team()  # sudo: as all of the journal
        return stored

    def _fail(self, row_id, error, trace=None):
        failed = super()._fail(row_id, error, trace)
        try:
            with self.env.cr.savepoint():
                self.browse(row_id)._note_team(trace)
        except Exception as oddity:  # noqa: BLE001 headers may hold anything
            # To know that a mail failed matters more than to know for whom it was.
            _logger.warning("Whom is #%s meant for? %r", row_id, oddity)
        return failed

    def _ignore_copy(self, stored):
        ignored = super()._ignore_copy(stored)
        self.browse(stored.id)._note_copies()
        return ignored

    def _note_copies(self):
        """Let those decide about a copy of a mail that became a case who see its like.

        It has the Message-ID of the other, but it may say something else.
        """
        results = self.env["crm.mailgateway.result"].search(
            [("message_id", "in", self.mapped("message_id"))]
        )
        cases = {result.message_id: result.res_id for result in results}
        for copy in self.filtered(lambda r: not r.res_model and r.message_id in cases):
            case = self.env[CASE].browse(cases[copy.message_id]).exists()
            copy.write({"res_model": CASE, "team_id": case.team_id or copy.team_id})
        self._note_team()

    def _note_team(self, trace=None):
        """Note whom mails without a case are meant for.

        :param MailTrace trace: what is known of a single one, if it was parsed
        """
        for received in self:
            teams = received._guess_teams(trace)
            received.team_id = (
                teams.filtered("is_private")[:1] or received.team_id or teams[:1]
            )

    def _guess_teams(self, trace):
        addresses = set(email_split(self.email_to or "")[:MAX_RECIPIENTS])
        addresses |= trace.addresses if trace else set()
        names = {
            thread_key.split_address(email_normalize(address) or "")[0]
            for address in addresses
        }
        found = Domain("alias_id.alias_full_name", "in", list(names - {""}))
        teams = self.env["crm.case.team"].with_context(active_test=False).search(found)
        return self.mailbox_id.crm_case_team_id | teams | self._find_teams(trace)

    @api.model
    def _find_teams(self, trace):
        """Return the teams of the cases that a mail answers."""
        references = list(trace.references) if trace else []
        messages = self.env["mail.message"].search(
            Domain("message_id", "in", references) & Domain("model", "=", CASE)
        )
        return self.env[CASE].browse(messages.mapped("res_id")).exists().team_id


class CrmCase(models.Model):
    """A deleted case leaves its mails to the team that it was in."""

    _inherit = "crm.case"

    def unlink(self):
        # sudo: nobody edits the journal by hand
        received = self.env["crm.mailgateway.message"].sudo()
        mails = received.search([("case_id", "in", self.ids)])
        for case, those in mails.grouped("case_id").items():
            those.team_id = case.team_id
        return super().unlink()
