from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestConfiguration(CasesCommon):
    """Who changed what in the configuration stands in its chatter."""

    def _assert_tracked(self, record, changes, names=None):
        record = record.with_user(self.user_manager)
        self.flush_tracking()
        known = record.message_ids
        record.write(changes)
        self.flush_tracking()
        messages = record.message_ids - known
        self.assertEqual(messages.author_id, self.user_manager.partner_id)
        tracked = messages.sudo().tracking_value_ids.field_id.mapped("name")
        self.assertEqual(set(tracked), set(names or changes), record._name)

    def test_changes_are_tracked(self):
        calendar = self.env["resource.calendar"].create(
            {"name": "Late shift", "company_id": False}
        )
        self._assert_tracked(
            self.team_care,
            {
                "name": "Care and More",
                "escalation_assign": "keep",
                "resource_calendar_id": calendar.id,
                "reopen_pending": False,
            },
        )
        case_type = self.env["crm.case.type"].create({"name": "Warranty"})
        self._assert_tracked(
            case_type,
            {
                "name": "Guarantee",
                "use_resolution": True,
                "require_note": True,
                "convert_type_id": self.env.ref("crm_cases.crm_case_type_claim").id,
            },
        )
        stage = self.env["crm.case.stage"].create({"name": "Parts", "state": "open"})
        self._assert_tracked(
            stage,
            {"name": "Parts ordered", "state": "pending", "type_ids": case_type.ids},
        )
        category = self.env["crm.case.category"].create({"name": "Battery"})
        self._assert_tracked(
            category, {"name": "Batteries", "team_id": self.team_care.id}
        )
        reason = self.env["crm.case.close.reason"].create({"name": "Bad luck"})
        self._assert_tracked(reason, {"name": "Fate", "kind": "cause"})
        tag = self.env["crm.case.tag"].create({"name": "Dealr"})
        self._assert_tracked(tag, {"name": "Dealer"})
        kind = self.env["crm.case.document.model"].create(
            {"model_id": self.env["ir.model"]._get_id("res.users")}
        )
        model = self.env["ir.model"]._get_id("res.partner.bank")
        self._assert_tracked(kind, {"model_id": model}, ["model"])

    def test_type_does_not_become_itself(self):
        lead = self.env.ref("crm_cases.crm_case_type_lead")
        with self.assertRaisesRegex(ValidationError, "itself"):
            lead.convert_type_id = lead

    def test_category_shows_once_there_is_one(self):
        self.env["crm.case.category"].search([]).unlink()
        case = self._case()
        self.assertFalse(case.has_categories)
        self.env["crm.case.category"].create({"name": "Battery"})
        case.invalidate_recordset()
        self.assertTrue(case.has_categories)

    def test_members_of_a_team(self):
        self.flush_tracking()
        known = self.team_care.message_ids
        self.team_care.member_ids += self.user_other
        self.flush_tracking()
        tracked = (self.team_care.message_ids - known).sudo().tracking_value_ids
        self.assertIn("Otto Other", tracked.new_value_char)

    # Preference of a user

    def test_default_team(self):
        Case = self.env["crm.case"].with_user(self.user_member)
        self.assertEqual(Case.create({"name": "A"}).team_id, self.team_care)
        self.user_member.with_user(self.user_member).case_team_id = self.team_sales
        self.assertEqual(Case.create({"name": "B"}).team_id, self.team_sales)
        self.team_sales.active = False
        self.assertEqual(Case.create({"name": "C"}).team_id, self.team_care)

    def test_default_team_of_a_user_without_team(self):
        self.user_manager.case_team_id = self.team_sales
        case = self.env["crm.case"].with_user(self.user_manager).create({"name": "A"})
        self.assertEqual(case.team_id, self.team_sales)
