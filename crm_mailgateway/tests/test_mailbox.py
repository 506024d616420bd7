from datetime import timedelta

from odoo import fields
from odoo.tests import TransactionCase, tagged

from odoo.addons.mail.models import fetchmail

from ..models.fetchmail_server import MAX_PAUSE, TIMEOUT_PARAMETER


@tagged("post_install", "-at_install")
class TestMailbox(TransactionCase):
    def mailbox(self, name="Box", failing_for=None, tried_ago=0, **values):
        now = fields.Datetime.now()
        if failing_for is not None:
            values["error_date"] = now - timedelta(minutes=failing_for)
        values["date"] = now - timedelta(minutes=tried_ago)
        return self.env["fetchmail.server"].create({"name": name, **values})

    def test_healthy_first_then_by_priority(self):
        dead = self.mailbox("Dead", failing_for=20, tried_ago=15, priority=1)
        late = self.mailbox("Late", priority=9)
        early = self.mailbox("Early", priority=2)
        order = (dead | late | early).sorted("priority")._crm_mailgateway_in_turn()
        self.assertEqual(order, early | late | dead)

    def test_pause_doubles_up_to_an_hour(self):
        first = self.mailbox(failing_for=0)
        now = fields.Datetime.now()
        self.assertLessEqual(first._crm_mailgateway_next_attempt(), now)
        second = self.mailbox(failing_for=15, tried_ago=5)
        self.assertGreater(second._crm_mailgateway_next_attempt(), now)
        self.assertFalse(second._crm_mailgateway_in_turn())
        pause = second._crm_mailgateway_next_attempt() - second.date
        self.assertEqual(round(pause.total_seconds() / 60), 10)
        old = self.mailbox(failing_for=60 * 24 * 3)
        self.assertEqual(old._crm_mailgateway_next_attempt() - old.date, MAX_PAUSE)

    def test_no_pause_for_a_mailbox_that_answers(self):
        self.assertTrue(self.mailbox(tried_ago=0)._crm_mailgateway_in_turn())

    def test_settings_that_make_no_sense_are_not_followed(self):
        mailbox = self.mailbox()
        for given, used in (("7", 7), ("0", 10), ("-3", 10), ("soon", 10), ("", 10)):
            self.env["ir.config_parameter"].set_param(TIMEOUT_PARAMETER, given)
            self.assertEqual(mailbox._crm_mailgateway_setting(TIMEOUT_PARAMETER), used)

    def test_timeout_of_odoo_is_what_it_was_afterwards(self):
        usual = fetchmail.MAIL_TIMEOUT
        dead = self.mailbox(server="127.0.0.1", port=1, server_type="imap")
        with self.assertRaises(OSError):
            dead._connect__()
        self.assertEqual(fetchmail.MAIL_TIMEOUT, usual)
