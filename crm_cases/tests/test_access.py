from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_cases.models.crm_case_access import FOLLOWERS_OF

from .common import CasesCommon

OPERATIONS = ("read", "write", "create", "unlink")
NOTHING, READ, TAG, ALL = "", "r", "rwc", "rwcu"

# What an employee without the app, a customer, a member and a manager may do.
# A user of all cases may do what a member may, with more cases.
CONFIGURATION = (NOTHING, NOTHING, READ, ALL)
DIALOG = (NOTHING, NOTHING, ALL, ALL)
RIGHTS = {
    "crm.case": (NOTHING, READ, ALL, ALL),
    "crm.case.category": CONFIGURATION,
    "crm.case.checklist": (NOTHING, NOTHING, ALL, ALL),
    "crm.case.close": DIALOG,
    "crm.case.close.reason": CONFIGURATION,
    "crm.case.convert": DIALOG,
    "crm.case.move.out": DIALOG,
    "crm.case.import.mail": (NOTHING, NOTHING, NOTHING, ALL),
    "crm.case.import.mail.line": (NOTHING, NOTHING, NOTHING, ALL),
    "crm.case.move": (NOTHING, NOTHING, NOTHING, ALL),
    "crm.case.move.count": (NOTHING, NOTHING, NOTHING, ALL),
    "crm.case.move.problem": (NOTHING, NOTHING, NOTHING, ALL),
    "crm.case.move.stage": (NOTHING, NOTHING, NOTHING, ALL),
    "crm.case.document": (NOTHING, NOTHING, NOTHING, NOTHING),
    "crm.case.document.model": CONFIGURATION,
    "crm.case.erase": (NOTHING, NOTHING, NOTHING, ALL),
    "crm.case.macro": (NOTHING, NOTHING, ALL, ALL),
    "crm.case.merge": DIALOG,
    "crm.case.merge.log": (NOTHING, NOTHING, NOTHING, NOTHING),
    "crm.case.split": DIALOG,
    "crm.case.split.line": DIALOG,
    "crm.case.party": (NOTHING, READ, ALL, ALL),
    "crm.case.party.ask": DIALOG,
    "crm.case.party.share": DIALOG,
    "crm.case.pending": DIALOG,
    "crm.case.rule": CONFIGURATION,
    "crm.case.rule.clock": (NOTHING, NOTHING, NOTHING, READ),
    "crm.case.rule.level": CONFIGURATION,
    "crm.case.rule.run": (NOTHING, NOTHING, READ, "rw"),
    "crm.case.sla": CONFIGURATION,
    "crm.case.sla.status": (NOTHING, NOTHING, READ, READ),
    "crm.case.report": (NOTHING, NOTHING, READ, READ),
    "crm.case.request": (NOTHING, NOTHING, NOTHING, "ru"),
    "crm.case.stage": CONFIGURATION,
    "crm.case.tag": (NOTHING, NOTHING, TAG, ALL),
    "crm.case.team": CONFIGURATION,
    "crm.case.team.member": CONFIGURATION,
    "crm.case.type": CONFIGURATION,
}


