from collections import defaultdict

from markupsafe import Markup

from odoo import models
from odoo.fields import Domain
from odoo.tools import format_datetime


class CrmCase(models.Model):
    """What waits to go out about a case, and does not once the case is spam.

    QUEUES: mails, notices and text messages, to whomever, those about the conversations
    with other parties too. They stay where they are, cancelled.

    SCHEDULED MESSAGES of colleagues go; their texts stay in a note and their files
    where they would have gone. Nothing comes back: what was for last week must not go
    out when somebody finds that this was no spam.
    """

    _inherit = "crm.case"

    def _withhold_waiting(self):
        """Let nothing go out that waits.

        :return: what to say about it, by id of the case
        :rtype: dict
        """
        # sudo: queues are no business of whoever marks a case
        cases = self.sudo()
        notes = defaultdict(list)
        for case, count in cases._cancel_queued().items():
            notes[case.id].append(self.env._("Messages that were not sent: %s.", count))
        scheduled = cases._get_waiting("mail.scheduled.message")
        for case, messages in cases._by_case(scheduled).items():
            notes[case.id] += map(case._describe_scheduled, messages)
        for message in scheduled:
            owner = {"res_model": message.model, "res_id": message.res_id}
            message.attachment_ids.write(owner)
        scheduled.unlink()
        self.browse(notes)._write_in_silence({"spam_unsent": True})
        return notes

    def _cancel_queued(self):
        """Cancel what is queued.

        :return: how many mails and text messages that were, by case
        :rtype: dict
        """
        mails = self._get_waiting("mail.mail", Domain("state", "=", "outgoing"))
        mails.cancel()
        self.env["mail.notification"].search(
            [
                ("mail_mail_id", "in", mails.ids),
                ("notification_status", "not in", ("sent", "canceled")),
            ]
        ).notification_status = "canceled"
        about = self._about_case("mail_message_id.")
        texts = self.env["sms.sms"].search(about & Domain("state", "=", "outgoing"))
        texts.action_set_canceled()
        # Notices of messages that were posted with a date
        later = self.env["mail.message.schedule"].search(about)
        waiting = [*mails.mail_message_id, *texts.mail_message_id]
        waiting += later.mail_message_id
        later.unlink()
        messages = self.env["mail.message"].browse(message.id for message in waiting)
        return {case: len(own) for case, own in self._by_case(messages).items()}

    def _get_waiting(self, model, domain=Domain.TRUE):
        return self.env[model].search(self._about_case() & domain, order="id")

    def _about_case(self, path=""):
        """A domain for what hangs on these cases and on their other parties."""
        return Domain.OR(
            Domain(f"{path}model", "=", owners._name)
            & Domain(f"{path}res_id", "in", owners.ids)
            for owners in (self, self.party_ids)
        )

    def _by_case(self, records):
        """Sort what hangs on these cases and on their other parties by case."""
        owner = {(self._name, case.id): case for case in self}
        owner.update(
            {(party._name, party.id): party.case_id for party in self.party_ids}
        )
        return records.grouped(lambda record: owner[record.model, record.res_id])

    def _describe_scheduled(self, message):
        """Keep what a colleague meant to say."""
        head = self.env._(
            "%(name)s meant to send this on %(date)s. It was not sent.",
            name=message.author_id.name,
            date=format_datetime(self.env, message.scheduled_date),
        )
        return Markup("%s<blockquote>%s</blockquote>") % (head, message.body or "")
