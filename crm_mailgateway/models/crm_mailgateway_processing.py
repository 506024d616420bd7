import datetime
import logging
import traceback

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, LazyTranslate

from odoo.addons.crm_cases.transaction import all_or_nothing

from .. import words
from ..loop import LOOP_KEY, MailLoop
from ..pipeline.markup import HostileMarkup
from .crm_mailgateway_rule import HeldByRule

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

# How long after the n-th failure the next attempt comes; then a person decides.
BACKOFF = [datetime.timedelta(minutes=m) for m in (1, 5, 30, 120, 720)]
# A mail is in somebody's hands for this long before the scheduled action takes it.
GRACE = datetime.timedelta(minutes=2)

# Which rows are to learn what became of them; an index finds those.
UNSETTLED = "row.state IN ('received', 'failed', 'quarantined')"
# Also one that somebody ignored while it became a case: the case is there.
SETTLE_THESE = f"""row.id = ANY(%s) AND ({UNSETTLED} OR row.state = 'ignored'
    AND result.outcome = 'processed' AND COALESCE(row.res_id, 0) = 0)"""

ACKNOWLEDGE = "crm_mailgateway.ir_cron_acknowledge"
ROW_KEY = "crm_mailgateway_row"
ROUTE_KEY = "crm_mailgateway_route"


