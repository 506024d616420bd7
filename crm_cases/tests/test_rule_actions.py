from datetime import timedelta

from odoo.tests import tagged

from .rules_common import MONDAY, RulesCommon


@tagged("post_install", "-at_install")
class TestRuleActions(RulesCommon):
    """What Odoo's own kinds of actions do as actions of a timed rule."""

    def _make(self, state, **values):
        return self.env["ir.actions.server"].create(
            {
                "name": state,
                "usage": "crm_case_rule",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "state": state,
                **values,
            }
        )

    def _make_all(self):
        template = self.env["mail.template"].create(
            {
                "name": "News",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "subject": "News of {{ object.name }}",
                "body_html": "<p>Soon</p>",
                "email_to": "someone@customer.example.com",
            }
        )
        todo = self.env.ref("mail.mail_activity_data_todo")
        return {
            "update": self._make("object_write", update_path="priority", value="3"),
            "code": self.mark,
            "mail": self._make("mail_post", template_id=template.id),
            "activity": self._make(
                "next_activity",
                activity_type_id=todo.id,
                activity_summary="Call",
                activity_user_type="specific",
                activity_user_id=self.user_member.id,
            ),
            "followers": self._make("followers", partner_ids=self.partner.ids),
            "webhook": self._make("webhook", webhook_url="http://127.0.0.1:9/"),
        }

    def test_kinds_of_odoo(self):
        actions = self._make_all()
        records = self.env["ir.actions.server"].union(*actions.values())
        self.assertFalse(any(records.mapped("warning")))
        with self.at(MONDAY):
            rule = self._rule(actions=records)
            cases = self._case() + self._case()
        self._pass(MONDAY + timedelta(days=1))
        self.assertEqual(rule.run_ids.mapped("state"), ["done", "done"])
        self.assertTrue(rule.at_least_once)
        for case in cases:
            self.assertEqual((case.priority, case.color), ("3", 1))
            self.assertEqual(case.activity_ids.summary, "Call")
            self.assertIn(self.partner, case.message_partner_ids)
        mails = self.env["mail.mail"].search([("model", "=", "crm.case")])
        subjects = mails.filtered(lambda mail: mail.res_id in cases.ids)
        self.assertIn(f"News of {cases[0].name}", subjects.mapped("subject"))
        names = [hook.__name__ for hook in self.env.cr.postcommit._funcs]
        self.assertEqual(names.count("_add_post_commit"), 2)
        self.env.cr.postcommit.clear()
