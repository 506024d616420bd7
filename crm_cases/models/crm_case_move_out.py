import io
import json
import re
import shutil
import tempfile
import zipfile

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import split_every

from .case_sheet import CaseSheet

BATCH = 100
# What the import reads, so that what was exported can be imported.
COLUMNS = (
    "id",
    "number",
    "name",
    "state",
    "type_id",
    "team_id",
    "category_id",
    "tag_ids",
    "priority",
    "email_from",
    "partner_name",
    "phone",
    "user_id",
    "create_date",
    "date_open",
    "date_closed",
    "date_deadline",
    "description",
)
# Shown differently to each user, or of use here only.
SKIPPED = {"access_token", "message_main_attachment_id"}


class CrmCase(models.Model):
    """Moving out: cases with all that was said and sent, as one ZIP.

    ``cases.xlsx`` has the columns of the import template, with external ids: imported
    here it updates, imported elsewhere it creates. A text too long for a cell stands in
    parts on a second sheet, and the import leaves it as it is. ``cases.jsonl`` has one
    line per case: every field, the messages, followers and activities. ``files/`` has
    the attachments, by the names that the lines give.

    Whoever exports gets what he may read. It is written to a temporary file in
    batches, so memory does not grow with the number of cases.
    """

    _inherit = "crm.case"

    def action_export_archive(self):
        """Download these cases."""
        return self._get_export_action({"case_ids": self.ids})

    @api.model
    def action_export_all(self):
        """Download every case that the user may read, archived ones too."""
        if not self._is_manager():
            raise AccessError(
                self.env._("Only a manager of the Cases app exports all cases.")
            )
        return self._get_export_action({"is_all": True})

    @api.model
    def _get_export_action(self, vals):
        self._check_may_export()
        export = self.env["crm.case.move.out"].create(vals)
        return {
            "type": "ir.actions.act_url",
            "url": f"/cases/archive/{export.id}",
            "target": "download",
        }

    @api.model
    def _check_may_export(self):
        """As everywhere in Odoo, exporting is a right of its own."""
        if not (self.env.su or self.env.user.has_group("base.group_allow_export")):
            raise AccessError(
                self.env._("You have no right to export data. Ask an administrator.")
            )

    def _write_archive(self):
        """Return a temporary file with the ZIP, at its beginning."""
        self._check_may_export()
        self.check_access("read")
        archive_file = tempfile.TemporaryFile()  # noqa: SIM115 the caller closes it
        with (
            zipfile.ZipFile(archive_file, "w", zipfile.ZIP_DEFLATED) as archive,
            tempfile.TemporaryFile("w+", encoding="utf-8") as lines,
            tempfile.TemporaryFile() as sheet,
        ):
            self._write_parts(archive, lines, sheet)
            for name, part in (("cases.jsonl", lines.buffer), ("cases.xlsx", sheet)):
                part.seek(0)
                with archive.open(name, "w", force_zip64=True) as target:
                    shutil.copyfileobj(part, target)
        archive_file.seek(0)
        return archive_file

    def _write_parts(self, archive, lines, sheet):
        pages = self._open_sheet(sheet)
        for ids in split_every(BATCH, self.ids):
            cases = self.browse(ids)
            for values in cases._get_export_rows():
                pages.add(values)
            for line in cases._get_export_lines(archive):
                lines.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            self.env.invalidate_all()
        lines.flush()
        pages.close()

    def _open_sheet(self, stream):
        more = self.env._("Long Texts")[:31]  # as long as Excel lets a title be
        headings = [self.env._("Column"), self.env._("Part"), self.env._("Text")]
        note = self.env._("Too long for a cell: all of it is on the sheet %s.", more)
        labels = self._get_export_labels()
        return CaseSheet(stream, labels, "Cases", more, headings, note)

    @api.model
    def _get_export_labels(self):
        labels = self.fields_get(COLUMNS, ["string"])
        return [
            self.env._("External ID") if name == "id" else labels[name]["string"]
            for name in COLUMNS
        ]

    def _get_export_rows(self):
        cases = self.with_context(import_compat=True)
        for values in cases.export_data(COLUMNS)["datas"]:
            yield [_to_text(value) for value in values]

    # ------------------------------------------------------------
    # LINES
    # ------------------------------------------------------------

    def _get_export_lines(self, archive):
        """Yield what JSON says of each case, and put its files into the archive."""
        names = self._get_export_fields()
        by_case = self._get_export_messages()
        for case, values in zip(self, self.read(names), strict=True):
            # sudo: of these, names and dates only
            activities = case.sudo().activity_ids
            yield {
                "case": values,
                "followers": case.sudo().message_partner_ids.mapped("display_name"),
                "activities": activities.read(
                    ["summary", "note", "date_deadline", "user_id", "activity_type_id"]
                ),
                "messages": [
                    self._get_export_message(message)
                    for message in by_case.get(case.id, ())
                ],
                "files": case._write_files(archive),
            }

    @api.model
    def _get_export_fields(self):
        readable = self.fields_get(attributes=["type", "store"])
        return [
            name
            for name, field in readable.items()
            if field.get("store")
            and field["type"] not in ("binary", "one2many")
            and name not in SKIPPED
        ]

    def _get_export_messages(self):
        messages = self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "in", self.ids),
                ("message_type", "!=", "user_notification"),
            ],
            order="id",
        )
        return messages.grouped("res_id")

    @api.model
    def _get_export_message(self, message):
        tracked = message.sudo().tracking_value_ids  # only whether fields are readable
        return {
            "id": message.id,
            "message_id": message.message_id,
            "parent": message.parent_id.id,
            "date": message.date,
            "type": message.message_type,
            "subtype": message.subtype_id.name,
            "is_internal": message._is_note(),
            "author": message.author_id.display_name,
            "email_from": message.email_from,
            "subject": message.subject,
            "body": message.body,
            "changes": tracked._filter_has_field_access(
                self.env
            )._tracking_value_format(),
            "attachments": message.attachment_ids.ids,
        }

    def _write_files(self, archive):
        """Put attachments into the archive, without reading them into memory.

        :return: where each lies, by id
        :rtype: dict
        """
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id)]
        )
        paths = {}
        for attachment in attachments.filtered(lambda a: a.type == "binary"):
            # A name is what a customer chose: no path in it
            name = re.sub(r"[^\w.\- ]+|\.{2,}", "_", attachment.name or "")
            name = name[-100:].strip(". ")
            path = f"files/{self.id}/{attachment.id}-{name or 'file'}"
            with (
                attachment._open_for_export() as source,
                archive.open(path, "w", force_zip64=True) as target,
            ):
                shutil.copyfileobj(source, target)
            paths[attachment.id] = path
        return paths


class IrAttachment(models.Model):
    """Files of cases are copied as streams."""

    _inherit = "ir.attachment"

    def _open_for_export(self):
        """The file itself where there is one; an empty one where it got lost."""
        try:
            if self.store_fname:
                return open(self._full_path(self.store_fname), "rb")
        except OSError:
            return io.BytesIO()
        return io.BytesIO(self.raw or b"")


def _to_text(value):
    return "" if value is None or value is False else str(value)
