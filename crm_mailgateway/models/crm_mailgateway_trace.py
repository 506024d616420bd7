import time

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_cases.models.crm_case_erasure import get_pattern

from ..pipeline.naming import get_finder

ROWS = 500  # whose size is asked for at once
CHUNK = 4 * 1024 * 1024  # bytes that are held at once, or one mail


class CrmMailgatewayTrace(models.Model):
    """Addresses of erased persons that are still looked for in the bytes of mails.

    What stands inside of encoded parts has no index: all stored mails must be read.
    That is done from the newest to the oldest, a few megabytes at a time. Who erases
    waits for some seconds of it; what is left is done by a scheduled action, which
    deletes the row once every mail was looked at.

    Mails that wait to be filed are passed over: without their bytes they would be lost.
    """

    _name = "crm.mailgateway.trace"
    _description = "Address Still Looked For in Received Mails"
    _log_access = False

    addresses = fields.Json(required=True)
    below_id = fields.Integer(
        required=True, help="Only mails with lower ids are still to be looked at."
    )

    @api.model
    def _find_naming(self, addresses, below_id=None):
        """Yield ids of mails whose bytes name an address, a chunk at a time.

        :param below_id: look at mails with lower ids only
        :return: pairs of ids and the id below which mails are left, 0 at the end
        """
        finds = get_finder(addresses, get_pattern)
        while sizes := self._get_sizes(below_id):
            for row_ids in self._get_chunks(sizes):
                below_id = row_ids[-1]
                yield [i for i, raw in self._read_raws(row_ids) if finds(raw)], below_id
        yield [], 0

    def _get_sizes(self, below_id):
        """The next mails that have bytes and do not wait: their ids and sizes."""
        return self.env.execute_query(
            SQL(
                """
                SELECT row.id, octet_length(raw.content)
                  FROM crm_mailgateway_message row
                  JOIN crm_mailgateway_raw raw ON raw.journal_id = row.id
                 WHERE row.state IN ('processed', 'ignored') AND %s
                 ORDER BY row.id DESC LIMIT %s
                """,
                SQL("TRUE") if below_id is None else SQL("row.id < %s", below_id),
                ROWS,
            )
        )

    def _get_chunks(self, sizes):
        chunk, total = [], 0
        for row_id, size in sizes:
            if chunk and total + (size or 0) > CHUNK:
                yield chunk
                chunk, total = [], 0
            chunk.append(row_id)
            total += size or 0
        if chunk:
            yield chunk

    def _read_raws(self, row_ids):
        return [
            (row_id, bytes(content or b""))
            for row_id, content in self.env.execute_query(
                SQL(
                    "SELECT journal_id, content FROM crm_mailgateway_raw"
                    " WHERE journal_id = ANY(%s)",
                    row_ids,
                )
            )
        ]

    @api.model
    def _look_for(self, addresses, seconds):
        """Find mails that name an address, for some seconds.

        :return: the mails, and the id below which mails are left, or 0
        """
        found, left = [], 0
        stop = time.monotonic() + seconds
        for step in self._find_naming(addresses) if addresses else ():
            found += step[0]
            left = step[1]
            if time.monotonic() > stop:
                break
        return self.env["crm.mailgateway.message"].browse(found), left

    @api.model
    def _leave(self, addresses, below_id):
        """Let the scheduled action look at what is left."""
        self.create({"addresses": list(addresses), "below_id": below_id})
        self._wake_up()

    @api.model
    def _cron_trace(self):
        """Go on looking; each chunk is committed, so that nothing is done twice."""
        mails, progress = self.env["crm.mailgateway.message"], self.env["ir.cron"]
        while trace := self.search([], limit=1, order="id"):
            looked = self._find_naming(trace.addresses, trace.below_id)
            for row_ids, below_id in looked:
                mails._purge(row_ids)
                if below_id:
                    trace.below_id = below_id
                else:
                    trace.unlink()
                left = self.search_count([])
                if not progress._commit_progress(1, remaining=left) and left:
                    # The scheduler would sleep for up to a minute before it goes on.
                    self._wake_up()
                    return

    def _wake_up(self):
        self.env.ref("crm_mailgateway.ir_cron_trace")._trigger()
