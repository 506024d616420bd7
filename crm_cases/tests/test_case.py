from datetime import timedelta

from lxml import etree
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestCase(CasesCommon):
    # Numbers

    def test_number(self):
        case = self._case("The lamp flickers")
        self.assertRegex(case.number, r"^CASE-\d{5}$")
        self.assertEqual(case.display_name, f"[{case.number}] The lamp flickers")

    def test_numbers_differ_and_are_not_copied(self):
        cases = self.env["crm.case"].create([{"name": "One"}, {"name": "Two"}])
        cases += cases[0].copy()
        self.assertEqual(len(set(cases.mapped("number"))), 3)

    def test_opening_a_form_takes_no_number(self):
        sequence = self.env.ref("crm_cases.ir_sequence_crm_case")
        before = sequence.number_next_actual
        Form(self.env["crm.case"])
        self.assertEqual(sequence.number_next_actual, before)

    @mute_logger("odoo.sql_db")
    def test_number_is_unique(self):
        case = self._case()
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self._case(number=case.number)

    def test_standard_sequence(self):
        """A gapless one would make all who create cases wait for each other."""
        sequence = self.env.ref("crm_cases.ir_sequence_crm_case")
        self.assertEqual(sequence.implementation, "standard")
        self.assertFalse(sequence.company_id)

    def test_found_by_number_and_subject(self):
        case = self._case("Wobbly saddle")
        found = self.env["crm.case"].name_search
        self.assertEqual([case.id], [id_ for id_, _name in found(case.number)])
        self.assertEqual([case.id], [id_ for id_, _name in found("wobbly")])

    # Defaults

    def test_defaults(self):
        case = self.env["crm.case"].with_user(self.user_member).create({"name": "Hi"})
        self.assertEqual(case.user_id, self.user_member)
        self.assertEqual(case.team_id, self.team_care)
        self.assertEqual(case.company_id, self.env.company)
        self.assertEqual(case.stage_id, self.stages["draft"])
        self.assertEqual(case.type_id, self.env.ref("crm_cases.crm_case_type_request"))
        self.assertEqual(case.priority, "1")
        self.assertEqual(case.state, "draft")

    def test_team_of_nobody_is_general(self):
        case = self.env["crm.case"].create({"name": "Hi", "user_id": False})
        self.assertEqual(case.team_id, self.team_general)

    def test_changing_the_user_keeps_the_team(self):
        case = self._case(user_id=self.user_member.id)
        case.user_id = self.user_other
        self.assertEqual(case.team_id, self.team_care)

    def test_contact_fills_address_and_phone(self):
        case = self._case(partner_id=self.partner.id)
        self.assertEqual(case.partner_name, "Carla Customer")
        self.assertEqual(case.email_normalized, "carla@customer.example.com")
        self.assertEqual(case.phone, "+32 2 555 01 01")

    def test_another_customer_brings_another_address(self):
        case = self._case(partner_id=self.partner.id)
        self.env.flush_all()
        case.partner_id = self.env["res.partner"].create(
            {"name": "Next", "email": "Next <next@customer.example.com>"}
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertIn("next@customer.example.com", case.email_from)
        self.assertEqual(case.email_normalized, "next@customer.example.com")

    def test_contact_keeps_the_spelling_of_its_address(self):
        case = self._case(email_from='"C. C." <Carla@customer.example.com>')
        case.partner_id = self.partner
        self.assertEqual(case.email_from, '"C. C." <Carla@customer.example.com>')

    def test_contact_without_address_keeps_the_one_there(self):
        case = self._case(email_from="x@y.example.com", phone="1")
        case.partner_id = self.env["res.partner"].create({"name": "Nobody"})
        self.assertEqual((case.email_from, case.phone), ("x@y.example.com", "1"))

    def test_category_of_parent_team_is_offered(self):
        category = self.env["crm.case.category"].create(
            {"name": "For the board", "team_id": self.team_board.id}
        )
        domain = self.env["crm.case"]._fields["category_id"].domain
        for team, offered in ((self.team_care, category), (self.team_sales, False)):
            found = category.search(safe_eval(domain, {"team_id": team.id}))
            self.assertEqual(found & category, offered or category.browse())

    def test_category_tree(self):
        top = self.env["crm.case.category"].create({"name": "Hardware"})
        sub = top.create({"name": "Battery", "parent_id": top.id})
        self.assertEqual(sub.complete_name, "Hardware / Battery")
        top.name = "Parts"
        self.assertEqual(sub.complete_name, "Parts / Battery")
        with self.assertRaisesRegex(UserError, "cannot be below"):
            top.parent_id = sub

    # Deleting

    def test_draft_can_be_deleted(self):
        self._case().with_user(self.user_leader).unlink()

    def test_processed_cannot_be_deleted(self):
        case = self._case_in("open")
        with self.assertRaisesRegex(UserError, case.number), self.cr.savepoint():
            (self._case() + case).with_user(self.user_leader).unlink()
        case.with_user(self.user_manager).unlink()
        self.assertFalse(case.exists())

    # Standing

    def test_overdue(self):
        late = self._case(date_deadline="2020-01-01 10:00:00")
        fine = self._case(date_deadline="2120-01-01 10:00:00")
        none = self._case()
        closed = self._case_in("done", date_deadline="2020-01-01 10:00:00")
        cases = late + fine + none + closed
        self.assertEqual(cases.mapped("is_overdue"), [True, False, False, False])
        domain = [("id", "in", cases.ids), ("is_overdue", "=", True)]
        self.assertEqual(cases.search(domain), late)
        domain = [("id", "in", cases.ids), ("is_overdue", "=", False)]
        self.assertEqual(cases.search(domain), fine + none + closed)

    def test_rotting(self):
        stage = self.stages["open"]
        stage.rotting_threshold_days = 3
        case = self._case_in("open")
        self.assertFalse(case.is_rotting)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE crm_case SET date_last_stage_update = now() at time zone 'utc' "
            "- interval '5 days' WHERE id = %s",
            [case.id],
        )
        case.invalidate_recordset()
        self.assertTrue(case.is_rotting)
        self.assertIn(case, case.search([("is_rotting", "=", True)]))

    def test_smart_buttons(self):
        case = self._case(partner_id=self.partner.id)
        child = self._case(partner_id=self.partner.id, parent_id=case.id)
        self.assertEqual(case.child_count, 1)
        self.assertEqual(case.partner_case_count, 1)
        self.assertEqual(case.search(case.action_view_children()["domain"]), child)
        both = case.search(case.action_view_partner_cases()["domain"])
        self.assertEqual(both, case + child)
        with self.assertRaises(ValidationError):
            case.parent_id = child

    def test_partner_counts_its_children(self):
        company = self.env["res.partner"].create({"name": "Inc", "is_company": True})
        self.partner.parent_id = company
        self._case(partner_id=self.partner.id)
        self._case(partner_id=company.id)
        people = (company + self.partner).with_user(self.user_leader)
        self.assertEqual(people.mapped("case_count"), [2, 1])
        domain = people[0].action_view_cases()["domain"]
        self.assertEqual(self.env["crm.case"].search_count(domain), 2)

    def test_cases_of_several_partners(self):
        """From the menu of contacts."""
        cases = self._case(partner_id=self.partner.id)
        cases |= self._case(partner_id=self.user_portal.partner_id.id)
        partners = cases.partner_id
        action = (
            self.env.ref("crm_cases.res_partner_action_cases")
            .with_user(self.user_member)
            .with_context(active_model="res.partner", active_ids=partners.ids)
            .run()
        )
        self.assertEqual(self.env["crm.case"].search(action["domain"]), cases[::-1])
        self.assertNotIn("default_partner_id", action["context"])
        one = self.partner.action_view_cases()
        self.assertEqual(one["context"]["default_partner_id"], self.partner.id)

    def test_types(self):
        codes = {"lead", "opportunity", "task", "issue"}
        codes |= {"request", "bug", "campaign", "claim"}
        types = self.env["crm.case.type"].search([("code", "in", list(codes))])
        self.assertEqual(set(types.mapped("code")), codes)
        for code in codes:
            action = self.env.ref(f"crm_cases.crm_case_action_{code}")
            menu = self.env.ref(f"crm_cases.crm_case_menu_{code}")
            self.assertEqual(menu.action, action)

    def test_new_type_needs_no_code(self):
        case_type = self.env["crm.case.type"].create({"name": "Warranty"})
        case = self._case(type_id=case_type.id)
        action = case_type.action_view_cases()
        self.assertEqual(case.search(action["domain"]), case)
        self.assertEqual(case_type.case_count, 1)

    def test_board_shows_empty_stages(self):
        groups = (
            self.env["crm.case"]
            .with_context(read_group_expand=True)
            .web_read_group([("id", "=", 0)], ["stage_id"], ["__count"])
        )
        shown = [group["stage_id"][0] for group in groups["groups"]]
        usual = self.env["crm.case.stage"].search([("outcome", "=", False)])
        self.assertEqual(shown, usual.ids)

    def test_deleted_campaign_leaves_the_case(self):
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        case = self._case(campaign_id=campaign.id)
        campaign.unlink()
        self.assertFalse(case.campaign_id)

    def test_merged_contacts_keep_their_cases(self):
        double = self.partner.copy({"email": self.partner.email})
        case = self._case(partner_id=double.id)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.partner + double).ids, self.partner
        )
        self.assertEqual(case.partner_id, self.partner)

    def test_my_work_shows_what_is_promised_first(self):
        """The order that the board asks for, and that it is the board of My Work."""
        now = fields.Datetime.now()
        late, soon, urgent, waiting, other = (
            self._case(name, priority=priority)
            for name, priority in zip("abcde", "11311", strict=True)
        )
        late.sla_deadline = now + timedelta(hours=9)
        soon.sla_deadline = now + timedelta(hours=1)
        waiting.date_last_customer_message = now - timedelta(days=3)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_cases.crm_case_action_my"
        )
        view_id = dict((mode, view) for view, mode in action["views"])["kanban"]
        arch = etree.fromstring(self.env["crm.case"].get_view(view_id)["arch"])
        cases = late + soon + urgent + waiting + other
        found = cases.search([("id", "in", cases.ids)], order=arch.get("default_order"))
        self.assertEqual(found, soon + late + urgent + waiting + other)
