from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCommon

from .common import PROOF, CasesSetup

MAIL = (
    f"{PROOF}\n"
    + """\
From: {email_from}
To: {to}
Cc: {cc}
Subject: {subject}
Message-Id: {msg_id}
In-Reply-To: {extra}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="xx"

--xx
Content-Type: text/plain; charset=utf-8

The lamp flickers since Monday.
--xx
Content-Type: text/plain; name="lamp.txt"
Content-Disposition: attachment; filename="lamp.txt"

flicker
--xx--
"""
)


@tagged("post_install", "-at_install")
class TestIntake(CasesSetup, MailCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.team_care.write(
            {"alias_name": "test-care", "alias_domain_id": cls.mail_alias_domain.id}
        )
        cls.address = f"test-care@{cls.alias_domain}"

    def _receive(self, email_from="Zoe New <zoe@new.example.com>", **kwargs):
        known = self.env["crm.case"].search([])
        kwargs = {"subject": f"Lamp {len(known)}", **kwargs}
        with self.mock_mail_gateway():
            self.format_and_process(
                MAIL,
                email_from,
                kwargs.pop("to", self.address),
                **{"cc": "", "target_model": "crm.case", **kwargs},
            )
        return self.env["crm.case"].search([]) - known

    def _reply(self, case, email_from, **kwargs):
        parent = case.message_ids.filtered(lambda m: m.message_type == "email")[-1]
        return self._receive(
            email_from,
            subject=f"Re: {case.name} {len(case.message_ids)}",
            extra=parent.message_id,
            msg_id=f"<{case.id}.{len(case.message_ids)}.reply@new.example.com>",
            **kwargs,
        )

    def test_new_case(self):
        case = self._receive(subject="Lamp")
        self.assertEqual(len(case), 1)
        self.assertEqual(case.name, "Lamp")
        self.assertEqual(case.team_id, self.team_care)
        self.assertEqual(case.state, "draft")
        self.assertEqual(case.type_id, self.env.ref("crm_cases.crm_case_type_request"))
        self.assertEqual(case.email_normalized, "zoe@new.example.com")
        self.assertEqual(case.partner_name, "Zoe New")
        self.assertFalse(case.partner_id)
        self.assertTrue(case.awaiting_answer)

    def test_mail_is_the_first_message(self):
        case = self._receive()
        message = case.message_ids
        self.assertEqual(len(message), 1)
        self.assertIn("The lamp flickers since Monday.", message.body)
        self.assertEqual(message.attachment_ids.mapped("name"), ["lamp.txt"])
        self.assertEqual(case._get_opening_message(), message)
        self.assertFalse(case.description)

    def test_nobody_is_responsible(self):
        """Not the gateway, and not the user who happens to run it."""
        self.assertFalse(self._receive().user_id)
        Case = self.env["crm.case"].with_user(self.user_manager)
        mail = {"subject": "Lamp", "email_from": "zoe@new.example.com"}
        self.assertFalse(Case.message_new(mail).user_id)

    def test_known_sender_is_linked(self):
        case = self._receive(f"Carla <{self.partner.email}>")
        self.assertEqual(case.partner_id, self.partner)
        self.assertEqual(case.phone, self.partner.phone)

    def test_unknown_address_goes_to_general(self):
        """Nothing configured: the mailbox falls back on the model alone."""
        case = self._receive(to="whoever@elsewhere.example.com", model="crm.case")
        self.assertEqual(case.team_id, self.team_general)

    def test_alias_defaults(self):
        bug = self.env.ref("crm_cases.crm_case_type_bug")
        self.team_care.alias_defaults = f"{{'type_id': {bug.id}, 'priority': '3'}}"
        self.team_care.name = "Care again"
        self.team_care.alias_id.alias_defaults = str(
            self.team_care._alias_get_creation_values()["alias_defaults"]
        )
        case = self._receive()
        self.assertEqual(case.type_id, bug)
        self.assertEqual(case.priority, "3")
        self.assertEqual(case.team_id, self.team_care)

    def test_without_subject(self):
        self.assertEqual(self._receive(subject="").name, "(no subject)")

    def test_watchers_but_not_ourselves(self):
        case = self._receive(cc=f"Wim <wim@watch.example.com>, {self.address}")
        self.assertIn("wim@watch.example.com", case.email_cc)
        self.assertNotIn(self.address, case.email_cc)

    def test_reply_lands_on_the_case(self):
        case = self._receive()
        self.assertFalse(self._reply(case, "Zoe New <zoe@new.example.com>"))
        self.assertEqual(len(case.message_ids), 2)

    def test_reply_opens_a_pending_case(self):
        case = self._receive()
        case.action_pending()
        self._reply(case, "Zoe New <zoe@new.example.com>")
        self.assertEqual(case.state, "open")

    def test_reply_reopens_a_closed_case(self):
        for button in ("action_close", "action_cancel"):
            case = self._receive(msg_id=f"<{button}@new.example.com>")
            getattr(case, button)()
            self._reply(case, "Zoe New <zoe@new.example.com>")
            self.assertEqual(case.state, "open", button)
            self.assertFalse(case.date_closed, button)

    def test_reply_leaves_a_draft(self):
        case = self._receive()
        self._reply(case, "Zoe New <zoe@new.example.com>")
        self.assertEqual(case.state, "draft")

    def test_reply_makes_nobody_responsible(self):
        """Defect 12: the first answer made the gateway user responsible."""
        case = self._receive()
        case.action_pending()
        self._reply(case, "Zoe New <zoe@new.example.com>")
        self.assertEqual(case.state, "open")
        self.assertFalse(case.user_id)

    def test_staff_mail_reopens_nothing(self):
        case = self._receive()
        case.action_pending()
        self._reply(case, self.user_member.email_formatted)
        self.assertEqual(case.state, "pending")
        self.assertTrue(case.date_first_response)
        self.assertFalse(case.awaiting_answer)

    def test_reply_adds_watchers(self):
        case = self._receive()
        self._reply(case, "zoe@new.example.com", cc=f"w@x.example.com, {self.address}")
        self.assertIn("w@x.example.com", case.email_cc)
        self.assertNotIn(self.address, case.email_cc)

    def test_policy_for_closed_cases_can_be_replaced(self):
        calls = []
        Case = self.registry["crm.case"]
        self.patch(
            Case, "_reopen_on_customer_reply", lambda records: calls.append(records)
        )
        case = self._receive()
        case.action_close()
        self._reply(case, "Zoe New <zoe@new.example.com>")
        self.assertEqual(case.state, "done")
        self.assertEqual(calls[-1], case)
