from odoo.tests import HttpCase, tagged

from odoo.addons.crm_cases.tests.common import CasesSetup


@tagged("post_install", "-at_install")
class TestTour(CasesSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()

    def test_received_mail_routed_by_hand_is_a_case(self):
        journal = self.env["crm.mailgateway.message"]
        stored = journal._store(b"\r\n \r\n", False, {"model": "crm.case"})
        row = journal.browse(stored.id)
        self.env.cr.execute(
            "UPDATE crm_mailgateway_message SET res_model = 'crm.case' WHERE id = %s",
            [row.id],
        )
        row.invalidate_recordset()
        self.start_tour("/odoo", "crm_mailgateway_route", login="cases_manager")
        row.invalidate_recordset()
        self.assertTrue(row.case_id)
        self.assertEqual(row.state, "processed")
