from odoo import models

from .actions import notify
from .case_states import ACTIVE_STATES

CUSTOMER = "customer"
RESPONSIBLE = "responsible"
WATCHERS = "watchers"

TEMPLATES = {
    CUSTOMER: "crm_cases.reminder_customer_template",
    RESPONSIBLE: "crm_cases.reminder_responsible_template",
    WATCHERS: "crm_cases.reminder_customer_template",
}


class CrmCase(models.Model):
    """How a case reminds people, and what it does with server actions.

    A REMINDER is an automatic message. It is no answer to the customer: neither the
    first response nor any date of the conversation moves, and nothing reopens. It is
    sent in the name of the responsible, else of the company, never of the customer.
    The customer and the watchers read it on the portal; what goes to the responsible
    is a note.

    Whoever cannot be reached is told about in a note on that case, and holds up no
    other.
    """

    _inherit = "crm.case"

    def action_remind_customer(self):
        self.check_access("write")
        return self._notify_reminded(self._send_reminder(CUSTOMER))

    def action_remind_responsible(self):
        self.check_access("write")
        return self._notify_reminded(self._send_reminder(RESPONSIBLE))

    def _notify_reminded(self, reminded):
        left = len(self - reminded)
        message = self.env._("Reminders sent: %s.", len(reminded))
        if left:
            message = self.env._(
                "Reminders sent: %(sent)s. Not sent: %(left)s, because there is no "
                "address or the case is closed.",
                sent=len(reminded),
                left=left,
            )
        return notify(message, "warning" if left else "success")

    def _send_reminder(self, audience, template=None, with_documents=False):
        """Remind somebody of each of these cases that is not closed.

        :param str audience: ``customer``, ``responsible`` or ``watchers``
        :param template: the ``mail.template``; empty for the one delivered
        :param bool with_documents: attach the documents that the audience may see
        :return: the cases whose reminder went out
        """
        # sudo: the text is rendered with what a template may read, not the caller
        template = (template or self.env.ref(TEMPLATES[audience])).sudo()
        cases = self.filtered(lambda case: case.state in ACTIVE_STATES)
        subjects = template._render_field("subject", cases.ids, compute_lang=True)
        bodies = template._render_field(
            "body_html", cases.ids, compute_lang=True, options={"post_process": True}
        )
        reminded = self.browse()
        for case in cases:
            recipients = case._get_reminder_recipients(audience)
            if not any(recipients.values()):
                case._note_unreachable(audience)
                continue
            case.message_post(
                subject=subjects[case.id],
                body=bodies[case.id],
                attachment_ids=with_documents and case._get_documents(audience).ids,
                **recipients,
                **case._prepare_reminder_vals(audience),
            )
            reminded |= case
        return reminded

    def _prepare_reminder_vals(self, audience):
        """What makes a message a reminder: automatic, and by us."""
        internal = audience == RESPONSIBLE
        author = self._get_reminder_author(internal)
        return {
            "message_type": "auto_comment",
            "subtype_xmlid": "mail.mt_note" if internal else "mail.mt_comment",
            "author_id": author.id,
            "email_from": author.email_formatted or None,
        }

    def _get_reminder_author(self, internal=False):
        """Whoever answers for the case, but never its customer. A note is by the
        company: nobody is told of a message of one's own."""
        self.ensure_one()
        candidates = (self.user_id.partner_id, self.team_id.user_id.partner_id)
        for partner in candidates:
            if not internal and partner.email and not self._is_customer(partner):
                return partner
        return (self.company_id or self.env.company).partner_id

    def _get_reminder_recipients(self, audience):
        self.ensure_one()
        if audience == RESPONSIBLE:
            return {"partner_ids": self.user_id.partner_id.ids}
        if audience == WATCHERS:
            return {"outgoing_email_to": self.email_cc}
        if self.partner_id.email_normalized:
            return {"partner_ids": self.partner_id.ids}
        return {"outgoing_email_to": self.email_normalized and self.email_from}

    def _note_unreachable(self, audience):
        reason = {
            CUSTOMER: self.env._("No reminder sent: the customer has no address."),
            RESPONSIBLE: self.env._("No reminder sent: the case has no responsible."),
            WATCHERS: self.env._("No reminder sent: the case has no watchers."),
        }
        self.message_post(body=reason[audience], subtype_xmlid="mail.mt_note")

    def _get_documents(self, audience):
        """Documents of the case; for people outside only those of messages that
        they can read."""
        self.ensure_one()
        if audience == RESPONSIBLE:
            return self.env["ir.attachment"].search(
                [("res_model", "=", self._name), ("res_id", "=", self.id)]
            )
        readable = self.message_ids.filtered(
            lambda message: (
                not message.is_internal
                and message.subtype_id
                and not message.subtype_id.internal
            )
        )
        return readable.attachment_ids

    # ------------------------------------------------------------
    # ESCALATION BY ACTION
    # ------------------------------------------------------------

    def _escalate_by_action(self, to_top=False):
        """Escalate what can be escalated, and note where nobody is above."""
        cases = self.filtered(lambda case: case.state in ACTIVE_STATES)
        at_top = cases.filtered(lambda case: not case.team_id.parent_id)
        at_top._note_top_reached()
        rising = cases - at_top
        while rising:
            rising._escalate()
            rising = rising.filtered(lambda c: to_top and c.team_id.parent_id)

    def _note_top_reached(self):
        for case in self:
            case.message_post(
                body=self.env._("Not escalated: there is no team above this one."),
                subtype_xmlid="mail.mt_note",
                partner_ids=case._get_people_in_charge().ids,
            )

    def _get_people_in_charge(self):
        """The responsible; if there is none, the leader of the team."""
        self.ensure_one()
        return (self.user_id or self.team_id.user_id).partner_id
