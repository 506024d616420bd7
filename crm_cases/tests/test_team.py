from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestTeam(CasesCommon):
    def test_complete_name(self):
        self.assertEqual(self.team_care.complete_name, "Board / Care")
        self.assertEqual(self.team_care.display_name, "Board / Care")
        self.team_board.name = "Bridge"
        self.assertEqual(self.team_care.complete_name, "Bridge / Care")

    def test_no_cycle(self):
        for below in (self.team_care, self.team_board):
            with self.assertRaisesRegex(UserError, "cannot be below"):
                self.team_board.parent_id = below

    def test_counters(self):
        self._case(user_id=self.user_member.id)
        waiting = self._case()
        waiting.message_post(
            body="Hello?",
            author_id=self.partner.id,
            message_type="email",
            subtype_xmlid="mail.mt_comment",
        )
        self._case(date_deadline="2020-01-01 00:00:00")
        self._case_in("done", date_deadline="2020-01-01 00:00:00")
        self._case_in("pending", team_id=self.team_sales.id)
        teams = self.team_care + self.team_sales
        self.assertEqual(teams.mapped("open_count"), [3, 1])
        self.assertEqual(teams.mapped("unassigned_count"), [2, 1])
        self.assertEqual(teams.mapped("waiting_count"), [1, 0])
        self.assertEqual(teams.mapped("overdue_count"), [1, 0])

    def test_counters_open_what_they_count(self):
        late = self._case(date_deadline="2020-01-01 00:00:00")
        self._case()
        action = self.team_care.with_context(
            search_default_overdue=1
        ).action_view_cases()
        self.assertEqual(action["context"]["search_default_overdue"], 1)
        self.assertNotIn("search_default_not_closed", action["context"])
        found = late.search([*action["domain"], ("is_overdue", "=", True)])
        self.assertEqual(len(found), self.team_care.overdue_count)
        action = self.team_care.action_view_cases()
        self.assertEqual(action["context"]["search_default_not_closed"], 1)
        self.assertEqual(action["context"]["default_team_id"], self.team_care.id)

    def test_counters_respect_rights(self):
        self._case(team_id=self.team_sales.id)
        team = self.team_sales.with_user(self.user_member)
        self.assertEqual(team.open_count, 0)
        self.assertEqual(team.with_user(self.user_leader).open_count, 1)

    def test_alias_makes_cases_of_the_team(self):
        alias = self.team_care.alias_id
        self.assertEqual(alias.alias_model_id.model, "crm.case")
        self.assertEqual(alias.alias_defaults, str({"team_id": self.team_care.id}))

    def test_general_cannot_be_deleted(self):
        with self.assertRaises(UserError):
            self.team_general.unlink()

    def test_fallback(self):
        Team = self.env["crm.case.team"]
        self.assertEqual(Team._get_fallback_team(), self.team_general)
        self.team_general.active = False
        self.assertTrue(Team._get_fallback_team())
        self.assertNotEqual(Team._get_fallback_team(), self.team_general)

    @mute_logger("odoo.sql_db")
    def test_team_with_cases_is_kept(self):
        self._case(team_id=self.team_sales.id)
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.team_sales.unlink()
