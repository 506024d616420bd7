from odoo import api, models

from .mail_importance import get_priority


class MailThread(models.AbstractModel):
    """A mail that calls itself urgent becomes an urgent case.

    Values that the address of a team brings (alias defaults) go before. An answer to a
    case does not change its priority: staff have judged it by then.
    """

    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        priority = get_priority(message)
        if priority:
            routes = [
                (model, thread_id, _with_priority(values, priority), *rest)
                if model == "crm.case" and not thread_id
                else (model, thread_id, values, *rest)
                for model, thread_id, values, *rest in routes or ()
            ]
        return super()._message_route_process(message, message_dict, routes)


def _with_priority(values, priority):
    return {"priority": priority, **(values or {})}
