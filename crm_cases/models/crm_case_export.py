import json
import re
import zipfile

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError

GROUP = "crm_cases.crm_cases_group_all"
# Fields that say nothing to a person, or much about others.
TECHNICAL = {"access_token", "message_ids", "message_follower_ids", "activity_ids"}
SHOWN = ("char", "text", "html", "date", "datetime", "selection", "boolean", "integer")
SHOWN += ("float", "monetary", "many2one")


class CrmCaseExport(models.AbstractModel):
    """All that is known of a person, as one ZIP: the answer to a request for access.

    ``contact.json``, and for each case a folder with ``case.json``,
    ``conversation.html`` and the files. For leaders, who get the cases that they may
    read. Conversations with other parties are theirs, and not in it; internal notes
    are, for they are about the person, and are marked.

    SEAM: addons extend ``_get_files`` by what they know; of contacts alone, by
    ``res.partner._get_personal_data``. Files are made one after the other, so that no
    more than one is in memory.
    """

    _name = "crm.case.export"
    _description = "Export of Personal Data"

    @api.model
    def _write_zip(self, partner, target):
        """Write the archive into a file.

        :raise AccessError: if the user is no leader or may not read the contact
        """
        if not self.env.user.has_group(GROUP):
            raise AccessError(
                self.env._("Only users of all cases can export what we know of people.")
            )
        partner.check_access("read")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._get_files(partner):
                archive.writestr(name, content)

    @api.model
    def _get_files(self, partner):
        """Yield name and content of each file."""
        data = {"contact": self._read(partner), **partner._get_personal_data()}
        yield "contact.json", self._as_json(data)
        for case in self._get_cases(partner):
            yield from self._get_case_files(case)
            case.invalidate_recordset()

    def _get_cases(self, partner):
        """The cases of the person that the current user may read."""
        # sudo: whose address it is does not depend on who asks
        person = self.env["crm.case.erasure"].sudo()._get_person(partner.sudo())
        return person.cases.with_env(self.env)._filtered_access("read")

    def _get_case_files(self, case):
        folder = f"cases/{self._get_safe_name(case.number or str(case.id))}"
        yield f"{folder}/case.json", self._as_json(self._read(case))
        yield f"{folder}/conversation.html", self._get_conversation(case)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", case._name), ("res_id", "=", case.id)], order="id"
        )
        for file in files | case.message_ids.attachment_ids:
            name = self._get_safe_name(file.name)
            yield f"{folder}/files/{file.id}-{name}", file.raw or b""

    def _get_conversation(self, case):
        internal = self.env._("internal note")
        entries = Markup("").join(
            Markup("<h2>%s · %s%s</h2>\n%s\n")
            % (
                fields.Datetime.to_string(message.date),
                message.author_id.display_name or message.email_from or "",
                f" ({internal})" if message.is_internal else "",
                message.body or "",
            )
            for message in case.message_ids.sorted("id")
        )
        return (
            Markup(
                '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>%s</title>'
                "</head><body><h1>%s</h1>\n%s</body></html>\n"
            )
            % (case.display_name, case.display_name, entries)
        ).encode()

    def _read(self, record):
        """What a record says, under the names that users see."""
        readable = self._get_told_fields(record)
        values = record.read(readable)[0]
        labels = record.fields_get(readable, ["string"])
        return {
            labels[name]["string"]: value[1] if isinstance(value, tuple) else value
            for name, value in values.items()
            if name in labels and value not in (False, None, "")
        }

    def _as_json(self, data):
        return json.dumps(data, indent=2, default=str, ensure_ascii=False).encode()

    @api.model
    def _get_safe_name(self, name):
        """A name that leads out of no folder, on any system."""
        name = re.sub(r"[^\w.-]+|\.{2,}", "_", name or "")
        return name[-120:].lstrip(".") or "file"

    def _get_told_fields(self, record):
        """Names of the stored fields that are worth telling a person."""
        return [
            field.name
            for field in record._fields.values()
            if field.store
            and field.type in SHOWN
            and field.name not in TECHNICAL
            and record._has_field_access(field, "read")
        ]
