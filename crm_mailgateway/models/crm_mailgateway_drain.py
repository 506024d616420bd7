import email
import email.policy
import json
import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, LazyTranslate, groupby

from .. import words
from ..connections import MAX_AHEAD, MAX_AHEAD_SIZE
from ..loop import LOOP_KEY, MailLoop
from ..pipeline import limits, markup
from ..pipeline.parsing import mend
from .crm_mailgateway_message import StoredMail
from .crm_mailgateway_processing import GRACE, ROUTE_KEY, ROW_KEY

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

# First key of the advisory locks by which workers share the waiting mails.
CLAIM = 0x6D61696C
# How many waiting mails one run of the scheduled action takes up.
MAX_TAKEN = 500
# How often the server may be killed over a mail before a person decides.
MAX_BEGUN = 3

SETTLED = ("processed", "ignored")


class CrmMailgatewayMessage(models.Model):
    """How mails that wait are taken up: after a crash, a conflict, or a failure.

    TOGETHER
    Mails that were just not processed are processed as they would have been: some in
    one transaction, each alone if one of them fails. Mails that failed before, or over
    which the server died, are each alone from the start.

    ONE WORKER
    Two workers never have one mail in hand: each claims what it takes by advisory
    locks, which end with it whatever happens to it.

    NO MAIL BLOCKS THE OTHERS
    What kills the server (memory, time) leaves no failure behind, and would be the
    first in line again. Therefore it is noted before that a mail is *begun*; what was
    begun too often and never ended is quarantined.
    """

    _inherit = "crm.mailgateway.message"

    begun = fields.Integer(
        "Attempts Without End",
        readonly=True,
        help="How often it was being processed when the server was stopped.",
    )

    @api.model
    def _cron_process(self):
        """Process what waits: crash survivors, and failures whose pause is over."""
        self._on_own_cursor("_settle")
        domain = self._get_waiting_domain()
        fields_needed = ["state", "begun", "size", "mailbox_id", "arguments"]
        waiting = self.search_fetch(domain, fields_needed, order="id", limit=MAX_TAKEN)
        progress = self.env["ir.cron"]
        shares = waiting._share_out()
        progress._commit_progress(remaining=self.search_count(domain))
        loop = MailLoop()
        try:
            for share in shares:
                share.with_context(**{LOOP_KEY: loop})._process_share()
                if not progress._commit_progress(len(share)):
                    # The scheduler would sleep for up to a minute before it goes on.
                    self._wake_up_at(fields.Datetime.now())
                    break
        finally:
            self._settle_loop(loop)

    @api.model
    def _get_waiting_domain(self):
        now = fields.Datetime.now()
        return [
            "|",
            *("&", ("state", "=", "received"), ("create_date", "<", now - GRACE)),
            *("&", ("state", "=", "failed"), ("next_attempt", "<=", now)),
        ]

    def _share_out(self):
        """Return these rows as a list of records, each to be processed together."""

        def kind(row):
            fresh = row.state == "received" and not row.begun
            return fresh and (row.mailbox_id.id, row.arguments)

        shares = []
        for fresh, rows in groupby(self, kind):
            share, size = self.browse(), 0
            for row in rows:
                size += row.size
                if share and (
                    not fresh or len(share) == MAX_AHEAD or size > MAX_AHEAD_SIZE
                ):
                    shares.append(share)
                    share, size = self.browse(), row.size
                share += row
            shares.append(share)
        return shares

    def _process_share(self):
        if len(self) > 1 and not self._in_odoo_test():
            self._process_together()
        else:
            self._process_alone(watched=True)

    @api.model
    def _begin(self, row_ids):
        """Note that mails are being processed, while nobody knows how that will end.

        :return: the ids of those that may be; others are quarantined
        """
        begun = self.env.execute_query(
            SQL(
                """
                UPDATE crm_mailgateway_message SET begun = COALESCE(begun, 0) + 1
                 WHERE id = ANY(%s) RETURNING id, begun
                """,
                list(row_ids),
            )
        )
        deadly = self.browse([row_id for row_id, times in begun if times > MAX_BEGUN])
        if deadly:
            verdict = _lt(
                "Odoo was stopped %s times while it processed this mail.", MAX_BEGUN
            )
            terms = words.pack(verdict)
            deadly.write({"state": "quarantined", "verdict_terms": terms})
            self._call_for_a_decision()
        return [row_id for row_id, _times in begun if row_id not in deadly.ids]

    def _process_together(self):
        """Process rows in a few transactions, except those that another worker has."""
        with self.env.registry.cursor() as claim:
            row_ids = self._claim(claim)
            if not row_ids:
                return
            self._on_own_cursor("_begin", row_ids)
            with self.env.registry.cursor() as cr:
                loop = {LOOP_KEY: self.env.context.get(LOOP_KEY) or MailLoop()}
                env = api.Environment(cr, SUPERUSER_ID, loop)
                env[self._name].browse(row_ids)._repeat_together()

    def _repeat_together(self):
        """Call ``message_process`` for rows that came by one way, as Odoo's loop does.

        The first call processes all of them, if all goes well.
        """
        loop = self.env.context[LOOP_KEY]
        contents = [row._read_content() for row in self]
        for row, content in zip(self, contents, strict=True):
            stored = StoredMail(row.id, "received", row.message_id, None, known=False)
            loop.remember(content, stored)
        gateway, arguments = self[:1]._prepare_repetition({})
        for row_id, content in zip(self.ids, contents, strict=True):
            try:
                gateway.message_process(message=content, **arguments)
                gateway.env.cr.commit()  # each mail counts, whatever the next one does
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                gateway.env.cr.rollback()
                _logger.info("Received mail #%s waits for its turn", row_id)

    def _process_alone(self, route=None, *, watched=False):
        """Process one row in a transaction of its own, unless another worker does.

        :param tuple route: see :meth:`_repeat`
        :param bool watched: note that it is begun; a person who asks needs no guard
        """
        if self._in_odoo_test():
            self._repeat(route)
            return
        with self.env.registry.cursor() as claim:
            if not self._claim(claim, SETTLED if route else ()):
                return
            if watched and not self._on_own_cursor("_begin", self.ids):
                return
            try:
                with self.env.registry.cursor() as cr:
                    loop = {LOOP_KEY: self.env.context.get(LOOP_KEY)}
                    env = api.Environment(cr, SUPERUSER_ID, loop)
                    env[self._name].browse(self.id)._repeat(route)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                _logger.info("Received mail #%s waits for its turn", self.id)

    def _claim(self, cr, settled=()):
        """Take rows that wait, for as long as a transaction lasts.

        :param settled: states of rows to take as well
        :return: the ids of those that nobody else has
        """
        cr.execute(
            SQL(
                """
                SELECT row.id
                  FROM crm_mailgateway_message row
             LEFT JOIN crm_mailgateway_result result
                    ON result.journal_id = row.id AND row.state = 'received'
                 WHERE row.id = ANY(%s)
                   AND COALESCE(result.outcome, row.state) != ALL(%s)
                   AND pg_try_advisory_xact_lock(%s, row.id)
              ORDER BY row.id
                """,
                self.ids,
                [state for state in SETTLED if state not in settled],
                CLAIM,
            )
        )
        return [row_id for (row_id,) in cr.fetchall()]

    def _repeat(self, route=None):
        """Call ``message_process`` again, as it was called at first.

        :param tuple route: values of a new case, or the id of the case that it joins,
            as decided by a person; None lets the gateway decide
        """
        if self.state in SETTLED and not route:
            return
        stored = StoredMail(self.id, "received", self.message_id, None, known=True)
        context = {ROW_KEY: stored, ROUTE_KEY: route}
        gateway, arguments = self._prepare_repetition(context)
        gateway.message_process(message=self._read_content(), **arguments)

    def _prepare_repetition(self, context):
        """Return the gateway that a mail came through, and how it was called."""
        if self.mailbox_id:
            context["default_fetchmail_server_id"] = self.mailbox_id.id
        arguments = json.loads(self.arguments)
        # With the rights of whoever handed it over, and no others.
        gateway = self.env["mail.thread"].with_user(arguments.pop("uid", SUPERUSER_ID))
        return gateway.with_context(**context), arguments

    def _may_be_parsed(self):
        """Tell whether a mail can be processed at all, or only be read by a person."""
        content = self._read_content()
        if not content or limits.reason_to_quarantine(content):
            return False
        message = email.message_from_bytes(content, policy=email.policy.SMTP)
        mend(message)
        return not markup.is_hostile(message)
