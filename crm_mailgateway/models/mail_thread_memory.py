from odoo import api, models, tools
from odoo.tools import SQL, email_normalize, email_split

from ..pipeline.markup import HostileMarkup, is_hostile
from ..pipeline.parsing import mend
from ..trace import CONTEXT_KEY
from .crm_mailgateway_message import QUARANTINE_VERDICTS
from .mail_thread import CASE

_ADDRESS_HEADERS = ("From", "To", "Cc", "Delivered-To", "Resent-To", "Resent-Cc")


class MailThread(models.AbstractModel):
    """What Odoo's gateway does many times per mail, done once.

    Nothing here changes what becomes of a mail. It is what makes storing,
    classifying and thanking cost no more than Odoo's own path without them.
    """

    _inherit = "mail.thread"

    @api.model
    def _mailgateway_fetch_few(self):
        """Fetch what every mail reads of the caller and his company.

        A company has ninety columns; reading one would fetch them all.
        """
        # sudo: of the caller himself, for who he is to be known at all
        self.env.user.sudo().fetch(("active", "company_id", "partner_id", "share"))
        company = self.env.company.sudo()
        company.fetch(("alias_domain_id", "currency_id", "resource_calendar_id"))

    @api.model
    def message_parse(self, message, save_original=False):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            mend(message)
            if is_hostile(message):
                trace.verdict = QUARANTINE_VERDICTS["markup"]
                raise HostileMarkup(str(trace.verdict))
            trace.addresses = _addresses(message)
            trace.references = _references(message)
        return super().message_parse(message, save_original=save_original)

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        """Spare the questions about a sender whom no route is dropped for."""
        if self.env.context.get(CONTEXT_KEY) and all(
            r[0] == CASE for r in routes or []
        ):
            return False
        return super()._detect_loop_sender(message, message_dict, routes)

    @api.model
    def _routing_reset_bounce(self, email_message, message_dict):
        """Ask all models with one query; most addresses never bounced."""
        address = email_normalize(message_dict["email_from"])
        if self.env.context.get(CONTEXT_KEY) and not (
            address and self._mailgateway_has_bounced(address)
        ):
            return None
        return super()._routing_reset_bounce(email_message, message_dict)

    @api.model
    def _mailgateway_has_bounced(self, address):
        models = [self.env[name] for name in self._mailgateway_bounce_models()]
        for model in models:
            model.flush_model(["message_bounce"])
        question = SQL(" OR ").join(
            SQL(
                "EXISTS (SELECT 1 FROM %s WHERE email_normalized = %s"
                " AND message_bounce > 0)",
                SQL.identifier(model._table),
                address,
            )
            for model in models
        )
        return self.env.execute_query(SQL("SELECT %s", question))[0][0]

    @api.model
    @tools.ormcache()
    def _mailgateway_bounce_models(self):
        """Return the names of the models that count bounces."""
        return [
            model._name
            for model in (self.env[name] for name in self.env.registry)
            if model._auto
            and not model._abstract
            and {"message_bounce", "email_normalized"} <= model._fields.keys()
            and model._fields["message_bounce"].store
            and model._fields["email_normalized"].store
        ]


def _addresses(message):
    """Return the normalised addresses that stand in the headers of a mail."""
    values = [
        str(value) for name in _ADDRESS_HEADERS for value in message.get_all(name, [])
    ]
    return {email_normalize(a) for a in email_split(", ".join(values))} - {False, None}


def _references(message):
    """Return the Message-IDs that Odoo may look up, at most 40."""
    values = [
        str(message.get(name) or "")
        for name in ("References", "In-Reply-To", "Message-Id")
    ]
    return set(" ".join(values).split()[-40:])
