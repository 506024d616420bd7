from odoo.tests import HttpCase, tagged

from .common import CasesSetup


@tagged("post_install", "-at_install")
class TestDialogTours(CasesSetup, HttpCase):
    """The dialogs of a case, in a browser, as a member."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.user_member.group_ids += cls.env.ref("base.group_partner_manager")

    def _say(self, record, body, author):
        return record.message_post(
            body=body,
            message_type="comment",
            author_id=author.id,
            subtype_xmlid="mail.mt_comment",
        )

    def _tour(self, name, case):
        self.start_tour(f"/odoo/cases/{case.id}", name, login="cases_member")

    def test_lead_to_sale(self):
        case = self._case(
            "Twelve cargo bikes",
            type_id=self.env.ref("crm_cases.crm_case_type_lead").id,
            partner_name="Yuki Tanaka",
            email_from="yuki@courier.example.com",
        )
        self._say(case, "We look for twelve cargo bikes", self.env["res.partner"])
        self._tour("crm_cases_sale", case)
        self.assertEqual(case.outcome, "won")
        self.assertEqual(case.partner_id.email, "yuki@courier.example.com")
        self.assertFalse(case.close_reason_id)

    def test_merge_unmerge_split(self):
        older = self._case("The lamp flickers", partner_id=self.partner.id)
        newer = self._case("The lamp flickers again", partner_id=self.partner.id)
        self._say(older, "A word of the older one", self.partner)
        word = self._say(newer, "A word of the newer one", self.partner)
        self._tour("crm_cases_links", newer)
        self.assertFalse(newer.merged_into_id)
        self.assertTrue(newer.active)
        split = newer.related_case_ids
        self.assertEqual(split.name, "The chain jumps")
        self.assertEqual(word.res_id, split.id)

    def test_share_the_answer_of_a_supplier(self):
        case = self._case("The pack is dead", partner_id=self.partner.id)
        supplier = self.env["res.partner"].create(
            {"name": "Volta", "email": "volta@volta.example.com"}
        )
        party = self.env["crm.case.party"].create(
            {"case_id": case.id, "partner_id": supplier.id}
        )
        self._say(party, "Batch 7 is bad", supplier)
        self._say(party, "But do not tell anybody", supplier)
        self._tour("crm_cases_share", case)
        shared = case.message_ids.filtered(lambda m: m.message_type == "comment")
        self.assertIn("Batch 7 is bad", shared.body)
        self.assertNotIn("tell anybody", shared.body)
        self.assertIn(self.partner, shared.partner_ids)
