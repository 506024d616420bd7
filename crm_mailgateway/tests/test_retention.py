from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestRetention(GatewayCommon):
    def age(self, row, days):
        then = fields.Datetime.now() - timedelta(days=days)
        self.env.cr.execute(
            "UPDATE crm_mailgateway_message SET create_date = %s WHERE id = %s",
            (then, row.id),
        )

    def test_bytes_go_after_their_time_and_rows_stay(self):
        cases = [
            ("processed", 89, True),
            ("processed", 91, False),
            ("ignored", 29, True),
            ("ignored", 31, False),
            ("quarantined", 1000, True),
            ("failed", 1000, True),
        ]
        rows = []
        for number, (state, days, _kept) in enumerate(cases):
            row = self.receive(compose(f"Mail {number}"))
            row.state = state
            self.age(row, days)
            rows.append(row)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_mailgateway.ir_cron_purge").method_direct_trigger()
        for row, (state, days, kept) in zip(rows, cases, strict=True):
            with self.subTest(state=state, days=days):
                self.assertEqual(bool(row._read_content()), kept)
                self.assertTrue(row.exists())
        self.assertIn("not needed any more", rows[1].preview)

    def test_spam_goes_with_what_is_ignored(self):
        row = self.receive(compose("Buy now", X_Spam_Flag="YES"))
        self.assertEqual((row.state, row.classification), ("processed", "spam"))
        self.age(row, 31)
        self.env.flush_all()
        self.assertEqual(row._find_expired("ignored"), row.ids)
        self.assertFalse(row._find_expired("processed"))

    def test_replay_of_a_purged_mail_adds_nothing(self):
        content = compose()
        row = self.receive(content)
        row._purge(row.ids)
        stored = row._store(content, False, {})
        self.assertEqual((stored.id, stored.known), (row.id, True))

    def test_the_setting_counts(self):
        parameters = self.env["ir.config_parameter"]
        journal = self.env["crm.mailgateway.message"]
        for given, used in (("5", 5), ("nonsense", 90)):
            parameters.set_param("crm_mailgateway.keep_processed_days", given)
            self.assertEqual(journal._get_retention("processed"), used)
