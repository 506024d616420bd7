from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import plaintext2html

from ..pipeline.commands import COMMANDS

_NAMED = {
    "team": ("team_id", "crm.case.team"),
    "type": ("type_id", "crm.case.type"),
    "category": ("category_id", "crm.case.category"),
    "tag": ("tag_ids", "crm.case.tag"),
}
_NUMBERS = {
    "revenue": "planned_revenue",
    "cost": "planned_cost",
    "probability": "probability",
}


class CrmCase(models.Model):
    """Commands that our people write at the top of an answer.

    Each is carried out with the rights of that user, alone: one that is refused
    stops no other. The user is told by mail what was done and what was not, and why.
    """

    _inherit = "crm.case"

    def _mailgateway_obey(self, decisions):
        """Carry out the commands of a mail.

        :param Decisions decisions: with a proven user and his instructions
        """
        self.ensure_one()
        user = self.env["res.users"].browse(decisions.user_id)
        case = self.with_user(user).with_context(lang=user.lang).sudo(False)
        lines = [case._mailgateway_try(c) for c in decisions.instructions.commands]
        for note in decisions.instructions.notes:
            lines.append(case._mailgateway_note(note))
        self._mailgateway_report_commands(user, lines, decisions)

    def _mailgateway_try(self, command):
        """Carry out one command, and say in a line what became of it."""
        line = f"Set-{command.name.capitalize()}: {command.value}"
        try:
            with self.env.cr.savepoint():
                self.check_access("write")
                self.write(self._prepare_command_vals(command))
                self.env.flush_all()
        except (AccessError, UserError, ValidationError, ValueError) as error:
            self.env.invalidate_all(flush=False)
            reason = str(error).strip().splitlines()[0]
            return self.env._("✗ %(line)s: %(reason)s", line=line, reason=reason)
        return f"✓ {line}"

    def _mailgateway_note(self, note):
        try:
            with self.env.cr.savepoint():
                self.check_access("write")
                self.message_post(
                    body=plaintext2html(note),
                    message_type="comment",
                    subtype_xmlid="mail.mt_note",
                )
        except (AccessError, UserError) as error:
            return self.env._("✗ Note: %s", str(error).splitlines()[0])
        return self.env._("✓ Note")

    def _prepare_command_vals(self, command):
        """Return the values that a command writes.

        :raise UserError: if the command, or its value, means nothing here
        """
        name, value = command.name, command.value
        if name not in COMMANDS:
            raise UserError(self.env._("There is no such command."))
        if name in _NAMED:
            return self._prepare_named_vals(name, value)
        if name in _NUMBERS:
            return self._prepare_number_vals(name, value)
        return getattr(self, f"_prepare_{name}_command_vals")(value)

    def _prepare_named_vals(self, name, value):
        field, model = _NAMED[name]
        record = self._mailgateway_named(self.env[model], value)
        return {field: [(4, record.id)] if name == "tag" else record.id}

    def _mailgateway_named(self, model, value, field="name"):
        """Return the one record of that name."""
        found = model.search([(field, "=ilike", value)], limit=2) if value else model
        if len(found) != 1:
            raise UserError(
                self.env._("There are several of that name.")
                if found
                else self.env._("There is none of that name.")
            )
        return found

    def _prepare_number_vals(self, name, value):
        field = _NUMBERS[name]
        if field not in self._fields:
            raise UserError(self.env._("Cases do not have this value."))
        try:
            return {field: float(value.replace(" ", "").replace(",", "."))}
        except ValueError:
            raise UserError(self.env._("This is not a number.")) from None

    def _prepare_state_command_vals(self, value):
        labels = self._get_state_labels()
        wanted = value.lower()
        for state, label in labels.items():
            if wanted in (state, label.lower()):
                return {"state": state}
        return {
            "stage_id": self._mailgateway_named(self.env["crm.case.stage"], value).id
        }

    def _prepare_priority_command_vals(self, value):
        labels = dict(self._fields["priority"]._description_selection(self.env))
        for priority, label in labels.items():
            if value.lower() in (priority, label.lower()):
                return {"priority": priority}
        raise UserError(self.env._("Use one of: %s", ", ".join(labels)))

    def _prepare_user_command_vals(self, value):
        if value.lower() in ("", "-", "nobody"):
            return {"user_id": False}
        users = self.env["res.users"].with_context(active_test=True)
        found = users.search(
            [("share", "=", False), "|", ("login", "=ilike", value)]
            + [("name", "=ilike", value)],
            limit=2,
        )
        if len(found) != 1:
            raise UserError(self.env._("There is no such user, or more than one."))
        return {"user_id": found.id}

    def _prepare_deadline_command_vals(self, value):
        try:
            return {"date_deadline": fields.Datetime.to_datetime(value)}
        except ValueError:
            raise UserError(
                self.env._("Write the date as 2026-12-31 or 2026-12-31 17:00:00.")
            ) from None

    def _prepare_partner_command_vals(self, value):
        partners = self.env["res.partner"]
        field = "email_normalized" if "@" in value else "name"
        return {"partner_id": self._mailgateway_named(partners, value, field).id}

    def _mailgateway_report_commands(self, user, lines, decisions):
        """Queue the mail that tells a user what his commands did."""
        body = plaintext2html("\n".join([self.display_name, "", *lines]))
        mail = {
            "subject": f"Re: {self.display_name}",
            "email_to": user.email_formatted,
            "email_from": self._get_acknowledgement_from(),
            "body_html": body,
            "auto_delete": True,
            "headers": repr(
                {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
            ),
            "references": str(decisions.mail.get("Message-ID") or ""),
        }
        # sudo: any user may be told; the queue is for administrators
        self.env["mail.mail"].sudo().create(mail)
