import math
import re
from unicodedata import normalize

from odoo import api, fields, models
from odoo.tools import SQL

# PostgreSQL refuses a document over 1 MB, and a mail must not be refused with it: four
# bytes per character and six per word stay below that. What a mail has beyond this is
# history that other mails of the case have as well.
MESSAGE_CHARACTERS = 20_000
TALK_CHARACTERS = 80_000
OTHER_CHARACTERS = 10_000
BATCH = 2_000
# The web client counts so far and shows "10,000+".
ENOUGH = 10_000
STALE = "crm_cases.stale_documents"
# Of Latin, Greek and Cyrillic letters; marks of other scripts are more than an accent.
ACCENTS = "[\\u0300-\\u036f]"
SHARES = """
WITH common AS MATERIALIZED (
    SELECT word, share
      FROM pg_stats,
           unnest(most_common_elems::text::text[], most_common_elem_freqs)
        AS common (word, share)
     WHERE schemaname = current_schema
       AND tablename = 'crm_case_document' AND attname = 'document'
)
SELECT reltuples,
       ARRAY(SELECT (SELECT coalesce(max(share), 0)
                       FROM common WHERE starts_with(word, asked))
               FROM unnest(%s) AS asked)
  FROM pg_class WHERE oid = 'crm_case_document'::regclass
"""


