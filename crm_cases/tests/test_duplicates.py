from datetime import timedelta

from odoo import fields
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestDuplicates(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._case("Battery does not charge", partner_id=cls.partner.id)

    def _like(self, name, **values):
        return self._case(
            name, **{"email_from": "CARLA@customer.example.com", **values}
        )

    def test_same_address_and_similar_subject(self):
        for name in (
            "Battery does not charge",
            "battery does not charge anymore",
            "Re: AW: [CASE-00007] Battery does not charge",
            "Fwd: Batery does not charge",
        ):
            self.assertIn(self.case, self._like(name).duplicate_ids, name)

    def test_another_matter_or_another_sender(self):
        self.assertFalse(self._like("Where is my invoice?").duplicate_ids)
        self.assertFalse(self._like("Re:").duplicate_ids)
        other = self._like("Battery does not charge", email_from="x@y.example.com")
        self.assertFalse(other.duplicate_ids)

    def test_most_similar_first(self):
        close = self._like("The battery does not charge at all")
        exact = self._like("Battery does not charge!")
        self.assertEqual(exact.duplicate_ids, self.case | close)
        self.assertEqual(exact.duplicate_ids[0], self.case)

    def test_closed_ones_for_a_month(self):
        self.case.action_close()
        new = self._like("Battery does not charge")
        self.assertEqual(new.duplicate_ids, self.case)
        self.case.date_closed = fields.Datetime.now() - timedelta(days=31)
        new.invalidate_recordset()
        self.assertFalse(new.duplicate_ids)

    def test_a_closed_case_needs_no_hint(self):
        new = self._like("Battery does not charge")
        new.action_close()
        self.assertFalse(new.duplicate_ids)

    def test_archived_and_other_companies(self):
        company = self.env["res.company"].create({"name": "Other"})
        self._like("Battery does not charge", team_id=False, company_id=company.id)
        self.case.active = False
        self.assertFalse(self._like("Battery does not charge").duplicate_ids)

    def test_only_what_one_may_read(self):
        self.case.team_id = self.team_sales
        new = self._like("Battery does not charge").with_user(self.user_member)
        self.assertFalse(new.duplicate_ids)
        self.assertFalse(new.duplicate_hint)

    def test_private_ones_are_no_hint_for_managers(self):
        self.team_sales.is_private = True
        self.case.team_id = self.team_sales
        new = self._like("Battery does not charge").with_user(self.user_manager)
        self.assertFalse(new.duplicate_ids)

    def test_hint_before_the_case_is_saved(self):
        with Form(self.env["crm.case"].with_user(self.user_member)) as form:
            form.name = "Battery does not charge"
            self.assertFalse(form.duplicate_ids)
            form.partner_id = self.partner
            self.assertEqual(form.duplicate_ids.ids, self.case.ids)
            self.assertIn(self.case.number, form.duplicate_hint)

    def test_one_click(self):
        new = self._like("Battery does not charge").with_user(self.user_member)
        action = new.action_merge_duplicates()
        self.assertEqual(action["res_id"], self.case.id)
        self.assertEqual(new.merged_into_id, self.case)

    def test_cost_does_not_grow_with_the_sender(self):
        self.env["crm.case"].create(
            [
                {"name": f"Report {i}", "email_from": self.partner.email}
                for i in range(150)
            ]
        )
        new = self._like("Report 3")
        self.assertTrue(new.duplicate_ids)  # warms the caches
        self.env.flush_all()
        new.invalidate_recordset()
        with self.assertQueryCount(4):
            self.assertEqual(len(new.duplicate_ids), 5)

    def test_index_serves_the_search(self):
        """A sender of thousands: the newest are read from the index, no more."""
        self.env.flush_all()
        other = self._case("Other", email_from="other@other.example.com")
        self.env.flush_all()
        self._multiply(self.case, 1000)
        self._multiply(other, 20000)
        self.env.cr.execute("ANALYZE crm_case")
        query = self.env["crm.case"]._search(
            self.case._get_duplicates_domain(), order="id desc", limit=100
        )
        plan = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        self.assertIn("crm_case_email_newest_idx", str(plan))
        self.assertNotIn("Sort", str(plan))

    def _multiply(self, case, count):
        """Copies of a row, too many for the ORM."""
        columns = [
            SQL.identifier(name)
            for name, field in case._fields.items()
            if field.store and field.column_type and name not in ("id", "number")
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO crm_case (%(columns)s) SELECT %(columns)s FROM crm_case, "
                "generate_series(1, %(count)s) WHERE id = %(id)s",
                columns=SQL(", ").join(columns),
                count=count,
                id=case.id,
            )
        )
