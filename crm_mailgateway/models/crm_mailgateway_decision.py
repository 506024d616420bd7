from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import LazyTranslate

from .. import words
from ..pipeline import preview

_lt = LazyTranslate(__name__)

WAITING = ("received", "failed", "quarantined")


class CrmMailgatewayMessage(models.Model):
    """What a person decides about a received mail.

    The journal itself can be edited by nobody. Who works on a case may read and
    download its mails; managers and administrators may also try a mail again, file
    it with a team or a case, or close it with a reason.
    """

    _inherit = "crm.mailgateway.message"

    def action_retry(self):
        """Process waiting mails now; those that must not be parsed keep waiting."""
        self._check_may_decide()
        # Rows are written by the gateway only; these users may ask it to.
        for received in self.sudo().filtered(lambda r: r.state in WAITING):
            if received._may_be_parsed():
                received._process_alone()
        self.invalidate_recordset()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_ignore(self):
        """Ask why mails need no case."""
        return self._open_decision("crm.mailgateway.ignore", self.env._("Ignore"))

    def action_route(self):
        """Ask where mails belong."""
        return self._open_decision("crm.mailgateway.route", self.env._("File by Hand"))

    def _open_decision(self, wizard, name):
        self._check_may_decide()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": wizard,
            "view_mode": "form",
            "target": "new",
            "context": {"default_received_ids": self.ids},
        }

    def _ignore(self, reason):
        """Close mails that need no case.

        :param str reason: in the words of who decides; may be empty
        """
        self._check_may_decide()
        self._catch_up()
        waiting = self.filtered(lambda r: r.state in WAITING)
        name = self.env.user.name
        verdict = _lt("Ignored by %s", name)
        if reason:
            verdict = _lt("Ignored by %(user)s: %(reason)s", user=name, reason=reason)
        # The journal cannot be edited, not even by administrators.
        waiting.sudo().write(
            {
                "state": "ignored",
                "verdict_terms": words.pack(verdict),
                "next_attempt": False,
            }
        )

    def _catch_up(self):
        """See what became of mails that were processed just now, and not settled yet.

        To be ignored, or to become another case, it is too late for them.
        """
        self.sudo()._settle(self.ids)  # the journal is written by the gateway only
        self.invalidate_recordset()

    def _route(self, route):
        """File mails as a person decided, whatever the gateway thinks of them.

        :param route: the id of a case, or values of a new one for each mail
        """
        self._check_may_decide()
        for received in self.sudo().filtered(lambda r: r.state != "processed"):
            if received._may_be_parsed():
                received._reroute(route)
            else:
                received._file_unread(route)
        self.invalidate_recordset()

    def _reroute(self, route):
        if self._in_odoo_test():
            is_free = self._forget_result(self.id)
        else:
            is_free = self._on_own_cursor("_forget_result", self.id)
        if is_free:
            self._process_alone(route)

    @api.model
    def _forget_result(self, row_id):
        """Make room for another result: the person knows better.

        :return: whether there is room, and not a document already
        """
        row = self.browse(row_id)
        row._catch_up()
        if row.state == "processed":
            return False
        results = self.env["crm.mailgateway.result"].sudo()  # the gateway's own book
        results.search([("journal_id", "=", row_id)]).unlink()
        row.state = "received"
        return True

    def _file_unread(self, route):
        """Make a case of a mail that cannot be parsed: its source, and the mail.

        Of one whose bytes are not kept any more, what is left of it.
        """
        if not self._forget_result(self.id):
            return
        content = self._read_content()
        gone = self.env._("The content was removed: it is not needed any more.")
        cases = self.env["crm.case"].with_user(SUPERUSER_ID)
        cases = cases.with_context(mail_create_nosubscribe=True)
        if isinstance(route, dict):
            case = cases.create(self._prepare_unread_case_vals(route))
        else:
            case = cases.browse(route)
        case.message_post(
            body=preview.source(content) if content else gone,
            email_from=self.email_from,
            message_type="email",
            subtype_id=case._creation_subtype().id,
            attachments=[(f"mail-{self.id}.eml", content)] if content else None,
        )
        verdict = _lt("Filed by %s; the mail is attached.", self.env.user.name)
        self.write(
            {
                "state": "processed",
                "verdict_terms": words.pack(verdict),
                "res_model": case._name,
                "res_id": case.id,
                "case_id": case.id,
                "next_attempt": False,
            }
        )

    def _prepare_unread_case_vals(self, route):
        return {
            "name": self.subject or self.env._("(no subject)"),
            "email_from": self.email_from,
            "user_id": False,
            **route,
        }

    @api.model
    def _may_decide(self):
        return self.env.user.has_group(
            "crm_cases.crm_cases_group_manager"
        ) or self.env.user.has_group("base.group_system")

    def _check_may_decide(self):
        """Let managers and administrators decide, about mails that they may read.

        :raise AccessError: for everybody else
        """
        if not self._may_decide():
            raise AccessError(
                self.env._("Managers of cases decide what becomes of a received mail.")
            )
        self.check_access("read")

    def action_open_document(self):
        """Open what the mail became."""
        self.ensure_one()
        if not self.res_id or self.res_model not in self.env:
            raise UserError(self.env._("This mail has no document."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    def action_download(self):
        """Download the mail, byte for byte."""
        self.ensure_one()
        self.check_access("read")
        if not self._read_content():
            raise UserError(self.env._("The bytes of this mail are not kept any more."))
        return {"type": "ir.actions.act_url", "url": f"/crm_mailgateway/eml/{self.id}"}