class CrmCaseDocument(models.Model):
    """All words of a case in one place, where PostgreSQL finds them.

    A row holds the ``tsvector`` of one case: number and subject weigh most, then the
    customer, then the conversation, then names of attachments. It has a table of its
    own, because a new word must not rewrite the row of the case and all its indexes.

    Changed cases are remembered and written once, right before the transaction is
    committed. Rows of cases that came in past the ORM are added by a scheduled action.
    Nobody reads this table but the search of ``crm.case``, under the rules of cases.
    """

    _name = "crm.case.document"
    _description = "Words of a Case"
    _log_access = False

    case_id = fields.Many2one("crm.case", required=True, ondelete="cascade")

    _case_unique = models.UniqueIndex("(case_id)")

    def init(self):
        self.env.cr.execute(
            """
            ALTER TABLE crm_case_document ADD COLUMN IF NOT EXISTS document tsvector;
            CREATE INDEX IF NOT EXISTS crm_case_document_document_idx
                ON crm_case_document USING gin (document);
            """
        )

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    @api.model
    def _mark_stale(self, case_ids):
        """Write the words of these cases anew before the transaction is committed."""
        callbacks = self.env.cr.precommit
        if STALE not in callbacks.data:
            callbacks.data[STALE] = set()
            callbacks.add(self._write_stale)
        callbacks.data[STALE].update(case_ids)

    def _write_stale(self):
        case_ids = sorted(self.env.cr.precommit.data.pop(STALE, ()))
        for start in range(0, len(case_ids), BATCH):
            self._write_documents(case_ids[start : start + BATCH])

    @api.model
    def _write_documents(self, case_ids):
        """Insert or replace the words of these cases, in one statement.

        :param list case_ids: those that are gone are left out
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_case_document (case_id, document)
                SELECT c.id,
                       setweight(to_tsvector('simple', %(subject)s), 'A')
                    || setweight(to_tsvector('simple', %(customer)s), 'B')
                    || setweight(to_tsvector('simple', %(talk)s), 'C')
                    || setweight(to_tsvector('simple', %(files)s), 'D')
                  FROM crm_case c
             LEFT JOIN LATERAL (
                    SELECT string_agg(
                               concat_ws(' ', m.subject, left(m.body, %(each)s)),
                               ' ' ORDER BY m.id DESC
                           ) AS talk
                      FROM mail_message m
                     WHERE m.model = 'crm.case' AND m.res_id = c.id
                       AND m.message_type NOT IN ('notification', 'user_notification')
                  ) said ON TRUE
             LEFT JOIN LATERAL (
                    SELECT string_agg(regexp_replace(a.name, '[._-]+', ' ', 'g')
                                      || ' ' || a.name, ' ') AS names
                      FROM ir_attachment a
                     WHERE a.res_model = 'crm.case' AND a.res_id = c.id
                       AND a.res_field IS NULL
                  ) files ON TRUE
                 WHERE c.id IN %(ids)s
           ON CONFLICT (case_id) DO UPDATE SET document = EXCLUDED.document
                """,
                ids=tuple(case_ids),
                each=MESSAGE_CHARACTERS,
                **self._get_texts(),
            )
        )

    def _get_texts(self):
        """What is said where, as SQL on the query above."""
        # CASE-00042 is found by 00042 and by 42 as well
        digits = SQL("regexp_replace(c.number, '\\D', '', 'g')")
        texts = {
            "subject": SQL(
                "concat_ws(' ', c.number, %s, ltrim(%s, '0'), c.name)", digits, digits
            ),
            "customer": SQL("concat_ws(' ', c.partner_name, c.email_from, c.phone)"),
            "talk": SQL("concat_ws(' ', c.description, said.talk)"),
            "files": SQL("coalesce(files.names, '')"),
        }
        return {
            name: self._get_plain_text(
                text, TALK_CHARACTERS if name == "talk" else OTHER_CHARACTERS
            )
            for name, text in texts.items()
        }

    def _get_plain_text(self, text, limit):
        """Without accents, and without the extension that few databases have for that.

        Cut before, to save work, and after, because one character may become many.
        """
        return SQL(
            "left(regexp_replace(normalize(left(%s, %s), NFKD), %s, '', 'g'), %s)",
            text,
            limit,
            ACCENTS,
            limit,
        )

    @api.model
    def _cron_write_missing(self):
        """Cases that came in by SQL, or before there was a search."""
        query = """
            SELECT c.id FROM crm_case c
             WHERE NOT EXISTS (SELECT FROM crm_case_document d WHERE d.case_id = c.id)
          ORDER BY c.id DESC LIMIT %s
        """
        while True:
            self.env.cr.execute(query, [BATCH])
            case_ids = [case_id for (case_id,) in self.env.cr.fetchall()]
            if case_ids:
                self._write_documents(case_ids)
            rest = 1 if len(case_ids) == BATCH else 0
            left = self.env["ir.cron"]._commit_progress(len(case_ids), remaining=rest)
            if not (rest and left):
                break

    # ------------------------------------------------------------
    # ASKING
    # ------------------------------------------------------------

    @api.model
    def _get_query(self, text):
        """The words of a search box as a ``tsquery``: all of them, each as the
        beginning of a word.

        :param str text: as somebody typed it
        :return: SQL, or None when there is no word in it
        """
        return self._build_query(self._get_words(text))

    @api.model
    def _build_query(self, words):
        query = " & ".join(f"'{word}':*" for word in words)
        return SQL("to_tsquery('simple', %s)", query) if query else None

    @api.model
    def _get_words(self, text):
        text = re.sub(ACCENTS, "", normalize("NFKD", text))
        text = text.replace("\\", "").replace("'", "").replace("\0", "")
        # A lone sign is no word, and to_tsquery warns about it
        words = [word for word in text.split() if any(char.isalnum() for char in word)]
        return [word[:100].lower() for word in words[:20]]

    @api.model
    def _get_match(self, text):
        """The condition that a document has all words of a text.

        The index is asked for the rare ones: of a common one it would fetch all cases
        before the first is shown. PostgreSQL would weigh that by itself, but it takes
        every beginning of a word for a rare one.

        :param str text: as somebody typed it, with a word in it
        """
        words = self._get_words(text)
        # No index serves the function, one serves the operator.
        condition = SQL("ts_match_vq(document, %s)", self._build_query(words))
        if self._is_common(words):
            return condition
        rare = [word for word in words if not self._is_common([word])] or words
        indexed = SQL("document @@ %s", self._build_query(rare))
        return indexed if rare == words else SQL("%s AND %s", indexed, condition)

    @api.model
    def _find_few(self, text, limit):
        """Return the ids of the cases that have all words of a text; None if those
        are more than a limit."""
        if self._is_common(self._get_words(text)):
            return None
        query = SQL(
            "SELECT case_id FROM crm_case_document WHERE %s LIMIT %s",
            self._get_match(text),
            limit + 1,
        )
        found = [case_id for (case_id,) in self.env.execute_query(query)]
        return found if len(found) <= limit else None

    @api.model
    def _is_common(self, words):
        """Whether so many cases have these words that an index only makes work.

        It yields all of them, the table is read until there are enough: a share ``s``
        of ``n`` cases costs ``s * n`` entries there and ``ENOUGH / s`` rows here.

        :param list words: without accents, in lower case
        :return: False too as long as the table was never analyzed
        """
        rows, shares = self._read_shares(tuple(words))
        share = math.prod(shares)
        return share * share * rows >= ENOUGH

    @api.model
    def _read_shares(self, words):
        """Read from the statistics of PostgreSQL, as of the last analysis.

        :return: number of all documents, share of each word; 0 for a rare one
        """
        known = self.env.cr.cache
        key = "crm_case_document_shares", words
        if key not in known:
            self.env.cr.execute(SHARES, [list(words)])
            known[key] = self.env.cr.fetchone()
        return known[key]