class CrmMailgatewayMessage(models.Model):
    """How a stored mail is processed, once, and what happens if that fails.

    A failure is written down outside of the transaction that failed. It is tried
    again with growing pauses, and after the last one the mail is quarantined.
    A conflict between transactions is no failure: the mail just waits for its turn.
    """

    _inherit = "crm.mailgateway.message"

    @api.model
    def _process(self, stored, trace, run):
        """Run the processing of one stored mail on the caller's cursor.

        :param StoredMail stored: the journal row
        :param MailTrace trace: collects what is known of the mail
        :param run: processes the mail and writes its result row
        :return: the id of the document, or False
        :raise psycopg2.Error: on concurrent updates, for the caller to repeat all
            of its transaction, and if the connection is lost; the row stays *received*
        """
        try:
            with all_or_nothing(self.env.cr):
                res_id = run()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self._on_own_cursor("_postpone", stored.id)
            raise
        except UniqueViolation as error:
            return self._lost_the_race(stored, error)
        except Exception as error:  # noqa: BLE001 a mail may do anything to a parser
            if self.env.cr._cnx.closed:
                raise  # the database went away, which is no fault of the mail
            self._on_own_cursor("_fail", stored.id, error, trace)
            return False
        self._conclude_after_commit(trace)
        return res_id

    @api.model
    def _conclude_after_commit(self, trace):
        """Settle a processed mail, once it is certain what became of it."""
        self.env.cr.postcommit.add(
            lambda: self._conclude(trace.journal_id, trace.tells is False)
        )

    @api.model
    def _conclude(self, row_id, untold):
        """Settle a mail that was processed, with others of its loop if there is one."""
        loop = self.env.context.get(LOOP_KEY)
        single = not isinstance(loop, MailLoop)
        loop = MailLoop() if single else loop
        loop.add(row_id, untold)
        if single or loop.is_due:
            self._settle_loop(loop)

    @api.model
    def _settle_loop(self, loop):
        row_ids, untold = loop.take()
        if row_ids:
            self._on_own_cursor("_settle", row_ids, untold)

    def _postpone(self, row_id):
        """Leave a mail that others were in the way of to the scheduled action."""
        self.browse(row_id).begun = 0
        self._wake_up_at(fields.Datetime.now() + GRACE)

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
        self.browse(stored.id).write(
            {"state": "ignored", "verdict_terms": words.pack(verdict)}
        )

    @api.model
    def _duplicate_verdict(self, row_id, message_id):
        """Name the row that had a Message-ID first."""
        results = self.env["crm.mailgateway.result"].sudo()  # the gateway's own book
        first = results.search([("message_id", "=", message_id)]).journal_id
        if first and first != row_id:
            return _lt("Its Message-ID is known: duplicate of #%s", first)
        return _lt("Its Message-ID is known: Odoo has this message already.")

    def _fail(self, row_id, error, trace=None):
        """Write down a failed attempt, and when the next one is due."""
        row = self.browse(row_id)
        pause = BACKOFF[row.attempts] if row.attempts < len(BACKOFF) else None
        if isinstance(error, RecursionError | HeldByRule | HostileMarkup):
            pause = None  # it would end so each time
        next_attempt = pause and fields.Datetime.now() + pause
        if not isinstance(error, HeldByRule):
            _logger.warning("Received mail #%s failed: %r", row_id, error)
        row.write(
            {
                "state": "failed" if next_attempt else "quarantined",
                "attempts": row.attempts + (not isinstance(error, HeldByRule)),
                "begun": 0,
                "next_attempt": next_attempt,
                "verdict_terms": trace and words.pack(trace.verdict),
                "res_model": (trace and trace.target) or row._guess_own_target(),
                **self._prepare_error_vals(error),
                **self._prepare_kind_vals(trace),
            }
        )
        if next_attempt:
            self._wake_up_at(next_attempt)
        else:
            self._call_for_a_decision()

    @api.model
    def _prepare_error_vals(self, error):
        """Return what is told of an error; to be held is none."""
        if isinstance(error, HeldByRule):
            return {"error": False, "traceback": False}
        trace = _clean("".join(traceback.format_exception(error)[-8:]))
        return {"error": _words(error), "traceback": trace}

    def _wake_up_at(self, when):
        self.env.ref("crm_mailgateway.ir_cron_process")._trigger(when)

    @api.model
    def _settle(self, row_ids=None, untold=False):
        """Copy committed results to their rows, and wake up what must follow.

        Bytes of mail for other documents go at once: they are none of our business.

        :param list row_ids: the rows to settle; None looks for forgotten ones
        :param bool untold: whether open boards are still to be told of them
        """
        self.flush_model()
        self.env["crm.mailgateway.result"].flush_model()
        thanks = self.env["ir.model.data"]._xmlid_to_res_id(ACKNOWLEDGE)
        # Only a copy of what is durable already: no need to wait for the disk.
        settled = self.env.execute_query(
            SQL(
                """
                SET LOCAL synchronous_commit TO OFF;
                UPDATE crm_mailgateway_message row
                   SET state = result.outcome, verdict_terms = result.verdict_terms,
                       res_model = result.res_model, res_id = result.res_id,
                       classification = result.classification,
                       classified_by = result.classified_by,
                       case_id = (SELECT id FROM crm_case
                                   WHERE result.res_model = 'crm.case'
                                     AND id = result.res_id),
                       error = NULL, traceback = NULL, next_attempt = NULL
                  FROM crm_mailgateway_result result
                 WHERE result.journal_id = row.id AND %s
             RETURNING row.id, row.state, row.res_model, result.ack_state, %s
                """,
                SQL(SETTLE_THESE, list(row_ids)) if row_ids else SQL(UNSETTLED),
                self._is_due(thanks),
            )
        )
        foreign = [
            row_id
            for row_id, state, model, *_rest in settled
            if state == "processed" and model != "crm.case"
        ]
        self._purge(foreign)
        self.browse(row[0] for row in settled if row[1] == "ignored")._note_copies()
        waiting = untold or any(row[3] == "pending" for row in settled)
        if waiting and not any(row[4] for row in settled):
            self.env["ir.cron"].browse(thanks)._trigger()

    @api.model
    def _is_due(self, cron_id):
        """SQL: whether a scheduled action is about to run anyway.

        A thousand mails need one run, and each trigger costs a connection.
        """
        return SQL(
            """EXISTS (SELECT FROM ir_cron_trigger WHERE cron_id = %s
                          AND call_at <= now() AT TIME ZONE 'UTC')""",
            cron_id,
        )

    def _trigger_once(self, xmlid):
        """Trigger a scheduled action, unless it is about to run anyway."""
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(xmlid)
        [[due]] = self.env.execute_query(SQL("SELECT %s", self._is_due(cron_id)))
        if not due:
            self.env["ir.cron"].browse(cron_id)._trigger()

    def _purge(self, row_ids):
        """Forget the bytes of mails; their rows and digests stay."""
        if row_ids:
            self.env.cr.execute(
                SQL(
                    "DELETE FROM crm_mailgateway_raw WHERE journal_id = ANY(%s)",
                    row_ids,
                )
            )


def _words(error):
    """Say in one line what an exception is about."""
    lines = str(error).strip().splitlines()
    return _clean(lines[0] if lines else type(error).__name__)[:500]


def _clean(text):
    """Drop what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
