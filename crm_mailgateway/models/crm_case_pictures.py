import urllib.parse

from markupsafe import Markup

from odoo import api, fields, models

from ..pipeline import pictures
from ..trace import CONTEXT_KEY


class CrmCase(models.Model):
    """Pictures that lie elsewhere are not loaded until somebody who works on the case
    asks for them: their sender would learn that, when and where his mail was read."""

    _inherit = "crm.case"

    has_remote_pictures = fields.Boolean(readonly=True, copy=False)
    shows_remote_pictures = fields.Boolean(readonly=True, copy=False)

    def action_show_remote_pictures(self):
        """Load the pictures in the mails of this case from now on."""
        self.check_access("write")
        self.shows_remote_pictures = True
        return {"type": "ir.actions.client", "tag": "reload"}

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        if self._withhold_pictures(msg_dict):
            custom_values = {"has_remote_pictures": True, **(custom_values or {})}
        return super().message_new(msg_dict, custom_values)

    def message_update(self, msg_dict, update_vals=None):
        found = self._withhold_pictures(msg_dict)
        updated = super().message_update(msg_dict, update_vals)
        new = self.filtered(lambda case: found and not case.has_remote_pictures)
        # sudo: whoever runs the gateway; what a mail looks like is nobody's right
        new.sudo().has_remote_pictures = True
        return updated

    @api.model
    def _withhold_pictures(self, msg_dict):
        """Replace the remote pictures of a mail, and tell whether it has any."""
        trace = self.env.context.get(CONTEXT_KEY)
        if not trace or not trace.journal_id:
            return False
        secret = self.env["crm.mailgateway.secret"]

        def address_of(url):
            signature = secret._sign_picture(trace.journal_id, url)
            query = urllib.parse.urlencode({"url": url, "sign": signature})
            return f"/crm_mailgateway/picture/{trace.journal_id}?{query}"

        body, found = pictures.withhold(msg_dict.get("body"), address_of)
        if found:
            msg_dict["body"] = Markup(body)
        trace.decisions.has_pictures |= found
        return trace.decisions.has_pictures
