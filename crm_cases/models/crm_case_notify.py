from odoo import models
from odoo.tools import SQL

from .crm_case_mail import CUSTOMER, HUMAN_MESSAGE_TYPES
from .known_records import known


class CrmCase(models.Model):
    """Who hears what, beyond those who get every message.

    *Customer replied* is for colleagues who want to hear of that and of nothing else,
    for example the leader who follows a team: the message stays an ordinary one.
    """

    _inherit = "crm.case"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        if self and self._is_customer_reply(message):
            recipients += self._get_reply_watchers(message, recipients)
        return recipients

    def _is_customer_reply(self, message):
        return (
            message.message_type in HUMAN_MESSAGE_TYPES
            and message.sudo().subtype_id != self._creation_subtype()
            and self._detect_speaker(message) == CUSTOMER
        )

    def _get_reply_watchers(self, message, recipients):
        """Data of followers of the subtype, without those who are told already."""
        told = {recipient["id"] for recipient in recipients}
        told.add(message.sudo().author_id.id)
        subtype = known(self.env, "crm_cases.mt_case_replied")
        if not self._has_followers_of(subtype):
            return []
        followers = self.env["mail.followers"]._get_recipient_data(
            self, message.message_type, subtype.id, []
        )[self.id]
        return [
            data
            for partner_id, data in followers.items()
            if partner_id not in told and data["active"] and not data["share"]
        ]

    def _has_followers_of(self, subtype):
        """A cheap question before a dear one: seldom does anybody follow it."""
        self.env["mail.followers"].flush_model()
        query = SQL(
            """
            SELECT EXISTS (
                SELECT FROM mail_followers follower
                  JOIN mail_followers_mail_message_subtype_rel followed
                    ON followed.mail_followers_id = follower.id
                 WHERE follower.res_model = %s AND follower.res_id = ANY(%s)
                   AND followed.mail_message_subtype_id = ANY(%s))
            """,
            self._name,
            self.ids,
            subtype.ids,
        )
        return self.env.execute_query(query)[0][0]
