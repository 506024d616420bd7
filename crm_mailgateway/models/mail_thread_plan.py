import dataclasses
import email
import email.policy

from odoo import api, models

from .. import words
from ..pipeline import limits
from ..pipeline.headers import read_envelope
from ..trace import CONTEXT_KEY, MailTrace
from .crm_mailgateway_message import QUARANTINE_VERDICTS
from .crm_mailgateway_rule import HeldByRule

CASE = "crm.case"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What would become of a mail.

    :param trace: what was found out about it; None for a mail that is not parsed
    :param routes: as Odoo's ``message_route`` returns them
    :param obstacle: why it would be quarantined or held, as a text
    """

    trace: MailTrace | None
    routes: tuple = ()
    obstacle: str = ""


class MailThread(models.AbstractModel):
    """What would become of a mail, without doing any of it.

    The very steps of the gateway run, up to where documents are made, and all that
    they wrote is rolled back.
    """

    _inherit = "mail.thread"

    @api.model
    def _mailgateway_plan(self, content):
        """Plan the way of a mail.

        :param bytes content: the mail as it was received
        :return: a :class:`Plan`
        """
        reason = limits.reason_to_quarantine(content)
        if reason:
            verdict = words.pack(QUARANTINE_VERDICTS.get(reason))
            return Plan(None, obstacle=words.speak(self.env, verdict) or reason)
        trace = MailTrace(0, read_envelope(content).message_id, size=len(content))
        # sudo: the gateway sees all cases; who plans is shown where mails go
        gateway = self.sudo().with_context(**{CONTEXT_KEY: trace})
        with self.env.cr.savepoint() as savepoint:
            plan = gateway._mailgateway_plan_routes(content, trace)
            savepoint.rollback()
        return plan

    @api.model
    def _mailgateway_plan_routes(self, content, trace):
        message = email.message_from_bytes(content, policy=email.policy.SMTP)
        try:
            parsed = self.message_parse(message)
            routes = self.message_route(message, parsed, CASE, None, {})
        except HeldByRule as held:
            return Plan(trace, obstacle=str(held))
        except (ValueError, LookupError, RecursionError) as error:
            return Plan(trace, obstacle=str(error).splitlines()[0])
        # Values only: records of the transaction that ends here are of no use.
        return Plan(trace, tuple(route[:3] for route in routes))
