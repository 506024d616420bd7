from datetime import timedelta
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import crm_case_rule_filter as limits
from .rules_common import MONDAY, SLOW_PATTERN, SLOW_SUBJECT, RulesCommon

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
EXECUTE = "odoo.addons.crm_cases.models.crm_case_rule_execute"
# A worker whose connection to the database is closed.
GONE = "1@0"


@tagged("post_install", "-at_install")
class TestRuleDrain(RulesCommon):
    """How what is due is worked off: together, or alone if need be."""

    def _update(self, value):
        return self.env["ir.actions.server"].create(
            {
                "name": "Update",
                "usage": "crm_case_rule",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "state": "object_write",
                "update_path": "color",
                "evaluation_type": "equation",
                "value": value,
            }
        )

    def _due(self, count, **values):
        """A rule, and so many cases that are due tomorrow."""
        with self.at(MONDAY):
            rule = self._rule(**values)
            team = self.team_care.id
            cases = self.env["crm.case"].create(
                [{"name": f"Case {n}", "team_id": team} for n in range(count)]
            )
        return rule, cases

    def _collect(self, rule):
        with self.at(MONDAY + DAY):
            rule._collect(MONDAY + DAY)
        return rule.run_ids.sorted("id")

    # Together

    def test_one_failure_takes_nothing_with_it(self):
        """Done together, then one by one because of the third."""
        action = self._update("1 / record.color + 1")
        rule, cases = self._due(4, actions=action)
        cases.color = 1
        cases[2].color = 0
        with mute_logger(EXECUTE):
            self._pass(MONDAY + DAY)
        self.assertEqual(cases.mapped("color"), [2, 2, 0, 2])
        states = rule.run_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["done", "done", "failed", "done"])

    def test_web_hooks_of_what_was_taken_back_are_not_called(self):
        hook = self.env["ir.actions.server"].create(
            {
                "name": "Call",
                "usage": "crm_case_rule",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "state": "webhook",
                "webhook_url": "http://127.0.0.1:9/",
                "sequence": 1,
            }
        )
        action = self._update("1 / record.color + 1")
        action.sequence = 2
        _rule, cases = self._due(3, actions=hook + action)
        cases.color = 1
        cases[1].color = 0
        before = len(self.env.cr.postcommit._funcs)
        with mute_logger(EXECUTE, "odoo.addons.base.models.ir_actions"):
            self._pass(MONDAY + DAY)
        hooks = list(self.env.cr.postcommit._funcs)[before:]
        names = [getattr(hook, "__name__", "") for hook in hooks]
        self.assertEqual(names.count("_add_post_commit"), 2)
        self.env.cr.postcommit.clear()

    def test_a_case_that_another_one_changed(self):
        """The first case closes the second, which is then left alone."""
        self.mark.code = """
if record.name == 'Case 0':
    record.search([('name', '=', 'Case 1')]).action_close()
record.write({'color': record.color + 1})
"""
        rule, cases = self._due(3)
        self._pass(MONDAY + DAY)
        self.assertEqual(cases.mapped("color"), [1, 0, 1])
        states = rule.run_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["done", "skipped", "done"])

    def test_what_is_left_goes_on_at_once(self):
        """When the time is up, the scheduler would sleep for a minute."""
        rule, cases = self._due(3)
        self._collect(rule)
        cron = self.env.ref("crm_cases.ir_cron_rules")
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([("cron_id", "=", cron.id)])
        with (
            self.at(MONDAY + DAY),
            self.commits_are_kept_back(),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=0),
        ):
            self.env["crm.case.rule.run"]._drain()
        self.assertEqual(set(cases.mapped("color")), {0}, "claimed, and no more")
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), before + 1)

    def test_few_queries_per_case(self):
        """Many cases cost little more than few."""
        action = self._update("record.color + 1")
        counts = []
        for size in (5, 45):
            rule, cases = self._due(size, actions=action)
            self._collect(rule)
            self.env.flush_all()
            with self.at(MONDAY + DAY), self.commits_are_kept_back():
                before = self.cr.sql_log_count
                self.env["crm.case.rule.run"]._drain()
                counts.append(self.cr.sql_log_count - before)
            self.assertEqual(set(cases.mapped("color")), {1})
            rule.active = False
        # At one moment all is written by one transaction, so each case is checked
        # again, which costs a query; nothing else may.
        self.assertLess((counts[1] - counts[0]) / 40, 2.5)

    # Workers that are gone

    def test_what_a_lost_worker_left_is_done_alone(self):
        rule, cases = self._due(3)
        runs = self._collect(rule)
        runs.worker = GONE
        claimed = []
        claim = type(runs)._claim

        def spy(records, sweep):
            batch = claim(records, sweep)
            claimed.append((len(batch), batch.mapped("alone")))
            return batch

        self.patch(type(runs), "_claim", spy)
        self._pass(MONDAY + DAY)
        self.assertEqual(claimed, [(1, [True])] * 3 + [(0, [])])
        self.assertEqual(cases.mapped("color"), [1, 1, 1])
        self.assertEqual(runs.mapped("attempts"), [1, 1, 1])
        self.assertFalse(any(runs.mapped("worker")))

    def test_who_was_alone_when_the_worker_died_has_failed(self):
        rule, cases = self._due(3)
        runs = self._collect(rule)
        for attempt in range(1, 6):
            runs[1].write({"worker": GONE, "alone": True})
            self._pass(MONDAY + attempt * DAY)
            self.assertEqual(runs[1].attempts, attempt)
            self.assertEqual(runs[1].state, "failed" if attempt < 5 else "parked")
        self.assertIn("server stopped", runs[1].message)
        self.assertEqual(cases.mapped("color"), [1, 0, 1])

    def test_what_a_living_worker_has_begun_is_left_to_it(self):
        rule, cases = self._due(2)
        runs = self._collect(rule)
        self.env.flush_all()
        with self.env.registry.cursor() as other:
            other.execute(
                "SELECT pid || '@' || extract(epoch FROM backend_start)"
                " FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            )
            [runs[0].worker] = other.fetchone()
            self._pass(MONDAY + DAY)
            self.assertEqual(cases.mapped("color"), [0, 1])

    # Subjects that cost too much

    @mute_logger("odoo.sql_db")
    def test_slow_subjects_park_only_their_cases(self):
        rule, cases = self._due(6, subject_pattern=SLOW_PATTERN)
        for case in cases[:2]:
            case.name = SLOW_SUBJECT
        for case in cases[2:]:
            case.name = "abcddcba"
        for minute in range(3):
            self._pass(MONDAY + DAY + minute * MINUTE)
        self.assertEqual(cases.mapped("color"), [0, 0, 1, 1, 1, 1])
        states = rule.run_ids.sorted(lambda run: run.case_id.id).mapped("state")
        self.assertEqual(states, ["parked"] * 2 + ["done"] * 4)
        self.assertFalse(rule.problem)
        with self.at(MONDAY + DAY):
            self.assertFalse(rule._get_due_case_ids())

    @mute_logger("odoo.sql_db")
    def test_time_for_slow_subjects_is_limited(self):
        rule, cases = self._due(3, subject_pattern=SLOW_PATTERN)
        cases.name = SLOW_SUBJECT
        self.patch(limits, "MAX_TIMEOUTS", 2)
        matches = rule._match_subjects_by_halves(cases.ids)
        self.assertEqual(matches.possible, set(cases.ids))
        self.assertFalse(matches.ids)
        self.assertTrue(matches.left)

    # Conditions

    def test_responsible(self):
        leader = self.team_care.user_id = self.user_leader
        _rule, cases = self._due(3)
        cases[0].user_id = False
        cases[1].user_id = leader
        cases[2].user_id = self.user_member
        for responsible, expected in (
            ("any", [0, 1, 2]),
            ("nobody", [0]),
            ("somebody", [1, 2]),
            ("leader", [1]),
            ("chosen", [2]),
        ):
            users = self.user_member if responsible == "chosen" else cases.user_id[:0]
            with self.at(MONDAY), self.subTest(responsible):
                rule = self._rule(
                    responsible=responsible, user_ids=[Command.set(users.ids)]
                )
                found = cases.search(rule._get_case_domain()) & cases
                self.assertEqual(found, cases.browse(cases[n].id for n in expected))

    def test_last_action_of_a_case_that_nobody_wrote_to(self):
        self._rule(reference="date_action_last")
        case = self._case()
        fired = self._fires_at(case, [MONDAY + DAY - MINUTE, MONDAY + DAY])
        self.assertEqual(fired, [MONDAY + DAY])

    def test_words(self):
        rule = self._rule(
            1, "work_day", direction="before", reference="date_deadline", repeat_times=1
        )
        self.assertIn("1 working day before the deadline: Count", rule.sentence)
        self.assertIn("(once more after 1 working day)", rule.sentence)
        rule.level_ids.write({"amount": 0, "repeat_times": 0})
        rule.responsible = "nobody"
        rule.messages_from = 2
        rule.priority_to = "2"
        self.assertIn("Right after the deadline: Count", rule.sentence)
        self.assertIn("responsible: nobody", rule.sentence)
        self.assertIn("at least 2 messages", rule.sentence)
        rule.messages_from = 1
        self.assertIn("at least one message", rule.sentence)
        rule.write({"messages_from": 0, "messages_to": 1})
        self.assertIn("at most one message", rule.sentence)
        self.assertIn("priority up to High", rule.sentence)
