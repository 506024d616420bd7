from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import LazyTranslate

from .. import words
from ..batch import CONTEXT_KEY, BatchMemory

_lt = LazyTranslate(__name__)

OVERLAP = timedelta(minutes=1)
CASE_DELETED = _lt("The case was deleted before.")


class CrmMailgatewayResult(models.Model):
    """What one received mail became, written in the transaction that made it so.

    The transaction that processes a mail may have begun before the journal row
    was committed, so it cannot see that row: an UPDATE would silently hit nothing
    and a foreign key would fail. It inserts a row here instead, by number only.

    ``journal_id`` is unique: of two processes that work on one mail the second
    waits for the first, fails, and rolls everything back. ``message_id`` is set,
    and unique, for mails that go to cases: a copy of a mail with other bytes
    (through another mailbox, say) cannot make a second case.

    ACKNOWLEDGEMENT
    ``ack_state`` tells whether the sender was thanked: *pending* rows are picked
    up by the scheduled action in batches, *withheld* ones say why in ``ack_terms``.
    """

    _name = "crm.mailgateway.result"
    _description = "Result of a Received Mail"
    _order = "id desc"

    journal_id = fields.Integer(required=True, readonly=True)
    outcome = fields.Selection(
        [("processed", "Processed"), ("ignored", "Ignored")],
        required=True,
        readonly=True,
    )
    message_id = fields.Char("Guarded Message-ID", readonly=True)
    verdict_terms = fields.Json(readonly=True)
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", readonly=True
    )
    sender = fields.Char(help="Normalised address of the sender.", readonly=True)
    ack_state = fields.Selection(
        [
            ("pending", "Pending"),
            ("queued", "Sent to the queue"),
            ("withheld", "Withheld"),
            ("failed", "Failed"),
        ],
        string="Acknowledgement",
        readonly=True,
    )
    ack_terms = fields.Json("Why no Acknowledgement", readonly=True)

    _journal_unique = models.UniqueIndex("(journal_id)")
    _message_id_unique = models.UniqueIndex("(message_id) WHERE message_id IS NOT NULL")
    _pending_idx = models.Index("(id) WHERE ack_state = 'pending'")
    _sender_idx = models.Index("(sender, create_date) WHERE ack_state IS NOT NULL")
    # For the question how many were thanked in the last hour, asked with each new case.
    _thanked_idx = models.Index(
        "(create_date) WHERE ack_state IN ('pending', 'queued')"
    )
    _document_idx = models.Index("(res_model, res_id)")

    @api.model
    def _cron_acknowledge(self, batch_size=100):
        """Thank the senders of new cases, in batches, each exactly once."""
        self._tell_boards()
        progress = self.env["ir.cron"]
        progress._commit_progress()
        while pending := self.search([("ack_state", "=", "pending")], limit=batch_size):
            # Rows that another worker has in hand are left to it.
            locked = pending.try_lock_for_update()
            locked.filtered(lambda r: r.ack_state == "pending")._acknowledge()
            remaining = self.search_count([("ack_state", "=", "pending")])
            left = progress._commit_progress(len(locked), remaining=remaining)
            if remaining and not left:
                # The scheduler would sleep for up to a minute before it goes on.
                self.env.ref("crm_mailgateway.ir_cron_acknowledge")._trigger()
            if not locked or not left:
                break

    @api.model
    def _tell_boards(self):
        """Tell open boards of mails that came since the last run, if any did.

        With an overlap, for transactions that took long: to be told twice is harmless.
        """
        last = self.search([], limit=1)
        lastcall = self.env.context.get("lastcall")
        if last and not (lastcall and last.create_date < lastcall - OVERLAP):
            cases = self.env["crm.case"]
            cases._announce()
            cases._tell_dashboards()

    def _acknowledge(self):
        """Queue one acknowledgement per result; a failing one stops no other."""
        self = self.with_context(**{CONTEXT_KEY: BatchMemory()})
        cases = self.env["crm.case"].browse(self.mapped("res_id")).exists()
        by_case = {result.res_id: result for result in self}
        for template, group in cases._group_by_acknowledgement_template().items():
            try:
                with self.env.cr.savepoint():
                    group._queue_acknowledgements(template, by_case)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise  # all of it is repeated, by the next run of the action
            except Exception as error:  # noqa: BLE001 told on the row itself
                self._acknowledge_one_by_one(group, template, by_case, error)
        gone = self.filtered(lambda r: r.res_id not in cases.ids)
        gone.write({"ack_state": "withheld", "ack_terms": words.pack(CASE_DELETED)})
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _acknowledge_one_by_one(self, cases, template, by_case, batch_error):
        for case in cases:
            try:
                with self.env.cr.savepoint():
                    case._queue_acknowledgements(template, by_case)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:  # noqa: BLE001 told on the row itself
                reason = words.pack(str(error) or str(batch_error))
                by_case[case.id].write({"ack_state": "failed", "ack_terms": reason})
