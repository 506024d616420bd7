from lxml import etree

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.crm_cases.models.case_states import STATES as STATES_OF_CASES
from odoo.addons.crm_cases.models.case_states import TRANSITIONS

from .common import STATES, CasesCommon

BUTTONS = {
    "draft": "action_reset",
    "open": "action_open",
    "pending": "action_pending",
    "done": "action_close",
    "cancel": "action_cancel",
}


@tagged("post_install", "-at_install")
class TestTransitions(CasesCommon):
    def test_buttons_are_not_called_like_states(self):
        """One word in English may need two in a translation: “to open”, “is open”."""
        states = {str(label) for _state, label in STATES_OF_CASES}
        views = self.env["ir.ui.view"].search([("model", "=", "crm.case")])
        for view in views.filtered(lambda view: view.type in ("list", "form")):
            arch = etree.fromstring(view.arch)
            labels = {button.get("string") for button in arch.iter("button")}
            self.assertFalse(states & labels, view.xml_id)

    def _assert_move(self, old, new, move):
        """``move`` may bring a case from ``old`` to ``new`` if the table says so."""
        case = self._case_in(old)
        label = f"{old} -> {new}"
        if new == old or new in TRANSITIONS[old]:
            move(case)
            self.assertEqual(case.state, new, label)
            self.assertEqual(case.stage_id.state, new, label)
            return
        labels = case._get_state_labels()
        with self.assertRaises(UserError, msg=label) as refused, self.cr.savepoint():
            move(case)
        self.assertIn(labels[old], str(refused.exception))
        self.assertIn(labels[new], str(refused.exception))
        self.assertEqual(case.stage_id, self.stages[old], label)

    def _assert_all_moves(self, get_move):
        for old in STATES:
            for new in STATES:
                with self.subTest(old=old, new=new):
                    self._assert_move(old, new, get_move(new))

    def test_table_covers_all_states(self):
        self.assertEqual(set(TRANSITIONS), set(STATES))
        self.assertTrue(all(set(to) <= set(STATES) for to in TRANSITIONS.values()))
        self.assertFalse(any(old in to for old, to in TRANSITIONS.items()))

    def test_buttons(self):
        self._assert_all_moves(lambda new: lambda case: getattr(case, BUTTONS[new])())

    def test_write_stage(self):
        """A kanban drag and the status bar write the stage."""
        self._assert_all_moves(
            lambda new: lambda case: case.write({"stage_id": self.stages[new].id})
        )

    def test_write_state(self):
        """An import or a server action may write the state."""
        self._assert_all_moves(lambda new: lambda case: case.write({"state": new}))

    def test_remote_call_as_member(self):
        case = self._case_in("done").with_user(self.user_member)
        with self.assertRaises(UserError), self.cr.savepoint():
            case.web_save({"stage_id": self.stages["pending"].id}, {"state": {}})
        case.web_save({"stage_id": self.stages["open"].id}, {"state": {}})
        self.assertEqual(case.state, "open")

    def test_batch_is_all_or_nothing(self):
        cases = self._case_in("draft") + self._case_in("done")
        with self.assertRaises(UserError), self.cr.savepoint():
            cases.action_pending()
        self.assertEqual(cases.mapped("state"), ["draft", "done"])

    def test_batch_skips_those_that_are_there(self):
        waiting_parts = self.env["crm.case.stage"].create(
            {"name": "Parts ordered", "state": "pending", "sequence": 90}
        )
        there = self._case(stage_id=waiting_parts.id)
        cases = self._case_in("open") + there
        cases.action_pending()
        self.assertEqual(there.stage_id, waiting_parts)
        self.assertEqual(set(cases.mapped("state")), {"pending"})

    def test_within_one_state_anything_goes(self):
        review = self.env["crm.case.stage"].create({"name": "Review", "state": "done"})
        case = self._case_in("done")
        closed = case.date_closed
        case.stage_id = review
        self.assertEqual(case.state, "done")
        self.assertEqual(case.date_closed, closed)

    def test_state_and_other_values_in_one_write(self):
        case = self._case()
        case.write({"state": "open", "name": "Both"})
        self.assertEqual((case.state, case.name), ("open", "Both"))

    def test_create_with_state(self):
        self.assertEqual(self._case(state="pending").state, "pending")
        self.assertEqual(self._case(state="draft").state, "draft")

    def test_form_shows_consequences(self):
        with Form(self.env["crm.case"]) as form:
            form.name = "From the form"
            form.team_id = self.team_care
        self.assertEqual(form.record.state, "draft")

    # Who becomes responsible

    def test_open_takes_unassigned_only(self):
        """Defect 9: one unassigned case reassigned all the others."""
        unassigned, assigned = self._case(), self._case(user_id=self.user_other.id)
        (unassigned + assigned).with_user(self.user_leader).action_open()
        self.assertEqual(unassigned.user_id, self.user_leader)
        self.assertEqual(assigned.user_id, self.user_other)

    def test_only_opening_takes(self):
        for button in ("action_pending", "action_close", "action_cancel"):
            case = self._case().with_user(self.user_leader)
            getattr(case, button)()
            self.assertFalse(case.user_id, button)

    def test_open_keeps_explicit_responsible(self):
        case = self._case().with_user(self.user_leader)
        case.write({"stage_id": self.stages["open"].id, "user_id": self.user_other.id})
        self.assertEqual(case.user_id, self.user_other)
        case = self._case().with_user(self.user_leader)
        case.write({"stage_id": self.stages["open"].id, "user_id": False})
        self.assertFalse(case.user_id)

    def test_nobody_is_no_responsible(self):
        """Defect 12: OdooBot or a customer never becomes responsible."""
        for user in (self.env.ref("base.user_root"), self.user_portal):
            case = self._case().with_user(user).sudo()
            case.action_open()
            self.assertEqual(case.state, "open")
            self.assertFalse(case.user_id, user.name)

    # Stages of teams and types

    def test_own_stages_go_first(self):
        triage = self.env["crm.case.stage"].create(
            {
                "name": "Triage",
                "state": "open",
                "sequence": 99,
                "team_ids": self.team_care.ids,
            }
        )
        cases = self._case() + self._case(team_id=self.team_sales.id)
        cases.action_open()
        self.assertEqual(cases[0].stage_id, triage)
        self.assertEqual(cases[1].stage_id, self.stages["open"])

    def test_change_of_team_keeps_the_state(self):
        for state in STATES:
            special = self.env["crm.case.stage"].create(
                {
                    "name": f"Care {state}",
                    "state": state,
                    "team_ids": self.team_care.ids,
                }
            )
            case = self._case(stage_id=special.id)
            case.team_id = self.team_sales
            self.assertEqual(case.state, state)
            self.assertEqual(case.stage_id, self.stages[state])

    def test_foreign_stage_is_refused(self):
        special = self.env["crm.case.stage"].create(
            {"name": "Care only", "state": "open", "team_ids": self.team_care.ids}
        )
        with self.assertRaises(ValidationError):
            self._case(team_id=self.team_sales.id, stage_id=special.id)

    def test_missing_stage_is_said(self):
        self.stages["pending"].active = False
        with self.assertRaisesRegex(UserError, "Pending"):
            self._case().action_pending()

    def test_state_of_a_used_stage_is_fixed(self):
        self._case_in("open")
        with self.assertRaisesRegex(UserError, self.stages["open"].name):
            self.stages["open"].state = "done"
        unused = self.env["crm.case.stage"].create({"name": "Unused", "state": "open"})
        unused.state = "done"
        self.assertEqual(unused.state, "done")
