from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Domain
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

    def records(self, count):
        """Records of another app, each with two followers; any will do."""
        records = self.env["crm.case.team"].create(
            [{"name": f"Team {number}"} for number in range(count)]
        )
        partners = self.partner | self.user_member.partner_id
        for record in records:
            record.message_subscribe(partners.ids)
        return records

    def link(self, records):
        self.env["ir.model.data"].create(
            [
                {
                    "module": "__crm_case_moved__",
                    "name": f"{record._name.replace('.', '_')}-{record.id}",
                    "model": "crm.case",
                    "res_id": self._case().id,
                }
                for record in records
            ]
        )

    def test_what_is_linked_is_left_out(self):
        records = self.records(3)
        self.link(records[:2])
        self.link(self.partner)
        domain = self.env["crm.case"]._get_move_domain(records._name)
        domain &= Domain("id", "in", records.ids)
        self.assertEqual(records.search(domain), records[2])

    def test_what_is_left_out_is_no_list(self):
        Case = self.env["crm.case"]
        before = repr(Case._get_move_domain("crm.case.team"))
        self.link(self.records(3))
        with self.assertQueryCount(0):
            after = repr(Case._get_move_domain("crm.case.team"))
        self.assertEqual(after, before)

    def test_followers_come_with_as_many_queries_for_many_records(self):
        queries = []
        for count in (2, 20):
            records = self.records(count)
            cases = self.env["crm.case"].union(*(self._case() for _i in records))
            cases[0].message_subscribe(self.partner.ids)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["crm.case"]._copy_followers(records, cases)
            self.env.flush_all()
            queries.append(self.cr.sql_log_count - before)
            for case in cases:
                self.assertIn(self.partner, case.message_partner_ids)
                self.assertIn(self.user_member.partner_id, case.message_partner_ids)
            followers = cases[1].message_follower_ids
            notes = self.env.ref("mail.mt_note")
            self.assertNotIn(
                notes,
                followers.filtered(lambda f: f.partner_id == self.partner).subtype_ids,
            )
        self.assertLessEqual(queries[1], queries[0] + 1)
