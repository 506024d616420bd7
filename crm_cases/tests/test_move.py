from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestMove(CasesCommon):
    """What holds without another app; the journeys convert real leads and tickets."""

    def is_hidden(self, *models):
        sources = dict.fromkeys(models, "_prepare_nothing")
        Case = self.env.registry["crm.case"]
        with patch.object(Case, "_get_move_sources", lambda case: sources):
            hidden = self.env["ir.ui.menu"]._load_menus_blacklist()
        return self.env.ref("crm_cases.crm_case_move_menu").id in hidden

    def test_menu_is_there_where_there_is_a_source(self):
        self.assertTrue(self.is_hidden("no.such.model"))
        self.assertFalse(self.is_hidden("no.such.model", "res.partner"))

    def test_only_managers(self):
        with self.assertRaises(AccessError):
            self.env["crm.case.move"].with_user(self.user_leader).check_access("create")

    def test_dates_of_others_are_put_in_order(self):
        first, second = datetime(2024, 1, 1), datetime(2024, 1, 2)
        Case = self.env["crm.case"]
        self.assertEqual(Case._clamp_past(second, first), [second, second])
        self.assertEqual(Case._clamp_past(first, False, second), [first, False, second])
        self.assertLess(Case._clamp_past(datetime(2999, 1, 1))[0], datetime(2998, 1, 1))

    def test_what_is_linked_is_left_out(self):
        self.env["ir.model.data"].create(
            {
                "module": "__crm_case_moved__",
                "name": "crm_lead-77",
                "model": "crm.case",
                "res_id": self._case().id,
            }
        )
        Case = self.env["crm.case"]
        self.assertEqual(Case._get_move_domain("crm.lead"), [("id", "not in", [77])])
        self.assertEqual(Case._get_move_domain("crm.le"), [("id", "not in", [])])
