from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestConvert(CasesCommon):
    """A lead becomes an opportunity and gets a customer; it stays the same case."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls.env.ref("crm_cases.crm_case_type_lead")
        cls.opportunity = cls.env.ref("crm_cases.crm_case_type_opportunity")

    def _lead(self, **values):
        return self._case(type_id=self.lead.id, **values)

    def _wizard(self, cases):
        action = cases.action_convert()
        return Form(self.env["crm.case.convert"].with_context(**action["context"]))

    def test_creates_the_customer(self):
        case = self._lead(
            email_from="Nina New <nina@new.example.com>",
            partner_name="Nina New",
            phone="+32 2 555 02 02",
        )
        case.message_post(body="First contact", message_type="comment")
        number, messages = case.number, case.message_ids
        form = self._wizard(case)
        self.assertEqual(form.customer, "create")
        result = form.save().action_apply()
        self.assertEqual(result["res_id"], case.id)
        self.assertEqual(case.type_id, self.opportunity)
        self.assertEqual(case.partner_id.name, "Nina New")
        self.assertEqual(case.partner_id.email, "nina@new.example.com")
        self.assertEqual(case.partner_id.phone, "+32 2 555 02 02")
        self.assertEqual(case.number, number)
        self.assertLessEqual(messages, case.message_ids)
        self.assertTrue(case.date_converted)

    def test_proposes_the_contact_with_the_address(self):
        case = self._lead(email_from="CARLA@customer.example.com")
        form = self._wizard(case)
        self.assertEqual((form.customer, form.partner_id), ("link", self.partner))
        form.save().action_apply()
        self.assertEqual(case.partner_id, self.partner)

    def test_links_another_contact(self):
        other = self.env["res.partner"].create({"name": "Other"})
        case = self._lead(email_from="someone@new.example.com")
        form = self._wizard(case)
        form.customer = "link"
        form.partner_id = other
        form.save().action_apply()
        self.assertEqual(case.partner_id, other)
        self.assertEqual(case.email_from, "someone@new.example.com")

    def test_without_a_customer(self):
        case = self._lead(email_from="nina@new.example.com")
        form = self._wizard(case)
        form.customer = "none"
        form.save().action_apply()
        self.assertEqual(case.type_id, self.opportunity)
        self.assertFalse(case.partner_id)

    def test_all_open_cases_of_the_address_get_the_customer(self):
        case = self._lead(email_from="nina@new.example.com")
        other = self._case(email_from="NINA@new.example.com")
        closed = self._case_in("done", email_from="nina@new.example.com")
        self._wizard(case).save().action_apply()
        self.assertEqual(other.partner_id, case.partner_id)
        self.assertFalse(closed.partner_id)

    def test_batch(self):
        """Each its own customer; two leads of one address share a new one."""
        known = self._lead(email_from="carla@customer.example.com")
        first = self._lead(email_from="nina@new.example.com")
        second = self._lead(email_from="Nina <nina@new.example.com>")
        nameless = self._lead(name="Somebody called")
        cases = known + first + second + nameless
        form = self._wizard(cases)
        self.assertEqual(form.customer, "link")
        form.save().action_apply()
        self.assertEqual(cases.type_id, self.opportunity)
        self.assertEqual(known.partner_id, self.partner)
        self.assertTrue(first.partner_id)
        self.assertEqual(first.partner_id, second.partner_id)
        self.assertEqual(nameless.partner_id.name, "Somebody called")

    def test_keeps_state_team_and_responsible(self):
        case = self._lead(
            stage_id=self.stages["pending"].id, user_id=self.user_member.id
        )
        self._wizard(case).save().action_apply()
        self.assertEqual(case.state, "pending")
        self.assertEqual(case.team_id, self.team_care)
        self.assertEqual(case.user_id, self.user_member)

    def test_hands_over(self):
        case = self._lead()
        form = self._wizard(case)
        form.team_id = self.team_sales
        form.user_id = self.user_other
        form.save().action_apply()
        self.assertEqual(case.team_id, self.team_sales)
        self.assertEqual(case.user_id, self.user_other)

    def test_refused(self):
        with self.assertRaisesRegex(UserError, "becomes nothing else"):
            self._case().action_convert()
        closed = self._lead(stage_id=self.stages["cancel"].id)
        with self.assertRaisesRegex(UserError, "closed"):
            closed.action_convert()
        wizard = self.env["crm.case.convert"].create({"case_ids": closed.ids})
        with self.assertRaises(UserError):
            wizard.action_apply()

    def test_contact_of_another_company_is_not_proposed(self):
        company = self.env["res.company"].create({"name": "Other Company"})
        self.env["res.partner"].create(
            {
                "name": "Far",
                "email": "far@away.example.com",
                "company_id": company.id,
            }
        )
        form = self._wizard(self._lead(email_from="far@away.example.com"))
        self.assertFalse(form.partner_id)

    def test_member_converts(self):
        """Creating the contact needs the right to create contacts, nothing else."""
        self.user_member.group_ids += self.env.ref("base.group_partner_manager")
        case = self._lead(email_from="nina@new.example.com").with_user(self.user_member)
        wizard = (
            self.env["crm.case.convert"]
            .with_user(self.user_member)
            .create({"case_ids": case.ids})
        )
        wizard.action_apply()
        self.assertEqual(case.type_id, self.opportunity)
        self.assertTrue(case.partner_id)


@tagged("post_install", "-at_install")
class TestCustomerLinkedLater(CasesCommon):
    def test_contact_entered_by_staff_takes_its_open_cases(self):
        case = self._case(email_from="Nina <nina@new.example.com>")
        closed = self._case_in("done", email_from="nina@new.example.com")
        contact = (
            self.env["res.partner"]
            .with_user(self.user_manager)
            .sudo()
            .create({"name": "Nina", "email": "NINA@new.example.com"})
        )
        self.assertEqual(case.partner_id, contact)
        self.assertFalse(closed.partner_id)

    def test_corrected_address(self):
        case = self._case(email_from="nina@new.example.com")
        self.partner.with_user(self.user_manager).sudo().email = "nina@new.example.com"
        self.assertEqual(case.partner_id, self.partner)

    def test_who_signs_up_takes_nothing(self):
        """A new account has not proved that its address is its own."""
        case = self._case(email_from="nina@new.example.com")
        for user in (self.env.ref("base.public_user"), self.user_portal):
            self.env["res.partner"].with_user(user).sudo().create(
                {"name": "Mallory", "email": "nina@new.example.com"}
            )
        self.assertFalse(case.partner_id)

    def test_other_company(self):
        case = self._case(email_from="nina@new.example.com")
        company = self.env["res.company"].create({"name": "Other Company"})
        self.env["res.partner"].create(
            {
                "name": "Nina",
                "email": "nina@new.example.com",
                "company_id": company.id,
            }
        )
        self.assertFalse(case.partner_id)
