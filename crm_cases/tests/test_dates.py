from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .common import CasesCommon

T1 = datetime(2026, 3, 2, 9, 0)
T2 = datetime(2026, 3, 2, 10, 0)
T3 = datetime(2026, 3, 2, 11, 0)


@tagged("post_install", "-at_install")
class TestDates(CasesCommon):
    """Which date is written by what."""

    def setUp(self):
        super().setUp()
        self.case = self._case(partner_id=self.partner.id)
        self.staff = self.case.with_user(self.user_member)

    def _customer_writes(self, **kwargs):
        return self.case.message_post(
            author_id=self.partner.id,
            body="Any news?",
            **{"message_type": "email", "subtype_xmlid": "mail.mt_comment", **kwargs},
        )

    def _staff_writes(self, **kwargs):
        return self.staff.message_post(
            body="We look into it.",
            **{"message_type": "comment", "subtype_xmlid": "mail.mt_comment", **kwargs},
        )

    def test_open_and_close(self):
        steps = [(T1, "open"), (T2, "pending"), (T2, "open"), (T3, "done")]
        for moment, state in steps:
            with freeze_time(moment):
                self.case.state = state
                self.case.flush_recordset()
        self.assertEqual(self.case.date_open, T1)
        self.assertEqual(self.case.date_closed, T3)

    def test_given_dates_are_kept(self):
        """An import brings its own dates."""
        case = self._case_in("done", date_open=T1, date_closed=T2)
        self.assertEqual((case.date_open, case.date_closed), (T1, T2))

    def test_stage_update(self):
        with freeze_time(T1):
            self.case.action_open()
            self.case.flush_recordset()
        with freeze_time(T2):
            self.case.name = "Other"
        self.assertEqual(self.case.date_last_stage_update, T1)

    def test_first_response(self):
        with freeze_time(T1):
            self._staff_writes()
        with freeze_time(T2):
            self._staff_writes()
        self.assertEqual(self.case.date_first_response, T1)
        self.assertEqual(self.case.date_last_staff_message, T2)
        self.assertEqual(self.case.date_action_last, T2)
        self.assertFalse(self.case.date_last_customer_message)

    def test_staff_mail_is_a_response(self):
        with freeze_time(T1):
            self._staff_writes(message_type="email")
        self.assertEqual(self.case.date_first_response, T1)

    def test_what_is_no_response(self):
        """Notes, automatic messages and OdooBot answer nobody."""
        self._staff_writes(subtype_xmlid="mail.mt_note")
        for kind in ("auto_comment", "notification", "out_of_office"):
            self._staff_writes(message_type=kind)
        self.case.message_post(
            body="Beep",
            author_id=self.env.ref("base.partner_root").id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertFalse(self.case.date_first_response)
        self.assertFalse(self.case.date_last_staff_message)

    def test_customer_message(self):
        with freeze_time(T1):
            self._customer_writes()
        self.assertEqual(self.case.date_last_customer_message, T1)
        self.assertFalse(self.case.date_first_response)
        self.assertFalse(self.case.date_last_staff_message)

    def test_customer_out_of_office_says_nothing(self):
        self._customer_writes(message_type="out_of_office")
        self.assertFalse(self.case.date_last_customer_message)

    def test_colleague_as_customer_is_the_customer(self):
        case = self._case(partner_id=self.user_employee.partner_id.id)
        case.with_user(self.user_employee).sudo().message_post(
            body="My screen is dark.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertTrue(case.date_last_customer_message)
        self.assertFalse(case.date_first_response)

    def test_awaiting_answer(self):
        self.assertFalse(self.case.awaiting_answer)
        with freeze_time(T1):
            self._customer_writes()
        self.assertTrue(self.case.awaiting_answer)
        with freeze_time(T2):
            self._staff_writes()
        self.assertFalse(self.case.awaiting_answer)
        with freeze_time(T3):
            self._customer_writes()
        self.assertTrue(self.case.awaiting_answer)
        self.case.action_close()
        self.assertFalse(self.case.awaiting_answer)
