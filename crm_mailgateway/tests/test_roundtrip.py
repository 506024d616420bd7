import email
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import GatewayCommon, compose

ADDRESS = "support@gateway.example"


@tagged("post_install", "-at_install")
class TestRoundtrip(GatewayCommon):
    """The steps, one by one; the journey lets real servers take them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailbox = cls.env["fetchmail.server"].create(
            {"name": "Support box", "user": ADDRESS, "state": "done"}
        )
        cls.tests = cls.env["crm.mailgateway.roundtrip"]

    def start(self):
        action = self.mailbox.action_crm_mailgateway_roundtrip()
        return self.tests.browse(action["res_id"])

    def probe(self, test, **headers):
        """Return what the test sent, as it arrives."""
        message = test._compose("Round-trip test", None)
        message.replace_header("Message-Id", test.probe_id)
        for name, value in headers.items():
            message.replace_header(name, value)
        return bytes(message)

    def test_the_test_mail_is_thanked_though_it_is_our_own(self):
        test = self.start()
        self.assertEqual(test.action_refresh(), True)
        row = self.receive(self.probe(test))
        self.assertEqual(row.ack_state, "pending")
        self.assertTrue(test.action_refresh())
        self.assertEqual((test.state, test.case_id), ("filed", row.case_id))

    def test_who_makes_up_the_header_is_not_thanked(self):
        """The header is signed; without it, our own address is never thanked."""
        for token in (None, "aaaabbbbccccddddeeee"):
            row = self.receive(
                compose(f"Mine {token}", From=ADDRESS, X_Cases_Roundtrip=token)
            )
            self.assertEqual(row.ack_state, "withheld", token)
            self.assertIn("own addresses", row.ack_reason)

    def test_a_team_that_thanks_nobody_fails_the_test(self):
        self.team.acknowledge = False
        test = self.start()
        row = self.receive(self.probe(test))
        self.assertFalse(test.action_refresh())
        self.assertEqual(test.state, "failed")
        self.assertIn("acknowledgements", test.error)
        self.assertFalse(row.case_id.active)

    def test_what_never_arrives_is_named(self):
        test = self.start()
        test.sent_on = fields.Datetime.now() - timedelta(hours=1)
        self.tests._cron_advance()
        self.assertEqual(test.state, "failed")
        self.assertIn("did not become a case", test.error)

    def test_only_a_confirmed_mailbox_with_an_address_is_tested(self):
        self.mailbox.state = "draft"
        with self.assertRaises(UserError):
            self.start()
        self.mailbox.write({"state": "done", "user": "support"})
        with self.assertRaises(UserError):
            self.start()
        self.mailbox.crm_case_team_id = self.team
        message = self.start()._compose("Test", None)
        self.assertEqual(message["To"], ADDRESS)
        self.assertTrue(email.message_from_bytes(bytes(message))["Message-Id"])

    def test_only_administrators_test_mailboxes(self):
        test = self.start()
        manager = new_test_user(
            self.env, "roundtrip_manager", groups="crm_cases.crm_cases_group_manager"
        )
        with self.assertRaises(AccessError):
            self.mailbox.with_user(manager).action_crm_mailgateway_roundtrip()
        with self.assertRaises(AccessError):
            test.with_user(manager).action_refresh()
        system = new_test_user(self.env, "roundtrip_system", groups="base.group_system")
        self.assertTrue(test.with_user(system).action_refresh())
        with self.assertRaises(AccessError):
            test.with_user(system).write({"state": "done"})
