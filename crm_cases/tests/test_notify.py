from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCommon

from .common import CasesSetup


@tagged("post_install", "-at_install")
class TestNotify(CasesSetup, MailCommon):
    """Who hears what; sending later."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.replied = cls.env.ref("crm_cases.mt_case_replied")
        cls.case = cls._case("Squeaking brake", partner_id=cls.partner.id)
        cls.case.message_subscribe(
            cls.user_other.partner_id.ids, subtype_ids=cls.replied.ids
        )

    def _told(self, post):
        with self.mock_mail_gateway(), self.mock_mail_app():
            post()
        return self._new_msgs.notified_partner_ids

    def _customer_writes(self):
        self.case.message_post(
            author_id=self.partner.id,
            body="Any news?",
            message_type="email",
            subtype_xmlid="mail.mt_comment",
        )

    def _staff_writes(self, subtype="mail.mt_comment"):
        self.case.with_user(self.user_member).message_post(
            body="We look into it.", message_type="comment", subtype_xmlid=subtype
        )

    def test_every_event_has_its_subtype(self):
        names = "new assigned stage replied escalated sla_warned sla_failed closed"
        for name in names.split():
            subtype = self.env.ref(f"crm_cases.mt_case_{name}")
            of_team = self.env.ref(f"crm_cases.mt_case_team_{name}")
            self.assertEqual(subtype.res_model, "crm.case")
            self.assertEqual(of_team.parent_id, subtype)
            self.assertEqual(of_team.relation_field, "team_id")

    def test_what_is_ours_stays_inside(self):
        for name in ("assigned", "replied", "escalated", "sla_warned", "sla_failed"):
            self.assertTrue(self.env.ref(f"crm_cases.mt_case_{name}").internal, name)

    def test_customer_replied(self):
        watcher = self.user_other.partner_id
        self.assertIn(watcher, self._told(self._customer_writes))
        self.assertNotIn(watcher, self._told(self._staff_writes))
        self.assertNotIn(
            watcher, self._told(lambda: self._staff_writes("mail.mt_note"))
        )

    def test_nobody_is_told_twice(self):
        self.case.message_subscribe(
            self.user_leader.partner_id.ids,
            subtype_ids=(self.replied + self.env.ref("mail.mt_comment")).ids,
        )
        with self.mock_mail_gateway(), self.mock_mail_app():
            self._customer_writes()
        notified = self._new_msgs.notification_ids.res_partner_id
        self.assertEqual(len(self._new_msgs.notification_ids), len(notified))
        self.assertIn(self.user_leader.partner_id, notified)

    def test_follower_of_the_team(self):
        self.team_care.message_subscribe(
            self.user_leader.partner_id.ids,
            subtype_ids=self.env.ref("crm_cases.mt_case_team_replied").ids,
        )
        self.case = self._case("New lamp", partner_id=self.partner.id)
        leader = self.user_leader.partner_id
        self.assertIn(leader, self._told(self._customer_writes))
        self.assertNotIn(leader, self._told(self._staff_writes))

    def test_customer_is_not_told_of_his_own_words(self):
        self.case.message_subscribe(self.partner.ids)
        self.assertNotIn(self.partner, self._told(self._customer_writes))

    # Schedule send

    def test_scheduled_message_answers_when_it_is_sent(self):
        in_an_hour = fields.Datetime.now() + timedelta(hours=1)
        scheduled = (
            self.env["mail.scheduled.message"]
            .with_user(self.user_member)
            .create(
                {
                    "author_id": self.user_member.partner_id.id,
                    "model": "crm.case",
                    "res_id": self.case.id,
                    "body": "Your brake is ready.",
                    "scheduled_date": in_an_hour,
                    "partner_ids": self.partner.ids,
                }
            )
        )
        self.assertFalse(self.case.date_first_response)
        with (
            self.mock_mail_gateway(),
            self.mock_datetime_and_now(in_an_hour + timedelta(minutes=1)),
        ):
            self.env["mail.scheduled.message"]._post_messages_cron()
        self.assertFalse(scheduled.exists())
        self.assertTrue(self.case.date_first_response)
        self.assertIn("Your brake is ready.", self.case.message_ids[0].body)
        self.assertSentEmail(self.user_member.partner_id, self.partner)
