import functools
import json
import logging
import time
import xmlrpc.client

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, LazyTranslate, email_normalize

from .. import words
from ..loop import LOOP_KEY, MailLoop
from ..pipeline.classify import classify
from ..pipeline.headers import one_line
from ..trace import CONTEXT_KEY, MailTrace
from .crm_mailgateway_message import StoredMail
from .crm_mailgateway_processing import ROUTE_KEY, ROW_KEY

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

# How many seconds mails are processed in one transaction.
PATIENCE = 5
CASE = "crm.case"
NO_DOCUMENT = _lt("Odoo answered it or needed no document.")


class MailThread(models.AbstractModel):
    """The gateway: store first, then let Odoo route, and remember what it did.

    Odoo's own ``message_process`` does all the work. Around it every mail is
    stored and committed before, and its result written after. Within it, for
    mails that go to cases only: nothing is dropped and nobody is bounced, because
    a loop or a failure is shown to staff instead of being told to the sender.
    """

    _inherit = "mail.thread"

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        """Store the mail durably, then process it once.

        :return: id of the document, or False for a mail that made none (a
            duplicate, a bounce, a failure: the journal tells)
        """
        self._mailgateway_check_access()
        content = _to_bytes(message)
        arguments = {
            "model": model,
            "custom_values": custom_values,
            "save_original": save_original,
            "strip_attachments": strip_attachments,
            "thread_id": thread_id,
        }

        def run(trace, content):
            gateway = self.with_context(
                **{CONTEXT_KEY: trace, ROW_KEY: None, ROUTE_KEY: None}
            )
            gateway._mailgateway_fetch_few()
            odoo = super(MailThread, gateway)
            res_id = odoo.message_process(message=content, **arguments)
            return gateway._mailgateway_finish(trace, res_id)

        self._mailgateway_process_ahead(run)
        return self._mailgateway_process(run, content, arguments)

    @api.model
    def _mailgateway_process(self, run, content, arguments):
        """Store a mail, unless it is stored already, and process it.

        :param run: lets Odoo work on a mail, and makes sure that it leaves a result
        """
        journal = self.env["crm.mailgateway.message"]
        stored = self._mailgateway_get_stored(content)
        route = self.env.context.get(ROUTE_KEY) if stored else None
        if not stored:
            mailbox_id = self.env.context.get("default_fetchmail_server_id")
            arguments = {"uid": self.env.uid, **arguments}
            stored = journal._store(content, mailbox_id, arguments)
            if stored.known and not self._mailgateway_may_begin(stored):
                return False
        trace = MailTrace(stored.id, stored.message_id, route, size=len(content))
        process = functools.partial(run, trace, content)
        if journal._in_odoo_test():
            return self._mailgateway_process_in_test(trace, process)
        if stored.state != "received":
            return stored.res_id or False
        return journal._process(stored, trace, process)

    @api.model
    def _mailgateway_may_begin(self, stored):
        """Whether to process what was stored and not processed by a loop before.

        The server may have died over it. It would again, with each fetch, and no other
        mail of that mailbox would ever arrive.
        """
        if stored.state != "received" or not self._mailgateway_get_loop():
            return True
        journal = self.env["crm.mailgateway.message"]
        return journal._in_odoo_test() or journal._on_own_cursor("_begin", [stored.id])

    @api.model
    def _mailgateway_process_ahead(self, run):
        """Process mails that were stored together, in one transaction if all goes well.

        They read what they share only once then. If one fails, nothing of it counts,
        and each is processed in a transaction of its own.

        :param run: see :meth:`_mailgateway_process`
        """
        loop = self._mailgateway_get_loop()
        ahead = loop.take_ahead() if loop else []
        journal = self.env["crm.mailgateway.message"]
        if len(ahead) < 2 or journal._in_odoo_test():
            return
        done, deadline = [], time.monotonic() + PATIENCE
        try:
            for content, stored in ahead:
                if time.monotonic() > deadline:
                    break  # the others alone, so that nobody waits for their locks
                trace = MailTrace(stored.id, stored.message_id, size=len(content))
                done.append((content, trace, run(trace, content)))
            self.env.cr.flush()
        except Exception as error:  # noqa: BLE001 told by the one that fails alone
            if self.env.cr._cnx.closed:
                raise  # the database went away, and all of them wait in the journal
            _logger.info("Mails are processed one by one: %r", error)
            self.env.cr.rollback()
            return
        for content, trace, res_id in done:
            loop.note(content, res_id)
            journal._conclude_after_commit(trace)

    @api.model
    def _mailgateway_get_stored(self, content):
        """Return the journal row of a mail that our own code stored before.

        By type: a context that comes by RPC holds no such objects.
        """
        stored = self.env.context.get(ROW_KEY)
        if isinstance(stored, StoredMail):
            return stored
        loop = self._mailgateway_get_loop()
        return loop.recall(content) if loop else None

    @api.model
    def _mailgateway_get_loop(self):
        loop = self.env.context.get(LOOP_KEY)
        return loop if isinstance(loop, MailLoop) else None

    @api.model
    def _mailgateway_check_access(self):
        """Let nobody from outside store mails here: the method is open to RPC.

        :raise AccessError: for portal and public users
        """
        if not (self.env.su or self.env.user._is_internal()):
            raise AccessError(self.env._("Only internal users may hand over mails."))

    @api.model
    def _mailgateway_finish(self, trace, res_id):
        """Make sure that a mail leaves a result row, and return its document."""
        if not trace.result_id:
            self._mailgateway_record_ignored(trace, res_id)
        return res_id or False

    @api.model
    def _mailgateway_process_in_test(self, trace, process):
        """Behave as Odoo alone would: its tests replay mails and expect errors."""
        results = self.env["crm.mailgateway.result"].sudo()  # the gateway's own book
        results.search([("journal_id", "=", trace.journal_id)]).unlink()
        with self.env.cr.savepoint():
            res_id = process()
        self.env["crm.mailgateway.message"].sudo()._settle([trace.journal_id])
        return res_id

    @api.model
    def _mailgateway_record_ignored(self, trace, res_id):
        """Write down why a mail made nothing."""
        verdict = trace.verdict
        if res_id is False and not trace.routed:
            verdict = self.env["crm.mailgateway.message"]._duplicate_verdict(
                trace.journal_id, trace.message_id
            )
        self._mailgateway_create_result(
            trace,
            outcome="ignored",
            verdict_terms=words.as_json(verdict or NO_DOCUMENT),
        )

    @api.model
    def _mailgateway_create_result(self, trace, **values):
        # By SQL: one row of our own, that nobody has in a cache yet.
        values = {
            "create_date": fields.Datetime.now(),
            "create_uid": self.env.uid,
            "journal_id": trace.journal_id,
            "classification": trace.classification.kind,
            **values,
        }
        values = {
            name: json.dumps(value) if isinstance(value, dict) else value
            for name, value in values.items()
        }
        columns = SQL(", ").join(map(SQL.identifier, values))
        [[trace.result_id]] = self.env.execute_query(
            SQL(
                "INSERT INTO crm_mailgateway_result (%s) VALUES %s RETURNING id",
                columns,
                tuple(values.values()),
            )
        )

    # HOOKS INTO ODOO'S GATEWAY

    @api.model
    def message_parse(self, message, save_original=False):
        """Give a mail without Message-ID a stable one: Odoo's is a random number."""
        parsed = super().message_parse(message, save_original=save_original)
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            # As it stands in the mail: the parser cuts it at a blank, and then two
            # mails of a program that writes such identifiers would be one.
            parsed["message_id"] = trace.message_id
            for name in ("subject", "email_from", "from"):
                if parsed.get(name):
                    # Encoded line ends would break every mail that quotes them.
                    parsed[name] = one_line(parsed[name])
            trace.classification = classify(message)
            if trace.route is not None:
                self._mailgateway_parse_again(parsed, trace)
        return parsed

    @api.model
    def _mailgateway_parse_again(self, parsed, trace):
        """Take a mail that a person filed, though it is a duplicate or a bounce."""
        parsed["is_bounce"] = False
        messages = self.env["mail.message"].sudo()  # of all documents, as Odoo does
        known = [("message_id", "=", parsed["message_id"])]
        if messages.search_count(known, limit=1):
            trace.message_id = f"<{trace.journal_id}@filed-by-hand.invalid>"
            parsed["message_id"] = trace.message_id

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        """Send mail to no known address to the mailbox's team instead of failing."""
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            trace.routed = True
        if trace and trace.route is not None:
            return self._mailgateway_route_by_hand(message, message_dict, trace)
        if trace and message_dict.get("is_bounce"):
            trace.verdict = _lt("A bounce: its address was marked.")
        in_test = self.env["crm.mailgateway.message"]._in_odoo_test()
        if trace and not in_test and model in (None, False, CASE):
            model, custom_values = self._mailgateway_fallback(
                message_dict, model, custom_values
            )
            if not model:
                trace.verdict = _lt(
                    "None of its recipients is an address of ours: %s",
                    message_dict.get("recipients"),
                )
            else:
                trace.target = model
        return super().message_route(
            message, message_dict, model, thread_id, custom_values
        )

    @api.model
    def _mailgateway_route_by_hand(self, message, message_dict, trace):
        """Return the route that a person chose."""
        trace.target = CASE
        values = trace.route if isinstance(trace.route, dict) else None
        case_id = None if values is not None else trace.route
        route = (CASE, case_id, values, self.env.uid, None)
        return [self._routing_check_route(message, message_dict, route)]

    @api.model
    def _mailgateway_fallback(self, message_dict, model, custom_values):
        """Return model and values for a mail whose address nobody claims.

        A mail that lay in one of our mailboxes, or was sent to a domain of ours,
        or names nobody (a blind copy), or reached a database that has no domain,
        is meant for us.
        """
        values = dict(custom_values or {})
        mailbox = self.env["fetchmail.server"].sudo()  # mere users may run the gateway
        mailbox = mailbox.browse(self.env.context.get("default_fetchmail_server_id"))
        if mailbox.crm_case_team_id:
            values.setdefault("team_id", mailbox.crm_case_team_id.id)
        if model or mailbox or self._mailgateway_is_our_domain(message_dict):
            return CASE, values
        return model, custom_values

    @api.model
    def _mailgateway_is_our_domain(self, message_dict):
        # A handful of rows in any company, and readable by any gateway user.
        domain_model = self.env["mail.alias.domain"].sudo()
        domains = set(domain_model.search([], limit=1000).mapped("name"))
        addresses = (message_dict.get("recipients") or "").lower().split(",")
        named = filter(None, map(email_normalize, addresses))
        found = {address.partition("@")[2] for address in named}
        return not domains or not found or bool(domains & found)

    @api.model
    def _detect_write_to_catchall(self, msg_dict):
        """Take what is sent to the catch-all address: it is not bounced, but kept."""
        in_test = self.env["crm.mailgateway.message"]._in_odoo_test()
        if self.env.context.get(CONTEXT_KEY) and not in_test:
            return False
        return super()._detect_write_to_catchall(msg_dict)

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        """Never drop a mail to a case: only our own answer is held back."""
        others = [route for route in routes or [] if route[0] != CASE]
        if not self.env.context.get(CONTEXT_KEY):
            others = routes
        return super()._detect_loop_sender(message, message_dict, others)

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Write the result row first, then the documents, in one transaction.

        First, so that a second process with the same mail waits right here, and
        not after having done all the work in vain.
        """
        trace = self.env.context.get(CONTEXT_KEY)
        if not trace or not routes:
            return super()._message_route_process(message, message_dict, routes)
        to_case = any(route[0] == CASE for route in routes)
        trace.target = CASE if to_case else routes[-1][0]
        self._mailgateway_create_result(
            trace,
            outcome="processed",
            res_model=trace.target,
            message_id=trace.message_id if to_case else None,
            sender=email_normalize(message_dict.get("email_from") or "") or None,
        )
        sender = message_dict.get("email_from")
        res_id = super()._message_route_process(message, message_dict, routes)
        # One mail may go to several documents; the case is ours to look after.
        cases = trace.new_cases or trace.updated_cases
        is_reply = not trace.new_cases if to_case else routes[-1][1]
        verdict = self._mailgateway_verdict(trace.target, is_reply, trace)
        values = {
            "res_id": cases[0] if cases else res_id,
            "verdict_terms": words.pack(verdict),
        }
        if trace.new_cases:
            case = self.env[CASE].sudo().browse(trace.new_cases[0])
            values |= case._prepare_acknowledgement_vals(sender, trace)
        # sudo: the gateway's own book, whoever runs it
        self.env["crm.mailgateway.result"].sudo().browse(trace.result_id).write(values)
        return res_id

    @api.model
    def _mailgateway_verdict(self, model, is_reply, trace):
        document = words.document(model)
        verdict = _lt("Added to %s", document) if is_reply else _lt("New %s", document)
        signal = trace.classification.signal
        if signal:
            return _lt("%(what)s (%(signal)s)", what=verdict, signal=signal)
        return verdict


def _to_bytes(message):
    """Return the bytes of what a caller may hand over as a mail."""
    if isinstance(message, xmlrpc.client.Binary):
        return bytes(message.data)
    if isinstance(message, str):
        return message.encode("utf-8", "surrogateescape")
    if isinstance(message, bytes | bytearray):
        return bytes(message)  # the very object, if it is bytes
    raise TypeError(f"a mail is bytes, not {type(message).__name__}")
