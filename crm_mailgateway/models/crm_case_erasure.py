from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crm_cases.models.crm_case_erasure import get_pattern

KEPT = ("sha256", "message_id", "res_model", "server_key")
# How long who erases, or looks at the preview, waits for bytes to be read
SECONDS = {"erase": 10, "preview": 2}


class CrmCaseErasure(models.AbstractModel):
    """Received mails are forgotten with their case, or with who wrote or got them.

    The bytes go, and every word of the envelope. What stays is the digest of the bytes
    and the Message-ID, by which a mail that is delivered once more is recognised and
    adds nothing; a Message-ID that holds the address stays as a digest.

    A mail of somebody else that names the person loses its bytes, and the address in
    its subject. One that still waits to be filed keeps them: it would be lost. What is
    looked for inside of the bytes is what ``crm.mailgateway.trace`` says.
    """

    _inherit = "crm.case.erasure"

    @api.model
    def _count_cases(self, cases):
        mails = self._get_mails_of_cases(cases)
        return [
            *super()._count_cases(cases),
            (self.env._("Received mails"), len(mails)),
        ]

    @api.model
    def _count_person(self, person):
        mails = self._get_mails_of_person(person) - self._get_mails_of_cases(
            person.cases
        )
        # Not what messages say: their table has no index for it, and no end in sight.
        naming, left = self.env["crm.mailgateway.trace"]._look_for(
            person.addresses, SECONDS["preview"]
        )
        naming -= mails | self._get_mails_of_cases(person.cases)
        count = len(naming)
        if left:
            count = self.env._("%s so far, erasing goes on looking", count)
        return [
            *super()._count_person(person),
            (self.env._("Other received mails of the person"), len(mails)),
            (self.env._("Mails of others that name the person"), count),
        ]

    @api.model
    def _erase_cases(self, cases):
        mails = self._get_mails_of_cases(cases)
        result = super()._erase_cases(cases)
        self._erase_mails(mails)
        self._blank(
            self.env["crm.mailgateway.roundtrip"].search([("case_id", "in", cases.ids)])
        )
        return result

    @api.model
    def _erase_person(self, person):
        mails = self._get_mails_of_person(person)
        mails |= self._get_mails_of_cases(person.cases)
        self.env["crm.mailgateway.blocked"].search(
            [("email", "in", list(person.addresses))]
        ).unlink()
        addresses = person.addresses
        naming, left = self._get_mails_that_name(addresses)
        result = super()._erase_person(person)
        results = self._erase_mails(mails)
        self._forget_bytes(naming - mails, addresses)
        if left:
            self.env["crm.mailgateway.trace"]._leave(addresses, left)
        for records in (mails, results):
            self._digest_ids(records, person.addresses)
        return result

    @api.model
    def _get_swept_models(self):
        journal = [self.env[name] for name in self.env if "crm.mailgateway." in name]
        kept = ("message", "result", "trace")
        return super()._get_swept_models() + [
            model
            for model in journal
            if model._auto
            and not model._abstract
            and model._name.rpartition(".")[2] not in kept
        ]

    def _get_mails_of_cases(self, cases):
        parties = self._get_parties(cases)
        return self.env["crm.mailgateway.message"].search(
            Domain("case_id", "in", cases.ids)
            | Domain.OR(
                Domain("res_model", "=", records._name)
                & Domain("res_id", "in", records.ids)
                for records in (cases, parties)
            )
        )

    def _get_mails_of_person(self, person):
        rows = self._get_naming(
            "crm.mailgateway.message",
            ["email_from", "email_to", "message_id"],
            person.addresses,
        )
        results = self.env["crm.mailgateway.result"].search(
            [("sender", "in", list(person.addresses))]
        )
        return rows | rows.browse(results.mapped("journal_id")).exists()

    def _get_mails_that_name(self, addresses):
        """Mails in whose text an address stands: as the messages that were made of them
        say, and as the bytes say.

        :return: the mails, and the id below which bytes are still to be read, or 0
        """
        rows, left = self.env["crm.mailgateway.trace"]._look_for(
            addresses, SECONDS["erase"]
        )
        self.env.flush_all()
        for address in addresses:
            found = self.env.execute_query(
                SQL(
                    """
                    SELECT row.id FROM crm_mailgateway_message row
                      JOIN crm_mailgateway_raw raw ON raw.journal_id = row.id
                     WHERE row.state = 'processed' AND row.message_id IN (
                               SELECT message_id FROM mail_message
                                WHERE body ~* %(pattern)s OR subject ~* %(pattern)s)
                    """,
                    pattern=get_pattern(address),
                )
            )
            rows |= rows.browse(row_id for (row_id,) in found)
        return rows, left

    def _forget_bytes(self, mails, addresses):
        mails._purge(mails.ids)
        names = ("subject", "email_to", "error")
        columns = [f for f in map(mails._fields.get, names) if f and f.store]
        for address in addresses:
            self._sweep_table(mails, columns, address)
        mails.invalidate_recordset()

    def _erase_mails(self, mails):
        """Forget bytes and words of mails; what is not processed yet never will be."""
        mails._purge(mails.ids)
        self.env["ir.attachment"].search(
            [("res_model", "=", mails._name), ("res_id", "in", mails.ids)]
        ).unlink()
        waiting = mails.filtered(
            lambda mail: mail.state in ("received", "failed", "quarantined")
        )
        results = self.env["crm.mailgateway.result"].search(
            [("journal_id", "in", mails.ids)]
        )
        pending = results.filtered(lambda result: result.ack_state == "pending")
        self._update(pending, {"ack_state": "withheld"})
        self._blank(results, keep=KEPT, verdict_terms=None, ack_terms=None)
        self._blank(mails, keep=KEPT, verdict_terms=None)
        self._update(waiting, {"state": "ignored"})
        return results

    def _digest_ids(self, records, addresses):
        """Message-IDs that hold an address: some programs put it there."""
        for address in addresses:
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET message_id = '<' || md5(message_id) || '@erased>'"
                    " WHERE id = ANY(%s) AND position(%s IN lower(message_id)) > 0",
                    SQL.identifier(records._table),
                    records.ids,
                    address,
                )
            )
        records.invalidate_recordset()
