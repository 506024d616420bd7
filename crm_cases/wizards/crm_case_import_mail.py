import io
import logging
import time
from email.header import decode_header, make_header

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models import mail_files
from ..models.case_states import DONE, STATES

_logger = logging.getLogger(__name__)

SECONDS = 60  # of a click; the next one goes on
SHOWN = 200  # problems
CHUNK = 1000


class CrmCaseImportMail(models.TransientModel):
    """Bring in conversations from ``.eml``, ``.mbox`` or ``.zip`` files.

    Mails are read one by one and filed in the order of their dates, each in a
    savepoint: one that cannot be read is listed with the reason and holds up no other.
    A click works for a minute; what is left is told, and *Continue* takes it up. Mails
    that are there already are only counted, so it can be repeated.
    """

    _name = "crm.case.import.mail"
    _description = "Import Conversation"

    attachment_ids = fields.Many2many("ir.attachment", string="Files")
    team_id = fields.Many2one(
        "crm.case.team",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env["crm.case.team"]._get_fallback_team(),
    )
    type_id = fields.Many2one(
        "crm.case.type",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env["crm.case.type"]._get_default_type(),
    )
    case_state = fields.Selection(
        STATES, string="State of New Cases", required=True, default=DONE
    )
    is_done = fields.Boolean()
    added_count = fields.Integer(string="Mails Added")
    case_count = fields.Integer(string="New Cases")
    known_count = fields.Integer(string="Already There")
    failed_count = fields.Integer(string="Not Read")
    left_count = fields.Integer(string="Left")
    line_ids = fields.One2many("crm.case.import.mail.line", "wizard_id")
    case_ids = fields.Many2many("crm.case", string="Cases")

    def action_import(self):
        self.ensure_one()
        self.env["crm.case"]._check_may_import()
        if not self.attachment_ids:
            raise UserError(self.env._("Choose files with mails first."))
        self._run()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Conversation"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_view_cases(self):
        return self.env["crm.case"]._get_cases_action(
            self.env._("Cases with Imported Mails"),
            [("id", "in", self.case_ids.ids)],
            {},
        )

    # ------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------

    def _run(self):
        streams = [self._open(attachment) for attachment in self.attachment_ids]
        try:
            entries = self._index(streams)
            failed = [e for e in entries if e.problem]
            mails = {e.message_id: e for e in reversed(entries) if not e.problem}
            known = self._get_known(mails)
            todo = [entry for key, entry in mails.items() if key not in known]
            todo.sort(key=lambda e: e.date or fields.Datetime.now())
            problems = [(entry, self._get_words(entry.problem)) for entry in failed]
            added, cases, left = self._import(todo, mails, known, streams, problems)
        finally:
            for stream in streams:
                stream.close()
        first = not self.is_done
        counted = len(entries) - len(failed) - len(todo)
        self.write(
            {
                "is_done": True,
                "added_count": self.added_count + added,
                "known_count": counted if first else self.known_count,
                "failed_count": len(problems),
                "left_count": left,
                "line_ids": [Command.clear(), *self._prepare_lines(problems)],
                "case_ids": [Command.link(case.id) for case in cases],
            }
        )

    def _open(self, attachment):
        """The file itself, where it is one: it may be large."""
        if attachment.store_fname:
            return open(attachment._full_path(attachment.store_fname), "rb")
        return io.BytesIO(attachment.raw or b"")

    def _index(self, streams):
        pairs = zip(self.attachment_ids, streams, strict=True)
        return [
            entry
            for number, (attachment, stream) in enumerate(pairs)
            for entry in mail_files.index(number, attachment.name, stream)
        ]

    @api.model
    def _get_known(self, mails):
        keys = {key for e in mails.values() for key in (e.message_id, *e.references)}
        keys, known = sorted(keys), {}
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            known.update(self.env["crm.case"]._get_known_mails(part))
        return known

    def _import(self, todo, mails, known, streams, problems):
        """File mails until the time is over.

        :param list problems: gets what could not be filed
        :return: how many were added, their cases, and how many are left
        """
        Case = self.env["crm.case"]
        roots = mail_files.group_threads(mails.values())
        by_root, last = self._get_threads(mails, roots, known)
        stop = time.monotonic() + SECONDS
        added, cases, left = 0, Case, 0
        for count, entry in enumerate(todo):
            if time.monotonic() > stop:
                left = len(todo) - count
                break
            root = roots[entry.message_id]
            case = Case._find_by_number(_decode(entry.subject)) or Case.browse(
                by_root.get(root, ())
            )
            defaults = {**self._prepare_defaults(), "last_date": last[root]}
            try:
                with self.env.cr.savepoint():
                    raw = mail_files.read(entry, streams[entry.number])
                    filed = Case._import_mail(raw, entry, case, defaults)
                    self.env.flush_all()
            except Exception as error:
                _logger.info("%s cannot be imported", entry.name, exc_info=True)
                self.env.invalidate_all()
                problems.append((entry, self._get_words("error", error)))
                continue
            self.case_count += not case
            by_root.setdefault(root, filed.id)
            added, cases = added + 1, cases | filed
        return added, cases, left

    @api.model
    def _get_threads(self, mails, roots, known):
        """The case of each thread that has one, and the date of its last mail."""
        by_root, last = {}, {}
        for entry in mails.values():
            root = roots[entry.message_id]
            date = entry.date or fields.Datetime.now()
            last[root] = max(last.get(root, date), min(date, fields.Datetime.now()))
            last[root] = min(last[root], fields.Datetime.now())
            for key in (entry.message_id, *entry.references):
                if key in known:
                    by_root.setdefault(root, known[key])
        cases = self.env["crm.case"].browse(set(by_root.values())).exists()
        survivors = {case.id: case._get_survivor().id for case in cases}
        by_root = {r: survivors[c] for r, c in by_root.items() if c in survivors}
        return by_root, last

    def _prepare_defaults(self):
        return {
            "team_id": self.team_id.id,
            "type_id": self.type_id.id,
            "state": self.case_state,
            "date": fields.Datetime.now(),
        }

    # ------------------------------------------------------------
    # REPORT
    # ------------------------------------------------------------

    @api.model
    def _get_words(self, problem, error=None):
        words = {
            "damaged": self.env._("The archive is damaged or has a password."),
            "header": self.env._("Its header is too long for a mail."),
            "large": self.env._("It is larger than 40 MB."),
            "no_mail": self.env._("It is no mail: sender, date and subject lack."),
        }
        return words.get(problem) or str(error).strip()[:300] or type(error).__name__

    @api.model
    def _prepare_lines(self, problems):
        return [
            Command.create(
                {"name": entry.name, "subject": _decode(entry.subject), "reason": words}
            )
            for entry, words in problems[:SHOWN]
        ]


class CrmCaseImportMailLine(models.TransientModel):
    """A mail that could not be brought in."""

    _name = "crm.case.import.mail.line"
    _description = "Mail Not Imported"

    wizard_id = fields.Many2one(
        "crm.case.import.mail", required=True, ondelete="cascade"
    )
    name = fields.Char(string="Where")
    subject = fields.Char()
    reason = fields.Char()


def _decode(subject):
    """Words of a header, whatever state it is in."""
    try:
        text = str(make_header(decode_header(subject)))
    except (LookupError, ValueError, UnicodeError):
        text = subject
    text = text.encode("utf-8", "replace").decode()
    return " ".join(text.replace("\0", "").split())
