from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestLinks(CasesCommon):
    def test_related_cases_know_each_other(self):
        first, second, third = (self._case(n) for n in ("A", "B", "C"))
        first.related_case_ids = second
        self.assertEqual(second.related_case_ids, first)
        second.related_case_ids |= third
        self.assertEqual(second.related_case_ids, first | third)
        self.assertEqual(third.related_case_ids, second)
        self.assertEqual(second.related_case_count, 2)
        first.related_case_ids = False
        self.assertEqual(second.related_case_ids, third)
        self.assertFalse(first.related_case_count)

    def test_linking_twice_stores_once(self):
        first, second = self._case("A"), self._case("B")
        first.related_case_ids = second
        second.related_case_ids = first
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT count(*) FROM crm_case_related_rel WHERE case_id IN %s",
            [(first.id, second.id)],
        )
        self.assertEqual(self.env.cr.fetchone()[0], 1)

    def test_search_from_both_sides(self):
        first, second = self._case("A"), self._case("B")
        first.related_case_ids = second
        for one, other in ((first, second), (second, first)):
            found = self.env["crm.case"].search([("related_case_ids", "in", other.ids)])
            self.assertEqual(found, one)

    def test_not_to_itself(self):
        case = self._case()
        with self.assertRaises(ValidationError):
            case.related_case_ids = case

    def test_unreadable_related_cases_are_neither_shown_nor_lost(self):
        mine = self._case("Mine")
        secret = self._case("Secret", team_id=self.team_sales.id)
        open_ = self._case("Open")
        mine.related_case_ids = secret | open_
        self.env.invalidate_all()
        seen = mine.with_user(self.user_member)
        self.assertEqual(seen.related_case_ids, open_.with_user(self.user_member))
        self.assertEqual(seen.related_case_count, 1)
        seen.related_case_ids = False
        self.env.invalidate_all()
        self.assertEqual(mine.related_case_ids, secret)

    def test_customer_sees_no_links(self):
        case = self._case(partner_id=self.user_portal.partner_id.id)
        case.related_case_ids = self._case("B")
        with self.assertRaises(AccessError):
            case.with_user(self.user_portal).read(["related_case_ids"])
        with self.assertRaises(AccessError):
            case.with_user(self.user_portal).read(["document_ref"])

    # Documents

    def test_document(self):
        case = self._case(document_ref=f"res.partner,{self.partner.id}")
        self.assertEqual(case.document_ref, self.partner)
        action = case.action_open_document()
        self.assertEqual(action["res_id"], self.partner.id)

    def test_manager_chooses_the_kinds(self):
        kinds = self.env["crm.case.document.model"].with_user(self.user_manager)
        field = self.env["crm.case"]._fields["document_ref"]
        self.assertIn("res.partner", dict(field._description_selection(self.env)))
        kinds.search([("model", "=", "res.partner")]).unlink()
        self.assertNotIn("res.partner", dict(field._description_selection(self.env)))
        with self.assertRaises(ValueError):
            self._case(document_ref=f"res.partner,{self.partner.id}")
        kinds.create({"model_id": self.env["ir.model"]._get_id("res.country")})
        country = self.env.ref("base.be")
        case = self._case(document_ref=f"res.country,{country.id}")
        self.assertEqual(case.document_ref, country)
