from odoo import api, models

from ..trace import CONTEXT_KEY

# What a mail reads of the message that it answers.
PARENT_FIELDS = (
    "author_id",
    "is_internal",
    "message_id",
    "message_type",
    "model",
    "parent_id",
    "res_id",
    "subtype_id",
)


class MailMessage(models.Model):
    """Within one mail, its references are looked up once, not by each who asks.

    Only for the superuser, as which the gateway asks: others do not see everything.
    """

    _inherit = "mail.message"

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        trace = self.env.context.get(CONTEXT_KEY)
        wanted = trace and self.env.su and limit == 1 and _message_ids(domain)
        if not wanted or offset or (order or "id desc").lower() != "id desc":
            return super().search(domain, offset=offset, limit=limit, order=order)
        if trace.messages is None or not wanted <= trace.references:
            trace.references |= wanted
            known = [("message_id", "in", sorted(trace.references))]
            found = self.search_fetch(known, PARENT_FIELDS)
            trace.messages = [
                (found_one.id, found_one.message_id) for found_one in found
            ]
        ids = [res_id for res_id, message_id in trace.messages if message_id in wanted]
        return self.browse(max(ids, default=None))

    @api.model_create_multi
    def create(self, vals_list):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            trace.messages = None
        return super().create(vals_list)


def _message_ids(domain):
    """Return the Message-IDs that a search is about, if it is about nothing else."""
    if not isinstance(domain, list) or len(domain) != 1 or isinstance(domain[0], str):
        return None
    name, operator, value = domain[0]
    if name != "message_id" or operator not in ("=", "in") or not value:
        return None
    return {value} if operator == "=" else set(value)
