import datetime
import functools
import hashlib
import json
import logging
import traceback
from typing import NamedTuple

import psycopg2
from psycopg2.errors import ProgramLimitExceeded, UniqueViolation

from odoo import SUPERUSER_ID, api, fields, models
from odoo.modules import module
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..pipeline import headers, limits

_logger = logging.getLogger(__name__)

# How long after the n-th failure the next attempt comes; then a person decides.
BACKOFF = [datetime.timedelta(minutes=m) for m in (1, 5, 30, 120, 720)]
# A mail is in somebody's hands for this long before the scheduled action takes it.
GRACE = datetime.timedelta(minutes=2)
OWN_CURSOR_ATTEMPTS = 5
# First key of the advisory locks by which workers share the waiting mails.
CLAIM = 0x6D61696C

FORCE_KEY = "crm_mailgateway_force"
ROW_KEY = "crm_mailgateway_row"


class StoredMail(NamedTuple):
    """A journal row as the gateway needs it.

    :param known: whether these very bytes had been stored before
    """

    id: int
    state: str
    message_id: str
    res_id: int | None
    known: bool


class CrmMailgatewayMessage(models.Model):
    """A received mail: the journal of everything that reached the gateway.

    STORE FIRST
    The exact bytes are written and committed on a cursor of their own before
    anybody looks into them; only then they are processed. A crash, a bug or a
    poisonous mail can therefore cost time, never the mail.

    STATES
    *Received*: stored, waiting to be processed or being processed. *Processed*:
    it became, or joined, a document. *Ignored*: recognised as a duplicate, a
    bounce or the like; the verdict says what. *Failed*: processing raised an
    error; it is tried again with growing pauses, and after the last one waits
    for a person. *Quarantined*: not even parsed, because parsing would hurt.

    ONCE
    A row is unique per mailbox and SHA-256 of the bytes: the same mail delivered
    again is recognised and changes nothing. What processing made is written to
    ``crm.mailgateway.result`` in the same transaction, and copied here after its
    commit; if a crash falls between, the scheduled action copies it later.
    """

    _name = "crm.mailgateway.message"
    _description = "Received Mail"
    _order = "id desc"
    _rec_name = "subject"

    mailbox_id = fields.Many2one("fetchmail.server", readonly=True, ondelete="restrict")
    sha256 = fields.Char("SHA-256", readonly=True, required=True)
    size = fields.Integer("Size (bytes)", readonly=True)
    message_id = fields.Char("Message-ID", readonly=True, index=True)
    email_from = fields.Char("From", readonly=True)
    email_to = fields.Char("To", readonly=True)
    subject = fields.Char(readonly=True)
    date = fields.Datetime("Sent on", readonly=True)
    create_date = fields.Datetime("Received on", readonly=True)
    state = fields.Selection(
        [
            ("received", "Received"),
            ("processed", "Processed"),
            ("ignored", "Ignored"),
            ("failed", "Failed"),
            ("quarantined", "Quarantined"),
        ],
        required=True,
        default="received",
        readonly=True,
    )
    verdict = fields.Char(readonly=True, help="What was decided, and why.")
    attempts = fields.Integer("Failed Attempts", readonly=True)
    next_attempt = fields.Datetime(readonly=True)
    error = fields.Char(readonly=True)
    traceback = fields.Text(
        "Technical Details", readonly=True, groups="base.group_system"
    )
    arguments = fields.Text(readonly=True, groups="base.group_system")
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", readonly=True
    )
    case_id = fields.Many2one(
        "crm.case",
        index="btree_not_null",
        readonly=True,
        ondelete="set null",
        help="Kept empty once the case is deleted: its mail does not make it anew.",
    )
    ack_state = fields.Selection(
        [
            ("pending", "Pending"),
            ("queued", "Sent to the queue"),
            ("withheld", "Withheld"),
            ("failed", "Failed"),
        ],
        string="Acknowledgement",
        compute="_compute_ack",
    )
    ack_reason = fields.Char("Why no Acknowledgement", compute="_compute_ack")

    _mailbox_sha256_unique = models.UniqueIndex("(COALESCE(mailbox_id, 0), sha256)")
    _waiting_idx = models.Index("(id) WHERE state IN ('received', 'failed')")
    _document_idx = models.Index("(res_model, res_id)")

    def _compute_ack(self):
        """Read the acknowledgement from the result: it changes after the mail did."""
        results = self.env["crm.mailgateway.result"].sudo()  # readable by nobody
        found = results.search_fetch(
            [("journal_id", "in", self.ids)], ["journal_id", "ack_state", "ack_reason"]
        )
        by_row = {result.journal_id: result for result in found}
        for received in self:
            result = by_row.get(received.id, results)
            received.ack_state = result.ack_state
            received.ack_reason = result.ack_reason

    # STORING

    @api.model
    def _in_odoo_test(self):
        """Tell whether Odoo's test runner drives us, with everything on one cursor."""
        return module.current_test and not self.env.context.get(FORCE_KEY)

    @api.model
    def _store(self, content, mailbox_id, arguments):
        """Store a mail durably, or recognise one that is stored already.

        :param bytes content: the mail, exactly as received
        :param int mailbox_id: the ``fetchmail.server`` it came from, or False
        :param dict arguments: those of ``message_process``, to repeat the call
        :return: a :class:`StoredMail`
        :raise psycopg2.Error: if the mail cannot be stored; the caller must then
            leave it where it is
        """
        if self._in_odoo_test():
            with self.env.cr.savepoint():
                return self._insert(content, mailbox_id, arguments)
        try:
            return self._on_own_cursor("_insert", content, mailbox_id, arguments)
        except (psycopg2.DataError, ProgramLimitExceeded) as error:
            # Nothing in a header may keep a mail from being stored.
            _logger.warning("The header of a mail does not fit: %s", error)
            plain = (content, mailbox_id, arguments, headers.UNREADABLE)
            return self._on_own_cursor("_insert", *plain)

    @api.model
    def _on_own_cursor(self, method, *arguments):
        """Call a method in a transaction of its own, and commit it.

        Repeated when another transaction came in between, as Odoo does for RPC.
        """
        for attempt in range(1, OWN_CURSOR_ATTEMPTS + 1):
            try:
                with self.env.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    return getattr(env[self._name], method)(*arguments)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                if attempt == OWN_CURSOR_ATTEMPTS:
                    raise
        return None

    @api.model
    def _insert(self, content, mailbox_id, arguments, envelope=None):
        """Insert row and bytes by SQL: one round trip each, and no ORM state."""
        envelope = envelope or headers.read_envelope(content)
        sha256 = hashlib.sha256(content).hexdigest()
        reason = limits.reason_to_quarantine(content)
        inserted = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_mailgateway_message
                       (create_uid, write_uid, create_date, write_date, mailbox_id,
                        sha256, size, message_id, email_from, email_to, subject, date,
                        attempts, arguments, state, verdict)
                VALUES (%(uid)s, %(uid)s, %(now)s, %(now)s, %(mailbox)s,
                        %(sha256)s, %(size)s, %(message_id)s, %(sender)s,
                        %(recipients)s, %(subject)s, %(sent_on)s,
                        0, %(arguments)s, %(state)s, %(verdict)s)
                ON CONFLICT (COALESCE(mailbox_id, 0), sha256) DO NOTHING
                RETURNING id
                """,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                mailbox=mailbox_id or None,
                sha256=sha256,
                size=len(content),
                message_id=envelope.message_id,
                sender=envelope.sender,
                recipients=envelope.recipients,
                subject=envelope.subject,
                sent_on=envelope.sent_on,
                arguments=json.dumps(arguments),
                state="quarantined" if reason else "received",
                verdict=self._quarantine_verdict(reason) if reason else None,
            )
        )
        if inserted:
            self._insert_content(inserted[0][0], content)
        return self._stored(sha256, mailbox_id, known=not inserted)

    def _insert_content(self, row_id, content):
        self.env.cr.execute(
            SQL(
                "INSERT INTO crm_mailgateway_raw (journal_id, content) VALUES (%s, %s)",
                row_id,
                psycopg2.Binary(content),
            )
        )

    def _stored(self, sha256, mailbox_id, known):
        [row] = self.env.execute_query(
            SQL(
                """
                SELECT id, state, message_id, res_id FROM crm_mailgateway_message
                 WHERE COALESCE(mailbox_id, 0) = %s AND sha256 = %s
                """,
                mailbox_id or 0,
                sha256,
            )
        )
        return StoredMail(*row, known=known)

    def _quarantine_verdict(self, reason):
        return {
            "empty": self.env._("There is nothing in this mail."),
            "unfetchable": self.env._(
                "The mailbox does not hand this mail over; it is still there."
            ),
            "header": self.env._("Its header is too long to be read safely."),
            "nesting": self.env._("Its parts are nested too deep to be read safely."),
            "parts": self.env._("It has too many parts to be read safely."),
        }[reason]

    def _read_content(self):
        """Return the exact bytes of one mail, empty once they were purged."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT content FROM crm_mailgateway_raw WHERE journal_id = %s", self.id
            )
        )
        return bytes(rows[0][0] or b"") if rows else b""

    # PROCESSING

    @api.model
    def _process(self, stored, trace, run):
        """Run the processing of one stored mail on the caller's cursor.

        :param StoredMail stored: the journal row
        :param MailTrace trace: collects what is known of the mail
        :param run: processes the mail and writes its result row
        :return: the id of the document, or False
        :raise psycopg2.Error: on concurrent updates, for the caller to repeat all
            of its transaction; the row stays *received*
        """
        try:
            with self.env.cr.savepoint():
                res_id = run()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self._on_own_cursor("_wake_up_at", fields.Datetime.now() + GRACE)
            raise
        except UniqueViolation as error:
            return self._lost_the_race(stored, error)
        except Exception as error:  # noqa: BLE001 a mail may do anything to a parser
            self._on_own_cursor("_fail", stored.id, error, trace)
            return False
        # After the commit only: until then nobody can tell what becomes of it.
        self.env.cr.postcommit.add(
            functools.partial(self._on_own_cursor, "_settle", [stored.id])
        )
        return res_id

    def _lost_the_race(self, stored, error):
        """Another process had the same mail in hand, or a copy of it."""
        constraint = error.diag.constraint_name or ""
        if constraint.startswith("crm_mailgateway_result"):
            if "message_id" in constraint:
                self._on_own_cursor("_ignore_copy", stored)
            return False
        self._on_own_cursor("_fail", stored.id, error)
        return False

    def _ignore_copy(self, stored):
        verdict = self._duplicate_verdict(stored.id, stored.message_id)
        self.browse(stored.id).write({"state": "ignored", "verdict": verdict})

    @api.model
    def _duplicate_verdict(self, row_id, message_id):
        """Name the row that had a Message-ID first."""
        results = self.env["crm.mailgateway.result"].sudo()  # the gateway's own book
        first = results.search([("message_id", "=", message_id)]).journal_id
        if first and first != row_id:
            return self.env._("Its Message-ID is known: duplicate of #%s", first)
        return self.env._("Its Message-ID is known: Odoo has this message already.")

    def _fail(self, row_id, error, trace=None):
        """Write down a failed attempt, and when the next one is due."""
        row = self.browse(row_id)
        pause = BACKOFF[row.attempts] if row.attempts < len(BACKOFF) else None
        hopeless = isinstance(error, RecursionError)
        if hopeless:
            pause = None
        next_attempt = pause and fields.Datetime.now() + pause
        _logger.warning("Received mail #%s failed: %r", row_id, error)
        row.write(
            {
                "state": "quarantined" if hopeless else "failed",
                "attempts": row.attempts + 1,
                "next_attempt": next_attempt,
                "verdict": trace and trace.verdict,
                "res_model": trace and trace.target,
                "error": _words(error),
                "traceback": _clean("".join(traceback.format_exception(error)[-8:])),
            }
        )
        if next_attempt:
            self._wake_up_at(next_attempt)

    def _wake_up_at(self, when):
        self.env.ref("crm_mailgateway.ir_cron_process")._trigger(when)

    @api.model
    def _settle(self, row_ids=None):
        """Copy committed results to their rows, and wake up what must follow.

        Bytes of mail for other documents go at once: they are none of our business.

        :param list row_ids: the rows to settle; None looks for forgotten ones
        """
        self.flush_model()
        self.env["crm.mailgateway.result"].flush_model()
        settled = self.env.execute_query(
            SQL(
                """
                UPDATE crm_mailgateway_message row
                   SET state = result.outcome, verdict = result.verdict,
                       res_model = result.res_model, res_id = result.res_id,
                       case_id = (SELECT id FROM crm_case
                                   WHERE result.res_model = 'crm.case'
                                     AND id = result.res_id),
                       error = NULL, traceback = NULL, next_attempt = NULL
                  FROM crm_mailgateway_result result
                 WHERE result.journal_id = row.id
                   AND row.state IN ('received', 'failed') AND %s
             RETURNING row.id, row.state, row.res_model, result.ack_state
                """,
                SQL("row.id = ANY(%s)", list(row_ids)) if row_ids else SQL("TRUE"),
            )
        )
        foreign = [
            row_id
            for row_id, state, model, _ack in settled
            if state == "processed" and model != "crm.case"
        ]
        self._purge(foreign)
        if any(ack == "pending" for *_row, ack in settled):
            self.env.ref("crm_mailgateway.ir_cron_acknowledge")._trigger()

    def _purge(self, row_ids):
        if row_ids:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_mailgateway_raw SET content = NULL
                     WHERE journal_id = ANY(%s)
                    """,
                    row_ids,
                )
            )

    @api.model
    def _cron_process(self):
        """Process what waits: crash survivors, and failures whose pause is over."""
        self._on_own_cursor("_settle")
        waiting = self.search(self._get_waiting_domain(), order="id", limit=500)
        progress = self.env["ir.cron"]
        total = self.search_count(self._get_waiting_domain())
        progress._commit_progress(remaining=total)
        for row_id in waiting.ids:
            self.browse(row_id)._process_alone()
            if not progress._commit_progress(1):
                break

    @api.model
    def _get_waiting_domain(self):
        now = fields.Datetime.now()
        return [
            "|",
            *("&", ("state", "=", "received"), ("create_date", "<", now - GRACE)),
            *("&", ("state", "=", "failed"), ("next_attempt", "<=", now)),
        ]

    def _process_alone(self):
        """Process one row in a transaction of its own, unless another worker does."""
        with self.env.registry.cursor() as claim:
            claim.execute(
                SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", CLAIM, self.id)
            )
            if not claim.fetchone()[0]:
                return
            try:
                with self.env.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    env[self._name].browse(self.id)._repeat()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                _logger.info("Received mail #%s waits for its turn", self.id)

    def _repeat(self):
        """Call ``message_process`` again, as it was called at first."""
        if self.state not in ("received", "failed"):
            return
        stored = StoredMail(self.id, "received", self.message_id, None, known=True)
        context = {ROW_KEY: stored}
        if self.mailbox_id:
            context["default_fetchmail_server_id"] = self.mailbox_id.id
        arguments = json.loads(self.arguments)
        # With the rights of whoever handed it over, and no others.
        gateway = self.env["mail.thread"].with_user(arguments.pop("uid", SUPERUSER_ID))
        gateway.with_context(**context).message_process(
            message=self._read_content(), **arguments
        )


def _words(error):
    """Say in one line what an exception is about."""
    lines = str(error).strip().splitlines()
    return _clean(lines[0] if lines else type(error).__name__)[:500]


def _clean(text):
    """Drop what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
