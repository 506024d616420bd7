from datetime import timedelta

from odoo.tests import tagged

from ..models.res_config_settings import RULES
from .rules_common import MONDAY, RulesCommon

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestSettings(RulesCommon):
    """Switching on is the whole configuration."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The app was installed long before the Monday to which these tests travel.
        cls.env.cr.execute("UPDATE crm_case_rule_level SET create_date = '2026-01-01'")
        cls.env.invalidate_all()

    def _switch(self, moment=MONDAY, **switches):
        with self.at(moment):
            settings = self.env["res.config.settings"].create(switches)
            settings.set_values()

    def _case_at(self, moment=MONDAY, state="open", **values):
        with self.at(moment):
            return self._case_in(state, **values)

    def _count(self, name, moment):
        with self.at(moment):
            return self.env["res.config.settings"].create({})[f"{name}_count"]

    def test_all_are_there_and_off(self):
        values = self.env["res.config.settings"].get_values()
        for name in RULES:
            self.assertTrue(self.env["res.config.settings"]._get_case_rule(name), name)
            self.assertFalse(values[name])

    def test_remind_customer(self):
        self._switch(case_remind_customer=True)
        case = self._case_at(state="pending", partner_id=self.partner.id)
        self._pass(MONDAY + 5 * DAY - timedelta(minutes=1))
        self.assertFalse(case.message_ids.filtered("partner_ids"))
        self._pass(MONDAY + 5 * DAY)
        message = case.message_ids.filtered("partner_ids")
        self.assertEqual(message.partner_ids, self.partner)
        self.assertEqual(message.message_type, "auto_comment")

    def test_escalate_and_again(self):
        self.team_board.parent_id = self._team("Owners", user_id=self.user_other.id)
        self._switch(case_escalate=True, case_escalate_top=True)
        case = self._case_at(priority="3", date_last_customer_message=MONDAY)
        calm = self._case_at(priority="2", date_last_customer_message=MONDAY)
        self._pass(MONDAY + timedelta(hours=4))
        self.assertEqual(case.team_id, self.team_board)
        self._pass(MONDAY + timedelta(hours=25))
        self.assertEqual(case.team_id.name, "Owners")
        self.assertEqual(calm.team_id, self.team_care)

    def test_close(self):
        self._switch(case_close=True)
        case = self._case_at(
            state="pending",
            partner_id=self.partner.id,
            date_last_customer_message=MONDAY - DAY,
            date_last_staff_message=MONDAY,
        )
        self._pass(MONDAY + 14 * DAY)
        self.assertEqual(case.state, "done")
        mail = case.message_ids.filtered("partner_ids")
        self.assertIn("We close", mail.subject)

    def test_gold(self):
        self._switch(case_gold=True)
        gold = self.env.ref("crm_cases.partner_category_gold")
        company = self.env["res.partner"].create(
            {"name": "Gold Inc", "is_company": True, "category_id": gold.ids}
        )
        self.partner.parent_id = company
        self.assertEqual(self._case(partner_id=self.partner.id).priority, "2")
        self.assertEqual(self._case(priority="3", partner_id=company.id).priority, "3")
        other = self.env["res.partner"].create({"name": "Plain"})
        self.assertEqual(self._case(partner_id=other.id).priority, "1")

    def test_deadline(self):
        self._switch(case_deadline=True)
        friday = MONDAY + 4 * DAY
        case = self._case_at(user_id=self.user_member.id, date_deadline=friday)
        self._pass(friday - DAY - timedelta(minutes=1))
        reminded = case.message_ids.filtered("partner_ids")
        self.assertFalse(reminded)
        self._pass(friday - DAY)
        reminded = case.message_ids.filtered("partner_ids")
        self.assertEqual(reminded.partner_ids, self.user_member.partner_id)

    def test_counts_and_the_past(self):
        cases = self._case_at(state="pending", partner_id=self.partner.id)
        cases += self._case_at(state="pending", partner_id=self.partner.id)
        late = MONDAY + 9 * DAY
        self.assertEqual(self._count("case_remind_customer", MONDAY), 0)
        self.assertEqual(self._count("case_remind_customer", late), 2)
        self._switch(late, case_remind_customer=True)
        self._pass(late)
        self.assertFalse(cases.message_ids.filtered("partner_ids"))
        self._switch(late, case_remind_customer=False)
        self._switch(late, case_remind_customer=True, case_include_past=True)
        self._pass(late)
        self.assertEqual(len(cases.message_ids.filtered("partner_ids")), 2)
