from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCommon

from .common import CasesSetup


@tagged("post_install", "-at_install")
class TestMessages(CasesSetup, MailCommon):
    """What a case says, to whom, and under which name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.team_care.write(
            {"alias_name": "test-care", "alias_domain_id": cls.mail_alias_domain.id}
        )
        cls.case = cls._case("Squeaking brake", partner_id=cls.partner.id)

    def _answer(self, **kwargs):
        return self.case.with_user(self.user_member).message_post(
            body="Please send a photo.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **kwargs,
        )

    def test_outgoing_subject_carries_the_number(self):
        with self.mock_mail_gateway():
            self._answer(partner_ids=self.partner.ids)
        sent = self.assertSentEmail(self.user_member.partner_id, self.partner)
        self.assertEqual(sent["subject"], f"[{self.case.number}] Squeaking brake")

    def test_answers_come_back_to_the_team(self):
        address = f"test-care@{self.alias_domain}"
        reply_to = self.case._notify_get_reply_to()
        self.assertIn(address, reply_to[self.case.id])
        other = self._case(team_id=self.team_sales.id)
        both = (self.case + other)._notify_get_reply_to()
        self.assertIn(address, both[self.case.id])
        self.assertNotIn(address, both[other.id])
        self.assertTrue(both[other.id])

    def test_teamless_case_has_a_reply_address(self):
        self.case.team_id = False
        self.assertTrue(self.case._notify_get_reply_to()[self.case.id])

    def test_customer_is_suggested(self):
        suggested = self.case._message_get_suggested_recipients()
        self.assertEqual([s["partner_id"] for s in suggested], self.partner.ids)

    def test_address_and_watchers_are_suggested(self):
        case = self._case(
            email_from="new@nobody.example.com",
            partner_name="Nina New",
            phone="0123",
            email_cc="Wim <wim@watch.example.com>",
        )
        suggested = {
            line["email"]: line for line in case._message_get_suggested_recipients()
        }
        self.assertEqual(
            set(suggested), {"new@nobody.example.com", "wim@watch.example.com"}
        )
        values = suggested["new@nobody.example.com"]["create_values"]
        self.assertEqual(values["phone"], "0123")
        self.assertEqual(suggested["new@nobody.example.com"]["name"], "Nina New")

    def test_customer_written_to_follows(self):
        self._answer(partner_ids=self.partner.ids)
        self.assertIn(self.partner, self.case.message_partner_ids)

    def test_new_contact_becomes_customer_of_all_its_open_cases(self):
        first = self._case(email_from="new@nobody.example.com")
        second = self._case(email_from="New <NEW@nobody.example.com>")
        closed = self._case_in("done", email_from="new@nobody.example.com")
        contact = self.env["res.partner"].create(
            {"name": "Nina New", "email": "new@nobody.example.com"}
        )
        first.message_post(
            body="Hello",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=contact.ids,
        )
        self.assertEqual((first + second).partner_id, contact)
        self.assertFalse(closed.partner_id)

    # Subtypes

    def _subtypes_after(self, change):
        case = self._case()
        self.flush_tracking()
        known = case.message_ids
        change(case)
        self.flush_tracking()
        return (case.message_ids - known).subtype_id

    def test_subtypes(self):
        def ref(name):
            return self.env.ref(f"crm_cases.mt_case_{name}")

        self.assertEqual(self._case().message_ids.subtype_id, ref("new"))
        self.assertEqual(
            self._subtypes_after(lambda case: case.action_pending()), ref("stage")
        )
        self.assertEqual(
            self._subtypes_after(lambda case: case.action_close()), ref("closed")
        )
        self.assertEqual(
            self._subtypes_after(lambda case: case.action_cancel()), ref("closed")
        )
        self.assertIn(
            ref("assigned"),
            self._subtypes_after(
                lambda case: case.write({"user_id": self.user_member.id})
            ),
        )

    def test_internal_subtypes_stay_inside(self):
        for name in ("assigned", "escalated"):
            self.assertTrue(self.env.ref(f"crm_cases.mt_case_{name}").internal)

    def test_followers_of_a_team_hear_of_new_cases(self):
        self.team_care.message_subscribe(self.user_employee.partner_id.ids)
        case = self._case()
        self.assertIn(self.user_employee.partner_id, case.message_partner_ids)

    def test_responsible_is_told(self):
        with self.mock_mail_gateway(), self.mock_mail_app():
            self.case.user_id = self.user_other
        self.assertIn(self.user_other.partner_id, self._new_msgs.notified_partner_ids)

    def test_empty_list_names_the_address(self):
        Case = self.env["crm.case"].with_user(self.user_member)
        shown = Case.get_empty_list_help("<p>x</p>")
        self.assertIn(f"test-care@{self.alias_domain}", shown)
        self.assertIn("<p>x</p>", shown)
