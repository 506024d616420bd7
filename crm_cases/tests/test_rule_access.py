from odoo.exceptions import AccessError
from odoo.tests import tagged

from .rules_common import MONDAY, RulesCommon


@tagged("post_install", "-at_install")
class TestRuleAccess(RulesCommon):
    def _rights(self, model, user):
        records = self.env[model].with_user(user)
        operations = ("read", "write", "create", "unlink")
        return "".join(op[0] for op in operations if records.has_access(op))

    def test_matrix_of_models(self):
        expected = {
            self.user_employee: ("", "", "", ""),
            self.user_portal: ("", "", "", ""),
            self.user_member: ("r", "r", "", "r"),
            self.user_leader: ("r", "r", "", "r"),
            self.user_manager: ("rwcu", "rwcu", "r", "rw"),
        }
        models = (
            "crm.case.rule",
            "crm.case.rule.level",
            "crm.case.rule.clock",
            "crm.case.rule.run",
        )
        for user, rights in expected.items():
            for model, right in zip(models, rights, strict=True):
                self.assertEqual(self._rights(model, user), right, (model, user.name))

    def test_runs_are_seen_with_their_case(self):
        with self.at(MONDAY):
            self._rule(0)
            mine, foreign = self._case(), self._case(team_id=self.team_sales.id)
        self._pass(MONDAY)
        runs = self.env["crm.case.rule.run"].search([]).with_user(self.user_member)
        self.assertEqual(runs.search([]).case_id, mine)
        self.assertEqual(runs.filtered(lambda r: r.has_access("read")).case_id, mine)
        hidden = runs.sudo().filtered(lambda run: run.case_id == foreign)
        with self.assertRaises(AccessError):
            hidden.with_user(self.user_member).read(["message"])

    def test_managers_choose_among_actions_for_rules(self):
        actions = self.env["ir.actions.server"].with_user(self.user_manager)
        self.assertEqual(set(actions.search([]).mapped("usage")), {"crm_case_rule"})
        with self.assertRaises(AccessError):
            self.mark.with_user(self.user_manager).read(["code"])
        with self.assertRaises(AccessError):
            self.mark.with_user(self.user_manager).name = "Other"

    def test_administrators_see_all_actions(self):
        admin = self.env.ref("base.user_admin")
        actions = self.env["ir.actions.server"].with_user(admin).search([])
        self.assertGreater(len(set(actions.mapped("usage"))), 1)

    def test_rules_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        rule = self._rule(company_id=other.id)
        seen = self.env["crm.case.rule"].with_user(self.user_manager).search([])
        self.assertNotIn(rule, seen)
        with self.at(MONDAY):
            case = self._case()
        self._pass(MONDAY.replace(day=20))
        self.assertFalse(case.color, "it does not act on our cases")

    def test_manager_makes_a_rule(self):
        rule = (
            self.env["crm.case.rule"]
            .with_user(self.user_manager)
            .create({"name": "Mine", "kind": "escalate"})
        )
        rule.name = "Better"
        rule.level_ids.amount = 3
        self.assertTrue(rule.sentence)
        self.assertTrue(rule.action_preview())
        rule.unlink()
