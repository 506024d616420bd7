from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import CUSTOMER
from .test_threading import STAFF, ThreadingCommon


@tagged("post_install", "-at_install")
class TestBlocked(ThreadingCommon):
    def setUp(self):
        super().setUp()
        self.blocked = self.env["crm.mailgateway.blocked"]

    def addresses(self):
        return set(self.blocked.search([]).mapped("email"))

    def test_later_mails_are_ignored_with_the_reason(self):
        case = self.new_case()
        other = self.mail(subject="Something else").case_id
        case.with_user(self.staff).action_spam()
        self.assertEqual(self.addresses(), {CUSTOMER})
        messages = len(other.message_ids)
        cases = self.env["crm.case"].search_count([])
        new = self.mail(subject="Cheap watches")
        answer = self.mail(subject=f"Re: [{other.number}]")
        for row in (new, answer):
            self.assertEqual(row.state, "ignored")
            self.assertIn("Blocked sender", row.verdict)
            self.assertEqual(row.ack_state or "withheld", "withheld")
        self.assertEqual(len(other.message_ids), messages)
        self.assertEqual(self.env["crm.case"].search_count([]), cases)

    def test_who_is_not_spam_may_write_again(self):
        case = self.new_case()
        case.action_spam()
        case.action_not_spam()
        self.assertFalse(self.addresses())
        self.assertTrue(self.mail(subject="Hello again").case_id)

    def test_what_a_manager_blocked_stays_blocked(self):
        case = self.new_case()
        self.blocked.create({"email": CUSTOMER})
        case.action_spam()
        told = case.action_not_spam()["params"]["message"]
        self.assertEqual(self.addresses(), {CUSTOMER})
        self.assertIn(CUSTOMER, told)
        self.assertNotIn("may write again", told)

    def test_a_block_goes_with_the_last_case_that_made_it(self):
        cases = self.new_case() | self.mail(subject="Second").case_id
        cases.action_spam()
        self.assertEqual(self.blocked.search([]).case_ids, cases)
        told = cases[0].action_not_spam()["params"]["message"]
        self.assertNotIn("may write again", told)
        self.assertEqual(self.addresses(), {CUSTOMER})
        cases[1].email_from = "another@example.com"
        told = cases[1].action_not_spam()["params"]["message"]
        self.assertIn("may write again", told)
        self.assertFalse(self.addresses())

    def test_others_are_heard(self):
        self.new_case().action_spam()
        row = self.mail(subject="Hello", From="friend@example.com")
        self.assertTrue(row.case_id)

    def test_other_companies_hear_the_sender(self):
        case = self.new_case()
        case.action_spam()
        other = self.env["res.company"].create({"name": "Other"})
        other.alias_domain_id = self.env["mail.alias.domain"].create(
            {"name": "other.example"}
        )
        self.env["crm.case.team"].create(
            {
                "name": "There",
                "company_id": other.id,
                "alias_name": "there",
                "alias_domain_id": other.alias_domain_id.id,
            }
        )
        row = self.mail(subject="Hello there", To="there@other.example")
        self.assertEqual(row.case_id.company_id, other)

    def test_the_thanks_that_wait_are_withheld(self):
        case = self.new_case()
        result = self.env["crm.mailgateway.result"].search([("res_id", "=", case.id)])
        self.assertEqual(result.ack_state, "pending")
        case.action_spam()
        self.assertEqual(result.ack_state, "withheld")

    def test_bytes_go_as_early_as_those_of_spam(self):
        row = self.receive_old()
        journal = self.env["crm.mailgateway.message"]
        self.assertNotIn(row.id, journal._find_expired("ignored"))
        row.case_id.action_spam()
        self.env.flush_all()
        self.assertIn(row.id, journal._find_expired("ignored"))

    def receive_old(self):
        row = self.mail(subject="Old")
        self.env.flush_all()
        before = fields.Datetime.now() - timedelta(days=40)
        self.env.cr.execute(
            "UPDATE crm_mailgateway_message SET create_date = %s WHERE id = %s",
            (before, row.id),
        )
        return row

    def test_our_people_and_our_addresses_are_never_blocked(self):
        cases = self.env["crm.case"].create(
            [
                {"name": "Ours", "email_from": address}
                for address in (STAFF, self.team.alias_id.alias_full_name)
            ]
        )
        cases.action_spam()
        self.assertTrue(all(cases.mapped("is_spam")))
        self.assertFalse(self.addresses())
        for address in (STAFF, self.team.alias_id.alias_full_name, "nonsense"):
            with self.assertRaises(ValidationError):
                self.blocked.create({"email": address})

    def test_by_hand_in_any_case_of_letters(self):
        self.blocked.create({"email": f"Robin <{CUSTOMER.upper()}>"})
        self.assertEqual(self.addresses(), {CUSTOMER})
        self.assertEqual(self.mail(subject="Hello").state, "ignored")

    def test_two_cases_of_one_sender(self):
        cases = self.new_case() | self.mail(subject="Second").case_id
        cases[0].action_spam()
        cases.action_spam()
        self.assertEqual(len(self.blocked.search([])), 1)

    def test_rights_and_companies(self):
        row = self.blocked.create({"email": "x@spam.example"})
        manager = new_test_user(
            self.env, "blocked_manager", groups="crm_cases.crm_cases_group_manager"
        )
        self.assertTrue(row.with_user(manager).has_access("unlink"))
        for user in (self.staff, new_test_user(self.env, "x", "base.group_portal")):
            with self.assertRaises(AccessError):
                row.with_user(user).check_access("read")
        other = self.env["res.company"].create({"name": "Other"})
        row.company_id = other
        self.assertFalse(row.with_user(manager).has_access("read"))