@tagged("post_install", "-at_install")
class TestAccess(CasesCommon):
    def _rights(self, model, user):
        records = self.env[model].with_user(user)
        return "".join(op[0] for op in OPERATIONS if records.has_access(op))

    def _get_models(self):
        """Models that this addon brings, read from the registry: none is forgotten."""
        return {
            name
            for name, model in self.env.registry.items()
            if model._original_module == "crm_cases" and not model._abstract
        }

    def test_matrix_of_models(self):
        self.assertEqual(self._get_models(), set(RIGHTS), "each model has its row")
        for model, (employee, customer, member, manager) in RIGHTS.items():
            expected = {
                self.user_employee: employee,
                self.user_portal: customer,
                self.user_member: member,
                self.user_leader: member,
                self.user_manager: manager,
            }
            for user, rights in expected.items():
                self.assertEqual(self._rights(model, user), rights, (model, user.name))

    def test_matrix_of_cases(self):
        """Every operation of every role on a case of every kind. Creating is left out:
        who may file a case may file it with any team."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        legal = self._team("Legal", is_private=True, member_ids=self.user_other.ids)
        foreign = self._team("Far", company_id=company.id)
        followed = self._case(team_id=self.team_sales.id)
        followed.message_subscribe(self.user_member.partner_id.ids)
        kinds = {
            "own team": self._case(),
            "other team": self._case(team_id=self.team_sales.id),
            "followed": followed,
            "assigned": self._case(
                team_id=self.team_sales.id, user_id=self.user_member.id
            ),
            "private": self._case(team_id=legal.id),
            "assigned, private": self._case(
                team_id=legal.id, user_id=self.user_member.id
            ),
            "other company": self._case(team_id=foreign.id),
            "the customer's": self._case(
                team_id=legal.id, partner_id=self.user_portal.partner_id.id
            ),
        }
        rwu = "rwu"
        # kind: member, insider of the private team, all cases, manager, customer
        expected = {
            "own team": (rwu, "", rwu, rwu, ""),
            "other team": ("", rwu, rwu, rwu, ""),
            "followed": (rwu, rwu, rwu, rwu, ""),
            "assigned": (rwu, rwu, rwu, rwu, ""),
            "private": ("", rwu, "", "", ""),
            "assigned, private": (rwu, rwu, "", "", ""),
            "other company": ("", "", "", "", ""),
            "the customer's": ("", rwu, "", "", "r"),
        }
        users = (
            self.user_member,
            self.user_other,
            self.user_leader,
            self.user_manager,
            self.user_portal,
        )
        for kind, case in kinds.items():
            for user, rights in zip(users, expected[kind], strict=True):
                self.assertEqual(self._rights_on(case, user), rights, (kind, user.name))

    def _rights_on(self, case, user):
        case = case.with_user(user).with_company(user.company_id)
        found = bool(case.search([("id", "=", case.id)]))
        self.assertEqual(case.has_access("read"), found)
        operations = ("read", "write", "unlink")
        return "".join(op[0] for op in operations if case.has_access(op))

    def _sees(self, user, case):
        seen = bool(case.with_user(user).search([("id", "=", case.id)]))
        self.assertEqual(case.with_user(user).has_access("read"), seen)
        self.assertEqual(case.with_user(user).has_access("write"), seen)
        return seen

    def test_member_sees_own_teams(self):
        self.assertTrue(self._sees(self.user_member, self._case()))
        foreign = self._case(team_id=self.team_sales.id)
        self.assertFalse(self._sees(self.user_member, foreign))

    def test_member_sees_what_is_assigned(self):
        case = self._case(team_id=self.team_sales.id, user_id=self.user_member.id)
        self.assertTrue(self._sees(self.user_member, case))

    def test_member_sees_what_he_follows(self):
        case = self._case(team_id=self.team_sales.id)
        case.message_subscribe(self.user_member.partner_id.ids)
        self.assertTrue(self._sees(self.user_member, case))

    def test_some_of_several(self):
        """A page is asked for at once, and tells which of it nobody may read."""
        mine = self._case(user_id=self.user_member.id) + self._case()
        foreign = self._case(team_id=self.team_sales.id, user_id=self.user_other.id)
        gone = self._case()
        gone.unlink()
        cases = (mine + foreign).with_user(self.user_member)
        self.assertTrue((mine).with_user(self.user_member).has_access("read"))
        self.assertEqual(cases._filtered_access("read"), mine)
        with self.assertRaises(AccessError):
            cases.check_access("read")
        with self.assertRaises(AccessError):
            cases.read(["name"])
        with self.assertRaises(MissingError):
            (mine + gone).with_user(self.user_member).check_access("read")
        nobody = new_test_user(self.env, "cases_nobody", groups="base.group_user")
        self.assertFalse(mine.with_user(nobody).has_access("read"))

    def test_a_page_of_followed_cases(self):
        """Only the followers of the page are looked at, whoever follows much more."""
        foreign = self.env["crm.case"]
        for _number in range(4):
            foreign += self._case(team_id=self.team_sales.id)
        me = self.user_member.partner_id
        followed = foreign[1:]
        followed.message_subscribe(me.ids)
        cases = foreign.with_user(self.user_member)
        self.assertEqual(cases._filtered_access("read"), followed)
        with self.assertRaises(AccessError):
            cases.read(["name"])
        # What a client sends as context changes nothing, in either direction.
        mine = [("id", "in", foreign.ids), ("message_partner_ids", "in", me.ids)]
        others = [*mine[:1], ("message_partner_ids", "not in", me.ids)]
        forged = cases.with_context(**{FOLLOWERS_OF: foreign[:2].ids})
        self.assertEqual(forged.search(mine), followed[::-1])
        self.assertFalse(forged.search(others))

    def test_leader_of_a_team_sees_its_cases(self):
        self.team_sales.user_id = self.user_member
        self.assertTrue(
            self._sees(self.user_member, self._case(team_id=self.team_sales.id))
        )

    def test_membership_counts_at_once(self):
        case = self._case(team_id=self.team_sales.id)
        self.assertFalse(self._sees(self.user_member, case))
        self.team_sales.member_ids += self.user_member
        self.assertTrue(self._sees(self.user_member, case))
        self.team_sales.member_ids -= self.user_member
        self.assertFalse(self._sees(self.user_member, case))

    def test_member_may_file_a_case_with_another_team(self):
        case = (
            self.env["crm.case"]
            .with_user(self.user_member)
            .create(
                {
                    "name": "For sales",
                    "team_id": self.team_sales.id,
                    "user_id": self.user_other.id,
                }
            )
        )
        self.assertEqual(case.read(["name"])[0]["name"], "For sales")

    def test_all_cases(self):
        for user in (self.user_leader, self.user_manager):
            case = self._case(team_id=self.team_sales.id)
            self.assertTrue(self._sees(user, case))
            case.team_id = False
            self.assertTrue(self._sees(user, case))

    def test_employee_without_the_app(self):
        with self.assertRaises(AccessError):
            self._case().with_user(self.user_employee).read(["name"])
        contact = self.partner.with_user(self.user_employee)
        self.assertNotIn("case_count", contact.fields_get())
        contact.read(["name", "email"])

    # Portal

    def test_portal_sees_his_cases(self):
        mine = self._case(partner_id=self.user_portal.partner_id.id)
        followed = self._case()
        followed.message_subscribe(self.user_portal.partner_id.ids)
        self._case(partner_id=self.partner.id)
        found = self.env["crm.case"].with_user(self.user_portal).search([])
        self.assertEqual(found, (mine + followed).sorted("id", reverse=True))

    def test_portal_sees_those_of_his_company(self):
        company = self.env["res.partner"].create({"name": "Inc", "is_company": True})
        (self.user_portal.partner_id + self.partner).parent_id = company
        case = self._case(partner_id=self.partner.id)
        self.assertTrue(case.with_user(self.user_portal).has_access("read"))

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_portal_changes_nothing(self):
        case = self._case(partner_id=self.user_portal.partner_id.id)
        case = case.with_user(self.user_portal)
        with self.assertRaises(AccessError):
            case.name = "Changed"
        with self.assertRaises(AccessError):
            case.action_close()
        with self.assertRaises(AccessError):
            case.unlink()
        with self.assertRaises(AccessError):
            case.create({"name": "New"})

    def test_portal_does_not_read_our_figures(self):
        case = self._case(
            partner_id=self.user_portal.partner_id.id, planned_revenue=1000
        )
        with self.assertRaises(AccessError):
            case.with_user(self.user_portal).read(["planned_revenue"])

    def test_portal_answers_on_its_page_only(self):
        """The page checks what is sent, and speaks for the customer."""
        partner = self.user_portal.partner_id
        case = self._case_in("pending", partner_id=partner.id)
        with self.assertRaises(AccessError):
            case.with_user(self.user_portal).message_post(
                body="I am Lea, believe me.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                author_id=self.user_leader.partner_id.id,
            )
        case.with_user(self.user_portal).sudo()._portal_answer(partner, "The photo")
        self.assertEqual(case.state, "open")
        self.assertTrue(case.awaiting_answer)
        self.assertFalse(case.user_id)


@tagged("post_install", "-at_install")
class TestCallsThatNoScreenOffers(CasesCommon):
    """What a member who writes calls by hand learns and reaches: nothing more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = cls._case("Salary of Eve", team_id=cls.team_sales.id)
        cls.own = cls._case("Flat tyre").with_user(cls.user_member)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def _assert_refused(self, model, vals, error=AccessError):
        """Neither a new record nor a draft of one tells anything."""
        model = self.env[model].with_user(self.user_member)
        with self.assertRaises(error), self.cr.savepoint():
            model.create(vals)
        with self.assertRaises(error):
            model.onchange(vals, [], {name: {} for name in model._fields})

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_dialogs_tell_nothing_of_cases_out_of_reach(self):
        self.secret.message_post(body="Too much", message_type="comment")
        party = self.env["crm.case.party"].create(
            {"case_id": self.secret.id, "partner_id": self.partner.id, "name": "Eve"}
        )
        party.message_post(body="Secret", message_type="comment")
        self.env.invalidate_all()
        self._assert_refused("crm.case.split", {"case_id": self.secret.id})
        self._assert_refused(
            "crm.case.party.ask",
            {"case_id": self.secret.id, "partner_id": self.partner.id},
        )
        self._assert_refused("crm.case.party.share", {"party_id": party.id})
        for name in ("convert", "close"):
            commands = [Command.set(self.secret.ids)]
            self._assert_refused(f"crm.case.{name}", {"case_ids": commands})
        with self.assertRaises(AccessError):
            self.env["crm.case.merge"].with_user(self.user_member).create(
                {
                    "case_ids": [Command.set(self.own.ids)],
                    "survivor_id": self.secret.id,
                }
            )

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_parent_out_of_reach(self):
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.own.parent_id = self.secret.id
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.own.create({"name": "Child", "parent_id": self.secret.id})
        self.own.sudo().parent_id = self.secret
        self.own.invalidate_recordset()
        self.own.priority = "2"  # whoever put it there
        self.assertFalse(self.own.copy().parent_id)

    def test_what_the_code_keeps(self):
        for vals in (
            {"merged_into_id": self.secret.id},
            {"repeat_previous_id": self.secret.id},
            {"escalation_level": 9},
            {"escalation_trail": [[self.team_sales.id, False]]},
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.own.write(vals)
            with self.assertRaises(UserError), self.cr.savepoint():
                self.own.create({"name": "New", **vals})
