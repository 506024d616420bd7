from odoo import models


class CrmMailgatewayMessage(models.Model):
    """What a person decides about a received mail.

    The journal itself can be edited by nobody. Whoever may read a mail may try it
    again, close it, download it, and open what it became.
    """

    _inherit = "crm.mailgateway.message"

    def action_retry(self):
        """Process failed and waiting mails now."""
        self._check_may_decide()
        # Rows are written by the gateway only; these users may ask it to.
        for received in self.sudo().filtered(
            lambda r: r.state in ("received", "failed")
        ):
            received._process_alone()
        self.invalidate_recordset()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_ignore(self):
        """Close mails that need no case."""
        self._check_may_decide()
        waiting = self.filtered(lambda r: r.state not in ("processed", "ignored"))
        verdict = self.env._("Ignored by %s", self.env.user.name)
        # The journal cannot be edited, not even by administrators.
        waiting.sudo().write(
            {"state": "ignored", "verdict": verdict, "next_attempt": False}
        )

    def _check_may_decide(self):
        """Let those decide about a mail who may read it: managers and administrators.

        :raise AccessError: for everybody else
        """
        self.check_access("read")

    def action_open_document(self):
        """Open what the mail became."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    def action_download(self):
        """Download the mail, byte for byte."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/crm_mailgateway/eml/{self.id}"}
