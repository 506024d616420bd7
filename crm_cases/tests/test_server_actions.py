from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestServerActions(CasesCommon):
    def _action(self, **values):
        return self.env["ir.actions.server"].create(
            {
                "name": "Try",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                **values,
            }
        )

    def _run(self, action, cases, user=None):
        action.with_user(user or self.env.user).with_context(
            active_model="crm.case", active_ids=cases.ids, active_id=cases[:1].id
        ).run()
        self.flush_tracking()

    # Escalate

    def test_escalate_each_case_by_its_own_team(self):
        low = self._case()
        top = self._case(team_id=self.team_board.id)
        closed = self._case_in("done")
        self._run(self._action(state="case_escalate"), low + top + closed)
        self.assertEqual(low.team_id, self.team_board)
        self.assertEqual(low.user_id, self.user_manager)
        self.assertEqual(top.team_id, self.team_board)
        self.assertIn("no team above", top.message_ids[0].body)
        self.assertEqual(top.message_ids[0].partner_ids, self.user_manager.partner_id)
        self.assertEqual(closed.team_id, self.team_care)

    def test_escalate_to_the_top(self):
        self.team_board.parent_id = self._team("Owners", user_id=self.user_other.id)
        case = self._case()
        self._run(self._action(state="case_escalate", case_escalate_to="top"), case)
        self.assertEqual(case.team_id.name, "Owners")
        self.assertEqual(case.user_id, self.user_other)
        self.assertEqual(case.escalation_level, 2)

    # Remind

    def test_reminder_to_the_customer(self):
        case = self._case_in(
            "pending", partner_id=self.partner.id, user_id=self.user_member.id
        )
        before = case.read(["date_action_last", "date_last_staff_message"])
        self._run(self._action(state="case_remind"), case)
        message = case.message_ids[0]
        self.assertEqual(message.message_type, "auto_comment")
        self.assertIn(self.partner, message.partner_ids)
        self.assertEqual(message.author_id, self.user_member.partner_id)
        self.assertIn(case.number, message.subject)
        self.assertFalse(case.date_first_response)
        self.assertEqual(
            case.read(["date_action_last", "date_last_staff_message"]), before
        )
        self.assertEqual(case.state, "pending")

    def test_reminder_is_never_by_the_customer(self):
        """A colleague may be the customer of a case and its responsible."""
        case = self._case(
            partner_id=self.user_member.partner_id.id, user_id=self.user_member.id
        )
        case.action_remind_customer()
        author = case.message_ids[0].author_id
        self.assertEqual(author, self.user_leader.partner_id)
        case.team_id = self.team_sales
        case.action_remind_customer()
        self.assertEqual(case.message_ids[0].author_id, case.company_id.partner_id)

    def test_reminder_to_a_mere_address(self):
        case = self._case(email_from="Nadia <nadia@customer.example.com>")
        case.action_remind_customer()
        message = case.message_ids[0]
        self.assertIn("nadia@customer.example.com", message.outgoing_email_to)
        self.assertFalse(case.partner_id)

    def test_reminder_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("crm_cases.reminder_customer_template")
        template.with_context(lang="fr_FR").subject = "Rappel : {{ object.number }}"
        self.partner.lang = "fr_FR"
        case = self._case(partner_id=self.partner.id)
        case.action_remind_customer()
        self.assertEqual(case.message_ids[0].subject, f"Rappel : {case.number}")

    def test_reminder_to_the_responsible_is_a_note(self):
        case = self._case(partner_id=self.partner.id, user_id=self.user_member.id)
        case.message_subscribe(self.partner.ids)
        case.action_remind_responsible()
        message = case.message_ids[0]
        self.assertTrue(message.subtype_id.internal)
        self.assertEqual(message.notified_partner_ids, self.user_member.partner_id)

    def test_reminder_to_the_watchers(self):
        case = self._case(email_cc="eva@watch.example.com, max@watch.example.com")
        self._run(self._action(state="case_remind", case_remind_to="watchers"), case)
        to = case.message_ids[0].outgoing_email_to
        self.assertIn("eva@watch.example.com", to)
        self.assertIn("max@watch.example.com", to)

    def test_one_missing_address_stops_no_other(self):
        mute = self._case()
        case = self._case(partner_id=self.partner.id)
        result = (mute + case).action_remind_customer()
        self.assertIn("Not sent: 1", result["params"]["message"])
        self.assertEqual(case.message_ids[0].message_type, "auto_comment")
        self.assertIn("no address", mute.message_ids[0].body)

    def test_documents_of_notes_stay_inside(self):
        case = self._case(partner_id=self.partner.id, user_id=self.user_member.id)
        case.message_post(
            body="Internal", attachments=[("secret.txt", b"s")], subtype_id=None
        )
        case.message_post(
            body="For you",
            attachments=[("offer.txt", b"o")],
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        action = self._action(state="case_remind", case_remind_attachments=True)
        self._run(action, case)
        self.assertEqual(
            case.message_ids[0].attachment_ids.mapped("name"), ["offer.txt"]
        )
        action.case_remind_to = "responsible"
        self._run(action, case)
        self.assertEqual(
            set(case.message_ids[0].attachment_ids.mapped("name")),
            {"offer.txt", "secret.txt"},
        )

    def test_members_remind_from_the_menu(self):
        case = self._case(partner_id=self.partner.id)
        action = self.env.ref("crm_cases.action_server_remind_customer")
        self._run(action, case, self.user_member)
        self.assertEqual(case.message_ids[0].message_type, "auto_comment")

    # Assign

    def test_assign_by_the_method_of_the_team(self):
        self.team_sales.assign_method = "round_robin"
        case = self._case(user_id=self.user_member.id)
        action = self._action(
            state="case_assign", case_assign_team_id=self.team_sales.id
        )
        self._run(action, case)
        self.assertEqual(case.team_id, self.team_sales)
        self.assertEqual(case.user_id, self.user_other)

    def test_assign_to_a_user(self):
        case, closed = self._case(), self._case_in("done")
        action = self._action(
            state="case_assign",
            case_assign_method="user",
            case_assign_user_id=self.user_member.id,
        )
        self._run(action, case + closed)
        self.assertEqual(case.user_id, self.user_member)
        self.assertFalse(closed.user_id)

    # Configuration

    def test_warnings(self):
        action = self._action(state="case_assign", case_assign_method="user")
        self.assertIn("Choose the user", action.warning)
        with self.assertRaises(UserError):
            self._run(action, self._case())
        action = self._action(
            state="case_assign", case_assign_team_id=self.team_care.id
        )
        self.assertIn("by hand", action.warning)
        action = self._action(
            state="case_escalate",
            model_id=self.env["ir.model"]._get_id("res.partner"),
        )
        self.assertIn("cases only", action.warning)
        action = self._action(state="case_remind", case_remind_to=False)
        self.assertIn("Choose who", action.warning)
        action = self._action(state="case_escalate", case_escalate_to=False)
        self.assertIn("Choose where", action.warning)

    def test_kinds_are_offered_for_cases_only(self):
        action = self._action(state="case_remind")
        self.assertEqual(action.available_model_ids.mapped("model"), ["crm.case"])

    def test_from_an_automation_rule(self):
        """Odoo's own rules use them too."""
        self.env["base.automation"].create(
            {
                "name": "Urgent goes up",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "trigger": "on_priority_set",
                "trg_selection_field_id": self.env["ir.model.fields.selection"]
                .search(
                    [
                        ("field_id.model", "=", "crm.case"),
                        ("field_id.name", "=", "priority"),
                        ("value", "=", "3"),
                    ]
                )
                .id,
                "action_server_ids": [(6, 0, self._action(state="case_escalate").ids)],
            }
        )
        case = self._case()
        case.priority = "3"
        self.assertEqual(case.team_id, self.team_board)
