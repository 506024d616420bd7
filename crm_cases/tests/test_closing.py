from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.http import serialize_exception
from odoo.tests import Form, tagged

from .common import CasesCommon


class ClosingSetup(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = cls._type("claim")
        cls.opportunity = cls._type("opportunity")
        cls.won = cls.env.ref("crm_cases.crm_case_stage_won")
        cls.lost = cls.env.ref("crm_cases.crm_case_stage_lost")
        cls.too_expensive = cls._reason("lost_price")
        cls.answers = {
            "cause_id": cls._reason("cause_material").id,
            "resolution_id": cls._reason("resolution_replaced").id,
            "resolution_note": "A new chain was sent.",
        }

    @classmethod
    def _type(cls, name):
        return cls.env.ref(f"crm_cases.crm_case_type_{name}")

    @classmethod
    def _reason(cls, name):
        return cls.env.ref(f"crm_cases.crm_case_close_reason_{name}")

    def _of_type(self, case_type, **values):
        return self._case(
            type_id=case_type.id, stage_id=self.stages["open"].id, **values
        )

    def _apply(self, action, **answers):
        """Fill in the wizard that an action opens, as a user does."""
        wizard = self.env["crm.case.close"].with_context(**action["context"])
        with Form(wizard) as form:
            for name, value in answers.items():
                form[name] = value
        return form.save().action_apply()


@tagged("post_install", "-at_install")
class TestClosingRequires(ClosingSetup):
    """What the type requires is asked for, and no way in goes past it."""

    def test_button_asks(self):
        case = self._of_type(self.claim)
        action = case.action_close()
        self.assertEqual(case.state, "open")
        self.assertEqual(action["res_model"], "crm.case.close")
        self._apply(
            action,
            cause_id=self._reason("cause_material"),
            resolution_id=self._reason("resolution_replaced"),
            resolution_note="A new chain was sent.",
        )
        self.assertEqual(case.state, "done")
        self.assertEqual(case.cause_id, self._reason("cause_material"))
        self.assertEqual(case.resolution_note, "A new chain was sent.")

    def test_button_does_not_ask_what_is_known(self):
        case = self._of_type(self.claim, **self.answers)
        self.assertFalse(case.action_close())
        self.assertEqual(case.state, "done")

    def test_types_without_questions_just_close(self):
        case = self._case_in("open")
        self.assertFalse(case.action_close())
        self.assertEqual(case.state, "done")

    def test_wizard_insists(self):
        case = self._of_type(self.claim)
        with self.assertRaises(AssertionError):
            self._apply(case.action_close(), resolution_note="Only this.")
        wizard = self.env["crm.case.close"].create({"case_ids": case.ids})
        with self.assertRaises(RedirectWarning), self.cr.savepoint():
            wizard.action_apply()
        self.assertEqual(case.state, "open")

    def test_every_other_way_is_refused(self):
        """Drag, state, remote call: same words, and the way to the wizard."""
        done = self.stages["done"]
        ways = {
            "drag": lambda case: case.write({"stage_id": done.id}),
            "state": lambda case: case.write({"state": "done"}),
            "remote": lambda case: case.with_user(self.user_member).web_save(
                {"stage_id": done.id}, {"state": {}}
            ),
        }
        for name, way in ways.items():
            case = self._of_type(self.claim)
            with self.assertRaises(RedirectWarning, msg=name) as refused:
                way(case)
            message, action, _button, _context = refused.exception.args
            self.assertIn(case.number, message)
            self.assertIn("Root Cause", message)
            self.assertEqual(action["context"]["default_case_ids"], case.ids)
            self.assertEqual(case.state, "open", name)

    def test_programs_get_an_ordinary_error(self):
        """A rule or a mail command shows its text, and the client knows its dialog."""
        with self.assertRaises(UserError) as refused:
            self._of_type(self.claim).write({"state": "done"})
        error = serialize_exception(refused.exception)
        self.assertEqual(error["name"], "odoo.exceptions.RedirectWarning")
        self.assertEqual(str(refused.exception), error["arguments"][0])
        self.assertEqual(len(error["arguments"]), 4)

    def test_wizard_after_a_drag_goes_where_it_was_dragged(self):
        other = self.env["crm.case.stage"].create(
            {"name": "Settled", "state": "done", "sequence": 99}
        )
        case = self._of_type(self.claim, **self.answers)
        case.cause_id = False
        with self.assertRaises(RedirectWarning) as refused:
            case.stage_id = other
        self._apply(refused.exception.args[1], cause_id=self._reason("cause_material"))
        self.assertEqual(case.stage_id, other)

    def test_answers_in_the_same_write(self):
        case = self._of_type(self.claim)
        case.write({"stage_id": self.stages["done"].id, **self.answers})
        self.assertEqual(case.state, "done")

    def test_import_of_closed_cases(self):
        done = {"type_id": self.claim.id, "stage_id": self.stages["done"].id}
        with self.assertRaisesRegex(ValidationError, "Root Cause"):
            self._case(**done)
        self.assertEqual(self._case(**done, **self.answers).state, "done")

    def test_answers_of_a_closed_case_stay(self):
        case = self._of_type(self.claim, **self.answers)
        case.action_close()
        with self.assertRaises(ValidationError):
            case.cause_id = False

    def test_cancel_asks_for_nothing(self):
        case = self._of_type(self.claim)
        case.action_cancel()
        self.assertEqual(case.state, "cancel")

    def test_batch(self):
        """One question for all; each case takes what its type has a use for."""
        claim, request = self._of_type(self.claim), self._case_in("open")
        action = (claim + request).action_close()
        self.assertEqual(set((claim + request).mapped("state")), {"open"})
        self._apply(
            action,
            cause_id=self._reason("cause_material"),
            resolution_id=self._reason("resolution_replaced"),
            resolution_note="A new chain was sent.",
        )
        self.assertEqual(set((claim + request).mapped("state")), {"done"})
        self.assertTrue(claim.cause_id)
        self.assertFalse(request.cause_id)

    def test_new_type_needs_no_code(self):
        warranty = self.env["crm.case.type"].create(
            {"name": "Warranty", "use_resolution": True, "require_note": True}
        )
        case = self._of_type(warranty)
        self.assertTrue(case.action_close())
        case.resolution_note = "Repaired."
        self.assertFalse(case.action_close())

    def test_reopening_clears_what_closing_set(self):
        for button in ("action_open", "action_reset"):
            case = self._of_type(self.claim, **self.answers)
            case.action_close()
            self.flush_tracking()
            getattr(case, button)()
            self.flush_tracking()
            for name in self.answers:
                self.assertFalse(case[name], name)
            old = case.message_ids.sudo().tracking_value_ids.mapped("old_value_text")
            self.assertIn("A new chain was sent.", old)

    def test_moves_of_open_cases_clear_nothing(self):
        case = self._of_type(self.claim, **self.answers)
        case.action_pending()
        case.action_open()
        self.assertTrue(case.cause_id)

    def test_lists_do_not_mix(self):
        with self.assertRaises(ValidationError):
            self._of_type(self.claim, cause_id=self.too_expensive.id)

    def test_customer_does_not_read_our_findings(self):
        case = self._of_type(self.claim, partner_id=self.user_portal.partner_id.id)
        for name in (*self.answers, "close_reason_id"):
            self.assertFalse(
                case.with_user(self.user_portal)._has_field_access(
                    case._fields[name], "read"
                )
            )

    def test_customer_reopens_what_was_closed(self):
        case = self._of_type(
            self.claim, partner_id=self.user_portal.partner_id.id, **self.answers
        )
        case.action_close()
        partner = self.user_portal.partner_id
        case.with_user(self.user_portal).sudo()._portal_answer(partner, "It broke")
        self.assertEqual(case.state, "open")
        self.assertFalse(case.resolution_note)


@tagged("post_install", "-at_install")
class TestOutcome(ClosingSetup):
    """Won or lost: never one "done" for both (defect 13)."""

    def test_won(self):
        case = self._of_type(self.opportunity)
        case.action_won()
        self.assertEqual((case.stage_id, case.outcome), (self.won, "won"))
        self.assertEqual(case.state, "done")

    def test_lost_asks_for_the_reason(self):
        case = self._of_type(self.opportunity)
        action = case.action_lost()
        self.assertEqual(case.state, "open")
        self._apply(action, close_reason_id=self.too_expensive)
        self.assertEqual((case.stage_id, case.outcome), (self.lost, "lost"))
        self.assertEqual(case.close_reason_id, self.too_expensive)
        self.assertEqual(case.state, "cancel")

    def test_lost_without_a_reason_is_refused(self):
        case = self._of_type(self.opportunity)
        with self.assertRaises(RedirectWarning) as refused:
            case.stage_id = self.lost
        self._apply(
            refused.exception.args[1],
            outcome="lost",
            close_reason_id=self.too_expensive,
        )
        self.assertEqual(case.stage_id, self.lost)

    def test_done_says_too_little(self):
        case = self._of_type(self.opportunity)
        for move in (
            lambda: case.write({"state": "done"}),
            lambda: case.write({"stage_id": self.stages["done"].id}),
        ):
            with self.assertRaisesRegex(RedirectWarning, "won or as lost"):
                move()
        action = case.action_close()
        with self.assertRaises(AssertionError):
            self._apply(action)
        self._apply(action, outcome="won")
        self.assertEqual(case.outcome, "won")

    def test_cancelled_is_neither(self):
        case = self._of_type(self.opportunity)
        case.action_cancel()
        self.assertEqual(case.stage_id, self.stages["cancel"])
        self.assertFalse(case.outcome)

    def test_others_are_neither_won_nor_lost(self):
        case = self._case_in("open")
        with self.assertRaises(ValidationError):
            case.stage_id = self.won
        case.action_close()
        self.assertFalse(case.outcome)

    def test_buttons_of_others(self):
        """By a remote call or a list, whatever the form shows."""
        for button in ("action_won", "action_lost"):
            with self.assertRaisesRegex(UserError, "neither won nor lost"):
                getattr(self._case_in("open"), button)()

    def test_reopening_clears_the_outcome(self):
        case = self._of_type(self.opportunity)
        case._close({"close_reason_id": self.too_expensive.id}, "lost")
        case.action_open()
        self.assertFalse(case.outcome)
        self.assertFalse(case.close_reason_id)
        self.assertFalse(case.date_closed)

    def test_closed_request_does_not_become_won(self):
        case = self._case_in("done")
        with self.assertRaisesRegex(UserError, "Reopen it"):
            case.type_id = self.opportunity
        case.action_open()
        case.type_id = self.opportunity
        self.assertEqual(case.state, "open")

    def test_switch_under_closed_cases_is_refused(self):
        self._case_in("done")
        request = self.env.ref("crm_cases.crm_case_type_request")
        with self.assertRaisesRegex(UserError, request.name):
            request.use_outcome = True

    def test_outcome_and_state_of_a_stage_agree(self):
        with self.assertRaises(ValidationError):
            self.env["crm.case.stage"].create(
                {"name": "Odd", "state": "done", "outcome": "lost"}
            )

    def test_board_of_opportunities_ends_with_won_and_lost(self):
        Case = self.env["crm.case"].with_context(default_type_id=self.opportunity.id)
        stages = Case._read_group_stage_id(self.env["crm.case.stage"], [])
        self.assertLessEqual(self.won + self.lost, stages)
        self.assertNotIn(self.stages["done"], stages)

    def test_batch_of_won(self):
        cases = self._of_type(self.opportunity) + self._of_type(self.opportunity)
        cases.action_won()
        self.assertEqual(cases.mapped("outcome"), ["won", "won"])
