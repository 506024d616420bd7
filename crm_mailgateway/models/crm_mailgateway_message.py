import dataclasses
import hashlib
import json
import logging
from typing import NamedTuple

import psycopg2
from psycopg2.errors import ProgramLimitExceeded

from odoo import SUPERUSER_ID, api, fields, models
from odoo.modules import module
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, LazyTranslate

from .. import words
from ..pipeline import headers, limits

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

OWN_CURSOR_ATTEMPTS = 5
FORCE_KEY = "crm_mailgateway_force"

# Why a mail is not even parsed, by the keys of ``limits.reason_to_quarantine``; or not
# read, though it could be parsed.
QUARANTINE_VERDICTS = {
    "empty": _lt("There is nothing in this mail."),
    "unfetchable": _lt("The mailbox does not hand this mail over; it is still there."),
    "oversized": _lt("It is larger than the limit; it is still in the mailbox."),
    "header": _lt("Its header is too long to be read safely."),
    "nesting": _lt("Its parts are nested too deep to be read safely."),
    "parts": _lt("It has too many parts to be read safely."),
    "markup": _lt("Its HTML is made so that it would take hours to be read."),
}


# Row and bytes in one statement; a mail that is stored already adds nothing.
INSERT = """
WITH row AS (
    INSERT INTO crm_mailgateway_message
           (create_uid, write_uid, create_date, write_date, mailbox_id, sha256, size,
            message_id, email_from, email_to, subject, date, attempts, arguments,
            server_key, state, verdict_terms, res_model, team_id)
    VALUES (%(uid)s, %(uid)s, %(now)s, %(now)s, %(mailbox)s, %(sha256)s, %(size)s,
            %(message_id)s, %(sender)s, %(recipients)s, %(subject)s, %(sent_on)s, 0,
            %(arguments)s, %(server_key)s, %(state)s, %(verdict)s, %(target)s,
            (SELECT crm_case_team_id FROM fetchmail_server WHERE id = %(mailbox)s))
    ON CONFLICT (COALESCE(mailbox_id, 0), sha256) DO NOTHING
    RETURNING id)
INSERT INTO crm_mailgateway_raw (journal_id, content)
SELECT id, %(content)s FROM row RETURNING journal_id
"""


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
    error; it is tried again with growing pauses. *Quarantined*: it failed too often,
    or was not even parsed because parsing would hurt; a person decides.

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
    server_key = fields.Char(
        "Left in the Mailbox as",
        readonly=True,
        help="Lasting name of a mail that was too large to be downloaded.",
    )
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
    verdict = fields.Char(compute="_compute_verdict", help="What was decided, and why.")
    # Source term and values, so that each reader sees it in a language of his own.
    verdict_terms = fields.Json(readonly=True)
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
    _waiting_idx = models.Index(
        "(id) WHERE state IN ('received', 'failed', 'quarantined')"
    )
    _server_key_idx = models.Index(
        "(mailbox_id, server_key) WHERE server_key IS NOT NULL"
    )
    _attention_idx = models.Index("(id) WHERE state IN ('failed', 'quarantined')")
    _create_date_idx = models.Index("(create_date)")
    _document_idx = models.Index("(res_model, res_id)")

    @api.depends("subject")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for received in self:
            received.display_name = received.subject or self.env._("(no subject)")

    @api.depends("verdict_terms")
    @api.depends_context("lang")
    def _compute_verdict(self):
        for received in self:
            received.verdict = words.speak(self.env, received.verdict_terms)

    @api.depends_context("lang")
    def _compute_ack(self):
        """Read the acknowledgement from the result: it changes after the mail did."""
        results = self.env["crm.mailgateway.result"].sudo()  # readable by nobody
        found = results.search_fetch(
            [("journal_id", "in", self.ids)], ["journal_id", "ack_state", "ack_terms"]
        )
        by_row = {result.journal_id: result for result in found}
        for received in self:
            result = by_row.get(received.id, results)
            received.ack_state = result.ack_state
            received.ack_reason = words.speak(self.env, result.ack_terms)

    # STORING

    @api.model
    def _in_odoo_test(self):
        """Tell whether Odoo's test runner drives us, with everything on one cursor."""
        return module.current_test and not self.env.context.get(FORCE_KEY)

    @api.model
    def _store(self, content, mailbox_id, arguments, server_key=None):
        """Store a mail durably, or recognise one that is stored already.

        :param bytes content: the mail, exactly as received
        :param int mailbox_id: the ``fetchmail.server`` it came from, or False
        :param dict arguments: those of ``message_process``, to repeat the call
        :param str server_key: name of a mail that was too large to be downloaded
        :return: a :class:`StoredMail`
        :raise psycopg2.Error: if the mail cannot be stored; the caller must then
            leave it where it is
        """
        if self._in_odoo_test():
            with self.env.cr.savepoint():
                return self._insert(content, mailbox_id, arguments, server_key)
        plain = (content, mailbox_id, arguments, server_key)
        try:
            stored = self._on_own_cursor("_insert", *plain)
        except (psycopg2.DataError, ProgramLimitExceeded) as error:
            # Nothing in a header may keep a mail from being stored.
            _logger.warning("The header of a mail does not fit: %s", error)
            envelope = headers.unreadable(content)
            stored = self._on_own_cursor("_insert", *plain, envelope)
        if stored.state == "quarantined" and not stored.known:
            self._on_own_cursor("_call_for_a_decision")
        return stored

    @api.model
    def _store_all(self, contents, mailbox_id, arguments):
        """Store several mails with one commit, all of them or none.

        :param list contents: as of :meth:`_store`, like the other arguments
        :return: a list of :class:`StoredMail`
        """
        plain = (contents, mailbox_id, arguments)
        if len(contents) > 1 and not self._in_odoo_test():
            try:
                stored = self._on_own_cursor("_insert_all", *plain)
            except (psycopg2.DataError, ProgramLimitExceeded) as error:
                # One of them, which is found when each is stored alone.
                _logger.info("Mails are stored one by one: %s", error)
            else:
                if any(one.state == "quarantined" and not one.known for one in stored):
                    self._on_own_cursor("_call_for_a_decision")
                return stored
        return [self._store(content, *plain[1:]) for content in contents]

    @api.model
    def _insert_all(self, contents, mailbox_id, arguments):
        return [self._insert(content, mailbox_id, arguments) for content in contents]

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
    def _insert(self, content, mailbox_id, arguments, server_key=None, envelope=None):
        """Insert row and bytes by SQL: one round trip, and no ORM state."""
        reason = limits.reason_to_quarantine(content)
        envelope = envelope or headers.read_envelope(content)
        values = {
            **dataclasses.asdict(envelope),
            "uid": self.env.uid,
            "now": fields.Datetime.now(),
            "mailbox": mailbox_id or None,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "arguments": json.dumps(arguments),
            "server_key": server_key,
            "state": "quarantined" if reason else "received",
            "verdict": words.as_json(QUARANTINE_VERDICTS.get(reason)),
            # Others are routed first.
            "target": reason and self._guess_target(arguments, envelope.recipients),
            "content": psycopg2.Binary(content),
        }
        inserted = self.env.execute_query(SQL(INSERT, **values))
        if not inserted:
            return self._stored(values["sha256"], mailbox_id)
        return StoredMail(
            inserted[0][0], values["state"], values["message_id"], None, known=False
        )

    def _stored(self, sha256, mailbox_id):
        """Return the row that holds these very bytes already.

        What was processed and not settled yet is processed.
        """
        [row] = self.env.execute_query(
            SQL(
                """
                SELECT row.id, COALESCE(result.outcome, row.state), row.message_id,
                       COALESCE(result.res_id, row.res_id)
                  FROM crm_mailgateway_message row
             LEFT JOIN crm_mailgateway_result result
                    ON result.journal_id = row.id AND row.state = 'received'
                 WHERE COALESCE(row.mailbox_id, 0) = %s AND row.sha256 = %s
                """,
                mailbox_id or 0,
                sha256,
            )
        )
        return StoredMail(*row, known=True)

    def _read_content(self):
        """Return the exact bytes of one mail, empty once they were purged."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT content FROM crm_mailgateway_raw WHERE journal_id = %s", self.id
            )
        )
        return bytes(rows[0][0] or b"") if rows else b""
