from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged

from .common import GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestNeutralize(GatewayCommon):
    def test_copy_thanks_nobody_and_fetches_nothing(self):
        row = self.receive(compose("Is there a copy of me?"))
        self.assertEqual(row.ack_state, "pending")
        mailbox = self.env["fetchmail.server"].create(
            {"name": "Box", "server_type": "imap", "state": "done"}
        )
        self.env.flush_all()
        neutralize_database(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(row.ack_state, "withheld")
        self.assertEqual(row.ack_reason, "Neutralised copy of a database")
        self.assertFalse(mailbox.active)
