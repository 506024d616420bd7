from datetime import timedelta

from freezegun.api import real_time

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .rules_common import MONDAY, SLOW_PATTERN, SLOW_SUBJECT, RulesCommon

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@tagged("post_install", "-at_install")
class TestRule(RulesCommon):
    """What a rule does, once it is due."""

    def _case_at(self, moment=MONDAY, **values):
        with self.at(moment):
            return self._case(**values)

    def _rule_at(self, moment=MONDAY, *args, **values):
        with self.at(moment):
            return self._rule(*args, **values)

    def test_fires_once(self):
        self._rule_at()
        case = self._case_at()
        fired = self._fires_at(
            case, [MONDAY + DAY - MINUTE, MONDAY + DAY, MONDAY + DAY, MONDAY + 9 * DAY]
        )
        self.assertEqual(fired, [MONDAY + DAY])
        run = self.env["crm.case.rule.run"].search([("case_id", "=", case.id)])
        self.assertEqual(run.state, "done")
        self.assertEqual(run.done_on, MONDAY + DAY)
        self.assertEqual(run.attempts, 1)

    def test_new_reference_arms_anew(self):
        self._rule_at(reference="date_last_customer_message", answer="us")
        case = self._case_at(date_last_customer_message=MONDAY)
        self._pass(MONDAY + DAY)
        self.assertEqual(case.color, 1)
        with self.at(MONDAY + 2 * DAY):
            case.date_last_customer_message = MONDAY + 2 * DAY
        fired = self._fires_at(case, [MONDAY + 2 * DAY + HOUR, MONDAY + 3 * DAY])
        self.assertEqual(fired, [MONDAY + 3 * DAY])

    def test_two_levels(self):
        rule = self._rule_at()
        escalate = self.env.ref("crm_cases.rule_action_escalate")
        with self.at(MONDAY):
            rule.level_ids = [
                Command.create(
                    {
                        "sequence": 20,
                        "amount": 3,
                        "unit": "day",
                        "action_ids": [Command.set(escalate.ids)],
                    }
                )
            ]
        case = self._case_at()
        self._pass(MONDAY + DAY)
        self.assertEqual((case.color, case.escalation_level), (1, 0))
        self._pass(MONDAY + 3 * DAY)
        self.assertEqual((case.color, case.escalation_level), (1, 1))

    def test_past_does_not_count(self):
        old = self._case_at(MONDAY - 30 * DAY)
        rule = self._rule_at()
        new = self._case_at()
        self._pass(MONDAY + DAY)
        self.assertEqual((old.color, new.color), (0, 1))
        with self.at(MONDAY + DAY):
            rule.include_past = True
        self._pass(MONDAY + DAY + MINUTE)
        self.assertEqual((old.color, new.color), (1, 1))

    def test_switched_off_and_on(self):
        rule = self._rule_at()
        with self.at(MONDAY):
            rule.active = False
        missed = self._case_at()
        with self.at(MONDAY + 2 * DAY):
            rule.active = True
        self._pass(MONDAY + 3 * DAY)
        self.assertFalse(missed.color)

    def test_repeat(self):
        self._rule_at(repeat_times=2, repeat_every=2)
        case = self._case_at()
        days = [MONDAY + number * DAY for number in range(9)]
        fired = self._fires_at(case, days)
        self.assertEqual(fired, [MONDAY + n * DAY for n in (1, 3, 5)])

    def test_after_a_pause_only_the_latest_repetition(self):
        self._rule_at(repeat_times=5)
        case = self._case_at()
        self.assertEqual(len(self._fires_at(case, [MONDAY + 4 * DAY])), 1)
        self.assertEqual(case.color, 1)
        fired = self._fires_at(case, [MONDAY + n * DAY for n in range(4, 12)])
        self.assertEqual(fired, [MONDAY + 5 * DAY, MONDAY + 6 * DAY])

    def test_state_changed_meanwhile(self):
        """What was due when it was found may not be so when its turn comes."""
        first = self._rule_at(
            actions=self.env.ref("crm_cases.rule_action_close"), sequence=1
        )
        self._rule_at(sequence=2)
        case = self._case_at()
        self._pass(MONDAY + DAY)
        self.assertEqual((case.state, case.color), ("done", 0))
        runs = self.env["crm.case.rule.run"].search([("case_id", "=", case.id)])
        self.assertEqual(runs.sorted("id").mapped("state"), ["done", "skipped"])
        self.assertEqual(first.run_count, 1)

    def test_cascade_in_order(self):
        """Each rule works on what the ones before left."""
        self._rule_at(
            actions=self.env.ref("crm_cases.rule_action_priority_urgent"), sequence=1
        )
        self._rule_at(priority_from="3", amount=1, sequence=2)
        case = self._case_at()
        self._pass(MONDAY + DAY)
        self._pass(MONDAY + DAY + MINUTE)
        self.assertEqual((case.priority, case.color), ("3", 1))

    def test_stop_further_rules(self):
        self._rule_at(stop=True, sequence=1)
        self._rule_at(sequence=2)
        case = self._case_at()
        self._pass(MONDAY + DAY)
        self.assertEqual(case.color, 1)
        self._pass(MONDAY + 2 * DAY)
        self.assertEqual(case.color, 1)

    def test_at_most_per_pass(self):
        self._rule_at(max_per_pass=2)
        cases = self.env["crm.case"].union(*[self._case_at() for _n in range(5)])
        counts = []
        for minute in range(4):
            self._pass(MONDAY + DAY + minute * MINUTE)
            counts.append(sum(cases.mapped("color")))
        self.assertEqual(counts, [2, 4, 5, 5])

    # Failure

    @mute_logger("odoo.addons.crm_cases.models.crm_case_rule_execute")
    def test_one_poisoned_case_stops_no_other(self):
        self.mark.code = """
if record.name == 'Poison':
    record.write({'name': 'Half done'})
    raise UserError('Cannot be done')
record.write({'color': record.color + 1})
"""
        rule = self._rule_at()
        cases = self.env["crm.case"].union(
            *[self._case_at(name=name) for name in ("One", "Poison", "Two")]
        )
        moment = MONDAY + DAY
        self._pass(moment)
        self.assertEqual(cases.mapped("color"), [1, 0, 1])
        self.assertEqual(cases[1].name, "Poison", "nothing half done is left")
        run = rule.run_ids.filtered(lambda run: run.case_id == cases[1])
        self.assertEqual((run.state, run.attempts), ("failed", 1))
        self.assertEqual(run.message, "Cannot be done")
        with self.at(moment):
            words = rule.action_preview()["params"]["message"]
        self.assertIn("waiting for its turn: 1", words)
        for minutes in (4, 5, 40, 200, 800, 10000, 20000):
            self._pass(moment + minutes * MINUTE)
        self.assertEqual((run.state, run.attempts), ("parked", 5))
        self.assertEqual(rule.parked_count, 1)
        self.assertIn("waiting for a person: 1", rule._get_nothing_due_words())
        cases[1].name = "Cured"
        with self.at(moment):
            run.with_user(self.user_manager).action_retry()
        self._pass(moment + 20001 * MINUTE)
        self.assertEqual(cases.mapped("color"), [1, 1, 1])

    def test_dismiss(self):
        self._rule_at()
        case = self._case_at()
        run = self.env["crm.case.rule.run"].create(
            {
                "rule_id": self.env["crm.case.rule"].search([], limit=1).id,
                "level_id": self.env["crm.case.rule"].search([], limit=1).level_ids.id,
                "case_id": case.id,
                "reference": case.create_date.replace(microsecond=0),
                "iteration": 0,
                "state": "parked",
            }
        )
        run.with_user(self.user_manager).action_dismiss()
        self._pass(MONDAY + DAY)
        self.assertEqual((run.state, case.color), ("skipped", 0))

    # Preview

    def test_preview_does_nothing(self):
        rule = self._rule_at()
        case = self._case_at()
        self._case_at(MONDAY + DAY)
        with self.at(MONDAY + DAY + MINUTE):
            action = rule.with_user(self.user_manager).action_preview()
            self.assertEqual(action["domain"], [("id", "in", case.ids)])
        self.assertFalse(rule.run_ids)
        self.assertFalse(rule.level_ids.clock_ids)
        self._pass(MONDAY + DAY + MINUTE)
        self.assertEqual(case.color, 1)
        with self.at(MONDAY + DAY + MINUTE):
            action = rule.with_user(self.user_manager).action_preview()
        self.assertEqual(action["tag"], "display_notification")

    # Which cases

    def _matches(self, case, **values):
        with self.at(MONDAY):
            rule = self._rule(include_past=True, **values)
        with self.at(MONDAY + 365 * DAY):
            found = case.id in rule._get_due_case_ids()
        with self.at(MONDAY):
            rule.active = False
        return found

    def test_plain_conditions(self):
        category = self.env["crm.case.category"].create({"name": "Light"})
        below = category.create({"name": "Bulb", "parent_id": category.id})
        gold = self.env["res.partner.category"].create({"name": "Gold"})
        company = self.env["res.partner"].create(
            {"name": "Inc", "is_company": True, "category_id": gold.ids}
        )
        self.partner.parent_id = company
        case = self._case_at(
            priority="2",
            category_id=below.id,
            partner_id=self.partner.id,
            user_id=self.user_member.id,
        )
        for expected, values in (
            (True, {"team_ids": self.team_board.ids}),
            (False, {"team_ids": self.team_sales.ids}),
            (True, {"category_ids": category.ids}),
            (True, {"type_ids": case.type_id.ids}),
            (False, {"type_ids": self.env.ref("crm_cases.crm_case_type_bug").ids}),
            (True, {"user_ids": self.user_member.ids}),
            (False, {"user_ids": self.user_other.ids}),
            (True, {"partner_ids": company.ids}),
            (True, {"partner_category_ids": gold.ids}),
            (True, {"priority_from": "2", "priority_to": "2"}),
            (False, {"priority_from": "3"}),
            (False, {"priority_to": "1"}),
            (True, {"domain": "[('name', 'ilike', 'flickers')]"}),
            (False, {"domain": "[('name', 'ilike', 'brakes')]"}),
            (True, {"subject_pattern": r"^the LAMP\s"}),
            (False, {"subject_pattern": "^lamp"}),
            (False, {"on_draft": False}),
            (False, {"messages_from": 1}),
            (True, {"messages_to": 1}),
            (False, {"answer": "us"}),
            (False, {"answer": "customer"}),
        ):
            with self.subTest(values):
                self.assertEqual(self._matches(case, **values), expected)

    def test_number_of_messages(self):
        case = self._case_at()
        for number in range(3):
            case.message_post(
                body=str(number),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        case.message_post(body="A note is none", message_type="comment")
        self.assertTrue(self._matches(case, messages_from=3, messages_to=3))
        self.assertFalse(self._matches(case, messages_from=4))
        self.assertFalse(self._matches(case, messages_from=1, messages_to=2))

    def test_conversation(self):
        case = self._case_at(date_last_customer_message=MONDAY)
        self.assertTrue(self._matches(case, answer="us"))
        self.assertFalse(self._matches(case, answer="customer"))
        with self.at(MONDAY + HOUR):
            case.date_last_staff_message = MONDAY + HOUR
        self.assertFalse(self._matches(case, answer="us"))
        self.assertTrue(self._matches(case, answer="customer"))

    # Hostile patterns and subjects

    @mute_logger("odoo.sql_db")
    def test_bad_patterns_are_refused(self):
        for pattern in ("(", "[a", "x" * 201, "*"):
            with self.assertRaises(ValidationError):
                self._rule(subject_pattern=pattern)

    @mute_logger("odoo.sql_db")
    def test_a_slow_subject_does_not_hang_the_pass(self):
        """Back references cost exponential time."""
        self._rule_at(subject_pattern=SLOW_PATTERN)
        hostile = self._case_at(name=SLOW_SUBJECT)
        harmless = self._case_at(name="abcddcba")
        started = real_time()
        self._pass(MONDAY + DAY)
        self.assertLess(real_time() - started, 10)
        self.assertEqual((hostile.color, harmless.color), (0, 1))

    def test_bad_conditions_are_refused(self):
        for domain in ("[('no_such_field', '=', 1)]", "[(", "__import__('os')"):
            with self.assertRaises(ValidationError):
                self._rule(domain=domain)

    def test_needs_a_state(self):
        with self.assertRaises(ValidationError):
            self._rule(on_draft=False, on_open=False, on_pending=False)

    # Words

    def test_sentence(self):
        rule = self.env["crm.case.rule"].create(
            {"name": "Remind", "kind": "remind", "team_ids": self.team_care.ids}
        )
        self.assertEqual(
            rule.sentence,
            f"Pending cases ({self.team_care.display_name}). 5 days after the case "
            "entered its stage: Remind the customer.",
        )

    def test_presets(self):
        rule = self.env["crm.case.rule"].create({"name": "Close", "kind": "close"})
        self.assertEqual(rule.reference, "date_last_staff_message")
        self.assertEqual(rule.answer, "customer")
        self.assertEqual((rule.on_open, rule.on_pending), (False, True))
        self.assertEqual(len(rule.level_ids.action_ids), 2)
        rule.kind = "escalate"
        self.assertEqual(rule.level_ids.unit, "work_hour")
