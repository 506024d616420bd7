from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestPrivateTeam(CasesCommon):
    """``team_legal`` is private: user_other is its only member, nobody leads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team_legal = cls._team(
            "Legal", is_private=True, member_ids=cls.user_other.ids
        )
        cls.team_care.parent_id = cls.team_legal
        cls.secret = cls._case("Dismissal of Eve", team_id=cls.team_legal.id)
        cls.outsiders = cls.user_member + cls.user_leader + cls.user_manager

    def _finds(self, user, case=None):
        case = case or self.secret
        return bool(case.with_user(user).search([("id", "=", case.id)]))

    def test_only_insiders_see_it(self):
        self.assertTrue(self._finds(self.user_other))
        for user in self.outsiders:
            self.assertFalse(self._finds(user), user.name)
            for operation in ("read", "write", "unlink"):
                self.assertFalse(self.secret.with_user(user).has_access(operation))

    def test_leader_and_responsible_are_insiders(self):
        self.team_legal.user_id = self.user_manager
        self.assertTrue(self._finds(self.user_manager))
        self.secret.user_id = self.user_member
        self.assertTrue(self._finds(self.user_member))

    def test_no_count_gives_it_away(self):
        for user in self.outsiders:
            team = self.team_legal.with_user(user)
            self.assertEqual(team.open_count, 0)
            groups = (
                self.env["crm.case"]
                .with_user(user)
                ._read_group([("team_id", "=", team.id)], [], ["__count"])
            )
            self.assertEqual(groups, [(0,)])

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_its_conversation_is_hidden(self):
        message = self.secret.message_post(body="The reasons are …")
        activity = self.secret.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.user_other.id
        )
        attachment = self.env["ir.attachment"].create(
            {
                "name": "reasons.txt",
                "raw": b"because",
                "res_model": "crm.case",
                "res_id": self.secret.id,
            }
        )
        for record in (message, activity, attachment):
            self.assertTrue(record.with_user(self.user_other).has_access("read"))
            found = record.with_user(self.user_manager).search([("id", "=", record.id)])
            self.assertFalse(found, record._name)
            with self.assertRaises(AccessError):
                attachment.with_user(self.user_manager).read(["raw"])

    def test_its_name_is_hidden_where_others_point_to_it(self):
        child = self._case("Return the laptop", parent_id=self.secret.id)
        for user, shown in (
            (self.user_manager, f"[{self.secret.number}]"),
            (self.user_other, f"[{self.secret.number}] Dismissal of Eve"),
        ):
            child.invalidate_recordset()
            value = child.sudo().with_user(user).sudo().read(["parent_id"])[0]
            self.assertEqual(value["parent_id"][1], shown)

    # Followers

    def test_no_colleague_from_outside_follows(self):
        outside = self.user_manager.partner_id
        customer = self.user_portal.partner_id
        self.secret.message_subscribe((outside + customer).ids)
        self.assertNotIn(outside, self.secret.message_partner_ids)
        self.assertIn(customer, self.secret.message_partner_ids)

    def test_who_follows_is_dropped_when_it_becomes_private(self):
        case = self._case("A complaint", team_id=self.team_sales.id)
        case.message_subscribe(self.user_manager.partner_id.ids)
        case.team_id = self.team_legal
        self.assertNotIn(self.user_manager.partner_id, case.message_partner_ids)

    def test_who_follows_is_dropped_when_its_team_becomes_private(self):
        case = self._case("A complaint", team_id=self.team_sales.id)
        case.message_subscribe(self.user_manager.partner_id.ids)
        self.team_sales.is_private = True
        self.assertNotIn(self.user_manager.partner_id, case.message_partner_ids)
        self.assertFalse(self._finds(self.user_manager, case))
        self.assertTrue(self._finds(self.user_other, case))

    # Writing

    def test_nobody_writes_to_colleagues_from_outside(self):
        outside = self.user_manager.partner_id
        own = self.secret.with_user(self.user_other)
        for subtype in ("mail.mt_note", "mail.mt_comment"):
            with self.assertRaisesRegex(UserError, "may not see the cases of the"):
                own.message_post(
                    body="Look at this",
                    message_type="comment",
                    partner_ids=outside.ids,
                    subtype_xmlid=subtype,
                )
        insider = self.user_leader
        self.team_legal.user_id = insider
        message = own.message_post(
            body="Look at this",
            message_type="comment",
            partner_ids=(insider.partner_id + self.partner).ids,
        )
        self.assertEqual(
            message.notified_partner_ids, insider.partner_id + self.partner
        )

    def test_a_colleague_is_answered_in_his_own_matter(self):
        """Also where only his address is known."""
        self.secret.email_from = self.user_manager.email
        message = self.secret.with_user(self.user_other).message_post(
            body="We have looked at it",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.user_manager.partner_id.ids,
        )
        self.assertEqual(message.notified_partner_ids, self.user_manager.partner_id)

    def test_no_other_path_tells_them(self):
        message = self.secret.message_post(
            body="Automatic",
            message_type="auto_comment",
            partner_ids=(self.user_manager + self.user_other).partner_id.ids,
        )
        self.assertEqual(message.notified_partner_ids, self.user_other.partner_id)

    # Handing over

    def test_escalating_to_it_lets_go_of_the_case(self):
        case = self._case(user_id=self.user_member.id).with_user(self.user_member)
        action = case.action_escalate()
        self.assertEqual(case.sudo().team_id, self.team_legal)
        self.assertEqual(action["tag"], "display_notification")
        self.assertFalse(self._finds(self.user_member, case))
        self.assertNotIn(self.user_member.partner_id, case.sudo().message_partner_ids)

    def test_a_form_says_why_it_cannot_file_there(self):
        cases = self.env["crm.case"].with_user(self.user_member)
        vals = {"name": "About a colleague", "team_id": self.team_legal.id}
        with self.assertRaisesRegex(AccessError, "Legal is a private team"):
            cases.web_save(vals, {"name": {}})
        insider = self.env["crm.case"].with_user(self.user_other)
        self.assertEqual(insider.web_save(vals, {"name": {}})[0]["name"], vals["name"])

    def test_the_team_hears_who_was_let_in(self):
        team = self.team_legal.with_user(self.user_manager)
        team.member_ids += self.user_manager
        message = self.team_legal.message_ids[0]
        self.assertIn(self.user_manager.name, message.body)
        self.assertEqual(message.author_id, self.user_manager.partner_id)
        self.assertIn(self.user_other.partner_id, message.notified_partner_ids)

    def test_mail_and_portal_still_reach_it(self):
        case = self.env["crm.case"].message_new(
            {"subject": "About my boss", "email_from": self.user_portal.email},
            {
                "team_id": self.team_legal.id,
                "partner_id": self.user_portal.partner_id.id,
            },
        )
        self.assertTrue(case.is_private)
        self.assertTrue(self._finds(self.user_portal, case))
