from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .crm_case_mail import CUSTOMER, HUMAN_MESSAGE_TYPES, STAFF


class CrmCase(models.Model):
    """Part of a conversation becomes a case of its own.

    Both cases are related and say so in their chatters. The dates of the new case are
    those of its messages; those of the old one stay, it was worked on.
    """

    _inherit = "crm.case"

    def _get_splittable_messages(self, limit=None):
        """What people wrote here, the newest first."""
        if not self.id:
            return self.env["mail.message"]
        return self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("message_type", "in", HUMAN_MESSAGE_TYPES),
            ],
            order="date desc, id desc",
            limit=limit,
        )

    def _split(self, messages, vals):
        """Move messages to a new, related case.

        :param dict vals: of the new case; the rest follows from this one
        :return: the new case
        :raise UserError: if a message is not one of this case's conversation
        """
        self.ensure_one()
        self.check_access("write")
        if messages - self._get_splittable_messages():
            raise UserError(
                self.env._("Only messages of this case's conversation can be moved.")
            )
        messages = messages.sorted(lambda message: (message.date, message.id))
        case = self.with_context(mail_create_nolog=True).create(
            {**self._prepare_split_vals(messages), **vals}
        )
        self._move_messages(messages, case)
        self.related_case_ids |= case
        self._note_split(case, len(messages))
        return case

    def _prepare_split_vals(self, messages):
        return {
            **self._prepare_split_customer_vals(messages),
            "category_id": self.category_id.id,
            "priority": self.priority,
            "company_id": self.company_id.id,
            "tag_ids": [Command.set(self.tag_ids.ids)],
            "source_id": self.source_id.id,
            "medium_id": self.medium_id.id,
        }

    def _prepare_split_customer_vals(self, messages):
        """Whoever of the outside wrote the first message is the customer."""
        for message in messages:
            if message.author_id.partner_share:
                return {"partner_id": message.author_id.id}
            if not message.author_id and message.email_from:
                return {"email_from": message.email_from}
        return {
            "partner_id": self.partner_id.id,
            "partner_name": self.partner_name,
            "email_from": self.email_from,
        }

    def _move_messages(self, messages, case):
        # sudo: a member may move what colleagues wrote; the right on the case counts
        messages = messages.sudo()
        attachments = messages.attachment_ids.filtered(
            lambda file: file.res_model == self._name and file.res_id == self.id
        )
        attachments.write({"res_id": case.id})
        messages.write({"res_id": case.id})
        self.env.invalidate_all()
        case.sudo().with_context(tracking_disable=True).write(
            case._prepare_dates_of(messages)
        )

    def _prepare_dates_of(self, messages):
        speakers = messages.grouped(self._detect_speaker)
        dates = {who: found.mapped("date") for who, found in speakers.items()}
        asked, answered = dates.get(CUSTOMER), dates.get(STAFF)
        return {
            "date_last_customer_message": asked and max(asked),
            "date_last_staff_message": answered and max(answered),
            "date_first_response": answered and min(answered),
            "date_action_last": fields.Datetime.now(),
        }

    def _note_split(self, case, count):
        link = case._get_html_link()
        text = self.env._(
            "%(count)s messages went to %(case)s.", count=count, case=link
        )
        if count == 1:
            text = self.env._("One message went to %s.", link)
        self.message_post(body=text, subtype_xmlid="mail.mt_note")
        case.message_post(
            body=self.env._("Split off %s.", self._get_html_link()),
            subtype_xmlid="mail.mt_note",
        )

    @api.readonly
    def action_split(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Split Case"),
            "res_model": "crm.case.split",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_id": self.id},
        }
