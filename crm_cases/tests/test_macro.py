from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged

from .common import CasesCommon, CasesSetup


@tagged("post_install", "-at_install")
class TestMacro(CasesCommon):
    def _macro(self, user=None, **values):
        macros = self.env["crm.case.macro"].with_user(user or self.user_manager)
        return macros.create({"name": "M", "user_id": False, **values})

    def _open_case(self, **values):
        case = self._case(partner_id=self.partner.id, **values)
        case.with_user(self.user_member).action_open()
        return case.with_user(self.user_member)

    def test_text_is_filled_in(self):
        case = self._open_case(name="Lamp {me}")
        macro = self._macro(body="Dear {customer}, {number} ({subject}) {team}, {me}")
        self.assertEqual(
            macro.with_user(self.user_member)._render(case),
            f"Dear Carla Customer, {case.number} (Lamp {{me}}) {case.team_id.name}, "
            "Mia Member",
        )

    def test_text_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        case = self._open_case()
        macro = self._macro(body="Hello {customer}")
        macro.with_context(lang="fr_FR").body = "Bonjour {customer}"
        self.partner.lang = "fr_FR"
        self.assertEqual(macro._render(case), "Bonjour Carla Customer")

    def test_unknown_words_are_refused(self):
        notations = ("{ customer }", "{{customer}}", "${object.name}", "{first-name}")
        for body in ("Hello {name}", "{customer} {__class__}", *notations):
            with (
                self.subTest(body),
                self.assertRaisesRegex(ValidationError, "stands for nothing"),
            ):
                self._macro(body=body)
        self._macro(body="Curly {customer} :-} and {\nmore")

    def test_unknown_words_of_a_translation_are_refused_and_break_nothing(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        macro = self._macro(body="Hello {customer}")
        with self.assertRaisesRegex(ValidationError, r"\{client\}"):
            macro.update_field_translations("body", {"fr_FR": "Bonjour {client}"})
        macro.update_field_translations("body", {"fr_FR": "Salut {customer}"})
        self.env.cr.execute(
            "UPDATE crm_case_macro SET body = body || %s::jsonb WHERE id = %s",
            ['{"fr_FR": "Bonjour {client}, {number}"}', macro.id],
        )
        macro.invalidate_recordset()
        case = self._open_case()
        self.partner.lang = "fr_FR"
        texts = [entry["text"] for entry in case.get_answer_menu()["macros"]]
        self.assertIn(f"Bonjour {{client}}, {case.number}", texts)

    def test_a_colleague_has_to_be_named(self):
        with self.assertRaises(ValidationError):
            self._macro(assign="user")

    def test_effects(self):
        tag = self.env["crm.case.tag"].create({"name": "serial"})
        case = self._open_case()
        macro = self._macro(
            state="pending",
            pending_days=3,
            tag_ids=tag.ids,
            priority="2",
            assign="user",
            assign_user_id=self.user_leader.id,
        )
        self.assertEqual(
            macro.effects, f"{self.user_leader.name}, High, #serial, Pending"
        )
        self.assertFalse(case.action_after_send(macro_id=macro.id))
        self.assertEqual(
            (case.state, case.priority, case.user_id, case.tag_ids),
            ("pending", "2", self.user_leader, tag),
        )
        wait = case.pending_until - fields.Datetime.now()
        self.assertAlmostEqual(wait, timedelta(days=3), delta=timedelta(minutes=1))

    def test_solving_asks_for_what_the_type_requires(self):
        case = self._open_case(type_id=self.env.ref("crm_cases.crm_case_type_claim").id)
        action = case.action_after_send(macro_id=self._macro(state="done").id)
        self.assertEqual(action["res_model"], "crm.case.close")
        self.assertEqual(case.state, "open")

    def test_nobody_does_more_by_macro_than_by_hand(self):
        macro = self._macro(priority="3")
        stranger = self._open_case().with_user(self.user_other)
        with self.assertRaises(AccessError):
            stranger.action_after_send(macro_id=macro.id)
        with self.assertRaises(AccessError):
            stranger.get_answer_menu()
        case = self._open_case()
        case.action_close()
        with self.assertRaises(UserError):
            case.action_after_send(macro_id=self._macro(state="pending").id)

    def test_who_sees_and_writes_which(self):
        mine = self._macro(self.user_member, name="Mine", user_id=self.user_member.id)
        care = self._macro(name="Care", team_ids=self.team_care.ids)
        sales = self._macro(name="Sales", team_ids=self.team_sales.ids)
        common = self._macro(name="All")
        Macro = self.env["crm.case.macro"]
        seen = {
            self.user_member: mine + care + common,
            self.user_other: sales + common,
            self.user_leader: care + sales + common,
        }
        for user, macros in seen.items():
            self.assertEqual(
                Macro.with_user(user).search([]), macros.sorted(), user.name
            )
        with self.assertRaises(AccessError):
            common.with_user(self.user_member).name = "Spoilt"
        with self.assertRaises(AccessError):
            mine.with_user(self.user_member).user_id = False
        with self.assertRaises(AccessError):
            self._open_case().action_after_send(macro_id=sales.id)

    def test_menu_offers_what_fits_the_case(self):
        self._macro(name="Sales", team_ids=self.team_sales.ids)
        self._macro(name="Care", team_ids=self.team_care.ids, body="Hi {me}")
        case = self._open_case()
        menu = case.get_answer_menu()
        self.assertEqual([m["name"] for m in menu["macros"]], ["Care"])
        self.assertEqual(menu["macros"][0]["text"], "Hi Mia Member")
        self.assertEqual(menu["moves"], ["open", "pending", "done"])
        case.action_close()
        self.assertEqual(case.get_answer_menu()["moves"], ["open", "done"])


@tagged("post_install", "-at_install")
class TestAnswer(CasesCommon):
    def test_send_and(self):
        case = self._case(user_id=self.user_member.id).with_user(self.user_member)
        for state in ("open", "pending", "open", "done", "done", "open"):
            self.assertFalse(case.action_after_send(state=state))
            self.assertEqual(case.state, state)
        asked = case.action_after_send(state="until")
        self.assertEqual(asked["res_model"], "crm.case.pending")

    def test_next_is_mine_then_free_and_never_waits(self):
        Case = self.env["crm.case"].with_user(self.user_member)
        current = self._case(user_id=self.user_member.id, priority="3")
        urgent = self._case(user_id=self.user_member.id, priority="2")
        waiting = self._case(user_id=self.user_member.id, priority="3")
        waiting.action_pending()
        free = self._case(priority="3")
        self._case(priority="3", team_id=self.team_sales.id)
        current, urgent = (
            case.with_user(self.user_member) for case in (current, urgent)
        )
        self.assertEqual(current._get_next_case(), urgent)
        self.assertEqual(current.action_next()["res_id"], urgent.id)
        urgent.action_cancel()
        self.assertEqual(current._get_next_case(), free)
        free.action_cancel()
        self.assertEqual(current._get_next_case(), Case)
        self.assertEqual(
            current.action_next()["xml_id"], "crm_cases.crm_case_action_my"
        )

    def test_late_news(self):
        case = self._case(partner_id=self.partner.id).with_user(self.user_member)
        seen = case.message_ids[:1].id
        self.assertEqual(case.get_late_news(seen), [])
        case.message_post(body="mine", message_type="comment")
        self.assertEqual(case.get_late_news(seen), [])
        for _again in range(2):
            case.sudo().message_post(
                body="theirs",
                author_id=self.partner.id,
                message_type="email",
                subtype_xmlid="mail.mt_comment",
            )
        self.assertEqual(case.get_late_news(seen), ["Carla Customer"])
        self.assertEqual(case.get_late_news(case.message_ids[0].id), [])
        with self.assertRaises(AccessError):
            case.with_user(self.user_other).get_late_news(seen)


@tagged("post_install", "-at_install")
class TestComposer(CasesSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()

    def test_answer_with_a_macro_and_late_news(self):
        self.env["crm.case.macro"].create(
            {
                "name": "Ask for the number",
                "user_id": False,
                "body": "Dear {customer}, which number?",
                "priority": "2",
            }
        )
        case = self._case(partner_id=self.partner.id, user_id=self.user_member.id)
        case.action_open()
        Case = self.env.registry["crm.case"]
        get_late_news = Case.get_late_news

        def meanwhile_the_customer_writes(self, message_id):
            if self.state == "pending":
                self.sudo().message_post(
                    body="It works again!",
                    author_id=self.partner_id.id,
                    message_type="email",
                    subtype_xmlid="mail.mt_comment",
                )
            return get_late_news(self, message_id)

        with patch.object(Case, "get_late_news", meanwhile_the_customer_writes):
            self.start_tour(
                f"/odoo/crm.case/{case.id}", "crm_cases_composer", login="cases_member"
            )
        texts = " ".join(case.message_ids.mapped("body"))
        self.assertIn("Dear Carla Customer, which number?", texts)
        self.assertIn("It works again!", texts)
        self.assertNotIn("Forget it", texts)
        self.assertEqual(case.priority, "2")
