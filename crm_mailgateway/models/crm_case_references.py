from odoo import api, fields, models

from ..pipeline.references import chain_of
from ..trace import CONTEXT_KEY


class CrmCase(models.Model):
    """Remembers the conversation as the latest mail's sender knows it.

    Its first mails may never have come here: the customer forwards, or answers to, a
    conversation with somebody else. What we send continues it.
    """

    _inherit = "crm.case"

    mail_references = fields.Char("Mails Before", readonly=True, copy=False)

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        custom_values = {**self._prepare_references_vals(), **(custom_values or {})}
        return super().message_new(msg_dict, custom_values)

    def message_update(self, msg_dict, update_vals=None):
        updated = super().message_update(msg_dict, update_vals)
        vals = self._prepare_references_vals()
        # The conversation with another party is not the customer's.
        if vals and not self._detect_party(msg_dict):
            # Apart, because tracking reads all that is tracked, whatever is written.
            self.with_context(tracking_disable=True).write(vals)
        return updated

    @api.model
    def _prepare_references_vals(self):
        trace = self.env.context.get(CONTEXT_KEY)
        decisions = trace and trace.decisions
        if not trace or not decisions.mail or decisions.user_id or decisions.stranger:
            return {}  # what our people write is known here anyway
        return {"mail_references": chain_of(trace.decisions.mail, trace.message_id)}
