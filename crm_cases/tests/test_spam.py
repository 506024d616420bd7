from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestSpam(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team_care.write({"rating_request": True, "rating_delay": 0})

    def _spam(self, **values):
        case = self._case(partner_id=self.partner.id, **values)
        case.with_user(self.user_member).action_spam()
        return case

    def test_spam_is_closed_and_gone_from_lists_and_reports(self):
        case = self._spam(name="Cheap watches")
        Case = self.env["crm.case"]
        self.assertEqual(case.state, "cancel")
        self.assertFalse(Case.search([("id", "=", case.id)]))
        report = self.env["crm.case.report"]
        self.env.flush_all()
        self.assertFalse(report.search([("case_id", "=", case.id)]))
        spam = [("active", "=", False), ("is_spam", "=", True)]
        self.assertIn(case, Case.search(spam))

    def test_many_at_once_from_any_state(self):
        cases = self.env["crm.case"].union(
            *(self._case(name=state) for state in ("a", "b", "c"))
        )
        cases[1].action_open()
        cases[2].action_close()
        before = cases.mapped("stage_id.state")
        stages = [case.stage_id for case in cases]
        cases.action_spam()
        self.assertTrue(all(cases.mapped("is_spam")))
        self.assertEqual([c.state for c in cases], ["cancel", "cancel", "done"])
        cases.action_not_spam()
        self.assertEqual([case.stage_id for case in cases], stages)
        self.assertEqual(cases.mapped("stage_id.state"), before)
        self.assertTrue(all(cases.mapped("active")))
        self.assertFalse(cases.filtered("is_spam"))

    def test_nothing_is_sent_and_no_rule_acts(self):
        case = self._case(partner_id=self.partner.id)
        case.message_subscribe([self.user_leader.partner_id.id, self.partner.id])
        self.env.flush_all()
        model = self.env["ir.model"]._get("crm.case")
        rule = self.env["base.automation"].create(
            {
                "name": "On anything",
                "model_id": model.id,
                "trigger": "on_create_or_write",
            }
        )
        self.env["ir.actions.server"].create(
            {
                "name": "Priority",
                "model_id": model.id,
                "base_automation_id": rule.id,
                "state": "code",
                "code": "record.write({'color': 7})",
            }
        )
        self.assertEqual(case.color, 0)
        mails = self.env["mail.mail"].search_count([])
        told = self.env["mail.notification"].search_count([])
        case.action_spam()
        self.env.flush_all()
        self.assertEqual(case.color, 0)
        case.action_not_spam()
        self.env.flush_all()
        self.assertEqual(case.color, 0)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(self.env["mail.notification"].search_count([]), told)
        self.assertFalse(case.rating_due)
        self.env["crm.case"]._cron_request_ratings()
        self.assertFalse(case.rating_requested_on)

    def test_a_menu_shows_spam_and_the_lists_of_the_day_do_not(self):
        case = self._spam()
        menu = self.env.ref("crm_cases.crm_case_menu_spam")
        self.assertIn(
            menu.id,
            self.env["ir.ui.menu"].with_user(self.user_member)._visible_menu_ids(),
        )
        action = menu.action
        self.assertNotIn("search_default", action.context)
        Case = self.env["crm.case"].with_user(self.user_member)
        self.assertIn(case, Case.search(literal_eval(action.domain)))
        self.assertNotIn(case, Case.search([]))
        case.action_not_spam()
        self.assertNotIn(case, Case.search(literal_eval(action.domain)))

    def test_one_ribbon_says_it(self):
        arch = self.env["crm.case"].get_view(view_type="form")["arch"]
        ribbons = etree.fromstring(arch).iterfind(".//widget[@name='web_ribbon']")
        case = self._spam()
        state = {
            "active": case.active,
            "is_spam": case.is_spam,
            "merged_into_id": case.merged_into_id.id,
            "outcome": case.outcome,
        }
        shown = [
            ribbon.get("title")
            for ribbon in ribbons
            if not safe_eval(ribbon.get("invisible"), dict(state))
        ]
        self.assertEqual(shown, ["Spam"])

    def _two(self):
        """Two cases of one customer, about which nothing waits to be sent."""
        cases = [self._case(partner_id=self.partner.id) for _i in range(2)]
        for case in cases:
            case.message_ids.sudo().mail_ids.unlink()
        return cases

    def _say(self, record, text="Thanks"):
        """Answer the partner of a record; the mail waits in the queue."""
        message = record.message_post(
            body=text,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=record.partner_id.ids,
        )
        self.assertEqual(set(message.sudo().mail_ids.mapped("state")), {"outgoing"})
        return message

    def _schedule(self, record, text):
        file = self.env["ir.attachment"].create({"name": "a.txt", "raw": b"A"})
        return self.env["mail.scheduled.message"].create(
            {
                "model": record._name,
                "res_id": record.id,
                "author_id": self.user_leader.partner_id.id,
                "body": text,
                "attachment_ids": file.ids,
                "partner_ids": record.partner_id.ids,
                "scheduled_date": fields.Datetime.now() + timedelta(days=1),
            }
        )

    def test_what_waits_in_the_queue_is_not_sent(self):
        case, other = self._two()
        supplier = self.partner.copy({"email": "s@supplier.example.com"})
        party = self.env["crm.case.party"].create(
            {"name": "Ask", "case_id": case.id, "partner_id": supplier.id}
        )
        gone = self._say(case) | self._say(party)
        stays = self._say(other)
        case.with_user(self.user_member).action_spam()
        self.assertEqual(set(gone.sudo().mail_ids.mapped("state")), {"cancel"})
        told = gone.notification_ids.filtered(lambda n: n.notification_type == "email")
        self.assertEqual(set(told.mapped("notification_status")), {"canceled"})
        self.assertEqual(set(stays.sudo().mail_ids.mapped("state")), {"outgoing"})
        self.assertIn("not sent: 2", case.message_ids[0].body)

    def test_what_was_scheduled_is_not_sent_and_kept_in_a_note(self):
        case, other = self._two()
        scheduled = self._schedule(case, "<b>Your prize</b> <script>x</script>")
        file = scheduled.attachment_ids
        stays = self._schedule(other, "Later")
        case.with_user(self.user_member).action_spam()
        self.assertFalse(scheduled.exists())
        self.assertTrue(stays.exists())
        note = case.message_ids[0]
        self.assertIn("<b>Your prize</b>", note.body)
        self.assertNotIn("script", note.body)
        self.assertIn("Lea Leader", note.body)
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        self.assertEqual((file.res_model, file.res_id), (case._name, case.id))

    def test_a_notice_that_waits_is_not_sent(self):
        case = self._case(partner_id=self.partner.id)
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        message = case.message_post(
            body="Later", partner_ids=self.partner.ids, scheduled_date=tomorrow
        )
        about = [("mail_message_id", "=", message.id)]
        waiting = self.env["mail.message.schedule"].sudo()
        self.assertTrue(waiting.search(about))
        case.action_spam()
        self.assertFalse(waiting.search(about))

    def test_what_was_not_sent_stays_unsent_and_not_spam_says_so(self):
        case, other = self._two()
        message = self._say(case)
        cases = case | other
        cases.action_spam()
        cases.action_not_spam()
        self.assertEqual(set(message.sudo().mail_ids.mapped("state")), {"cancel"})
        self.assertIn("stays unsent", case.message_ids[0].body)
        self.assertNotIn("unsent", other.message_ids[0].body)
        cases.action_spam()
        cases.action_not_spam()
        self.assertNotIn("unsent", case.message_ids[0].body)

    def test_promises_end_with_spam_and_come_back(self):
        self.env["crm.case.sla"].create({"name": "Fast", "response_hours": 1})
        case = self._case()
        self.assertTrue(case.sla_deadline)
        case.action_spam()
        self.assertFalse(case.sla_deadline)
        case.action_not_spam()
        self.assertTrue(case.sla_deadline)

    def test_what_closing_asks_for_is_not_asked_of_spam(self):
        claim = self.env.ref("crm_cases.crm_case_type_opportunity")
        case = self._case(type_id=claim.id)
        case.action_spam()
        self.assertEqual(case.state, "cancel")
        case.action_not_spam()
        self.assertEqual(case.state, "draft")

    def test_a_stage_that_went_is_replaced(self):
        stage = self.stages["open"].copy({"name": "Mine", "state": "open"})
        case = self._case()
        case.stage_id = stage
        case.action_spam()
        stage.team_ids = self.team_sales
        case.action_not_spam()
        self.assertEqual(case.stage_id.state, "open")
        self.assertNotEqual(case.stage_id, stage)

    def test_unarchiving_says_that_it_is_no_spam(self):
        case = self._spam()
        case.action_unarchive()
        self.assertTrue(case.active)
        self.assertFalse(case.is_spam)
        self.assertEqual(case.state, "draft")

    def test_the_note_says_who_did_it(self):
        case = self._spam()
        note = case.message_ids[:1]
        self.assertIn("spam", note.body)
        self.assertEqual(note.author_id, self.user_member.partner_id)

    def test_only_who_may_write_the_case(self):
        case = self._case()
        for user in (self.user_other, self.user_portal, self.user_employee):
            with self.assertRaises(AccessError):
                case.with_user(user).action_spam()
        self.assertTrue(case.active)
