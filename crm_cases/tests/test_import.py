import csv
import io
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import file_open

from .common import CasesCommon

OPTIONS = {"quoting": '"', "separator": ",", "has_headers": True}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CLOSED = {
    "id": "old_1",
    "number": "T-77",
    "name": "Broken lamp",
    "state": "Done",
    "create_date": "2023-01-02 08:00:00",
    "date_open": "2023-01-02 09:00:00",
    "date_closed": "2023-01-05 10:00:00",
    "email_from": "Carla <CARLA@customer.example.com>",
    "type_id": "Issue",
    "team_id": "Board / Care",
    "category_id": "Hardware",
    "tag_ids": "blue,loud",
}


@tagged("post_install", "-at_install")
class TestImport(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who brings customers along may create contacts.
        cls.user_manager.group_ids += cls.env.ref("base.group_partner_manager")
        cls.env["crm.case.category"].create({"name": "Hardware"})
        cls.env["crm.case.tag"].create([{"name": "blue"}, {"name": "loud"}])

    def run_import(self, *rows, user=None, dryrun=False):
        """Import rows as the screen does: parse, match the headings, execute."""
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0], restval="")
        writer.writeheader()
        writer.writerows(rows)
        return self.import_file(text.getvalue().encode(), "text/csv", user, dryrun)

    def import_file(self, content, file_type, user=None, dryrun=False):
        wizard = (
            self.env["base_import.import"]
            .with_user(user or self.user_manager)
            .create({"res_model": "crm.case", "file": content, "file_type": file_type})
        )
        preview = wizard.parse_preview(dict(OPTIONS))
        self.assertNotIn("error", preview)
        columns = preview["headers"]
        names = [
            "/".join(preview["matches"].get(i, [])) or False
            for i in range(len(columns))
        ]
        self.assertTrue(all(names), (columns, names))
        return wizard.execute_import(names, columns, preview["options"], dryrun)

    def imported(self, result):
        self.assertFalse(result["messages"])
        self.flush_tracking()
        return self.env["crm.case"].browse(result["ids"])

    def messages_of(self, result):
        self.assertFalse(result.get("ids"))
        return " ".join(message["message"] for message in result["messages"])

    # ------------------------------------------------------------
    # WHAT COMES
    # ------------------------------------------------------------

    def test_a_row_comes_as_it_was(self):
        case = self.imported(self.run_import(CLOSED))
        self.assertEqual(case.number, "T-77")
        self.assertEqual(case.state, "done")
        self.assertEqual(case.create_date, datetime(2023, 1, 2, 8))
        self.assertEqual(case.date_open, datetime(2023, 1, 2, 9))
        self.assertEqual(case.date_closed, datetime(2023, 1, 5, 10))
        self.assertEqual(case.date_last_stage_update, datetime(2023, 1, 5, 10))
        self.assertEqual(case.partner_id, self.partner)
        self.assertEqual(case.team_id, self.team_care)
        self.assertEqual(case.type_id, self.env.ref("crm_cases.crm_case_type_issue"))
        self.assertEqual(case.category_id.name, "Hardware")
        self.assertEqual(case.tag_ids.mapped("name"), ["blue", "loud"])
        self.assertGreater(case.hours_to_close, 8)
        self.assertTrue(case.imported_on)
        states = [state for _since, state in case.state_log]
        self.assertEqual(states, ["draft", "open", "done"])

    def test_unknown_customer_is_created_once(self):
        row = {"name": "One", "email_from": "Nora New <Nora@new.example.com>"}
        cases = self.imported(self.run_import(row, {**row, "name": "Two"}))
        self.assertEqual(len(cases.partner_id), 1)
        self.assertEqual(cases.partner_id.name, "Nora New")
        self.assertEqual(cases.partner_id.email, "nora@new.example.com")

    def test_dates_tell_the_state(self):
        day = "2024-02-01 10:00:00"
        cases = self.imported(
            self.run_import(
                {"name": "Closed", "date_open": "", "date_closed": day},
                {"name": "Opened", "date_open": day, "date_closed": ""},
                {"name": "New", "date_open": "", "date_closed": ""},
            )
        )
        self.assertEqual(cases.mapped("state"), ["done", "open", "draft"])
        self.assertEqual(cases[0].create_date, datetime(2024, 2, 1, 10))
        self.assertEqual(cases[0].date_open, datetime(2024, 2, 1, 10))

    def test_no_date_is_that_of_the_import(self):
        """A spike of cases closed today, and opened after that, would be no past."""
        created, opened = datetime(2024, 2, 1, 10), datetime(2024, 2, 3, 10)
        row = {"create_date": str(created), "date_open": ""}
        cases = self.imported(
            self.run_import(
                {"name": "Open", "state": "Open", **row},
                {"name": "Done", "state": "Done", **row},
                {
                    "name": "Known",
                    "state": "Cancelled",
                    **row,
                    "date_open": str(opened),
                },
                {"name": "New", "state": "Draft", **row},
            )
        )
        dates = [(case.date_open, case.date_closed) for case in cases]
        self.assertEqual(
            dates,
            [(created, False), (created, created), (opened, opened), (False, False)],
        )
        for case in cases:
            since = [date for date, _state in case.state_log]
            self.assertEqual(since, sorted(since))

    def test_repeating_updates(self):
        case = self.imported(self.run_import(CLOSED))
        again = {
            **CLOSED,
            "name": "Lamp",
            "state": "Pending",
            "date_closed": "",
            "date_open": "2023-01-03 09:00:00",
        }
        self.assertEqual(self.imported(self.run_import(again)), case)
        self.assertEqual((case.name, case.state), ("Lamp", "pending"))
        self.assertEqual(case.create_date, datetime(2023, 1, 2, 8))
        self.assertEqual(case.date_open, datetime(2023, 1, 3, 9))
        self.assertFalse(case.date_closed)
        self.assertFalse(case.reopen_count)

    def test_next_number_is_free(self):
        sequence = self.env.ref("crm_cases.ir_sequence_crm_case")
        number = f"CASE-{sequence.number_next_actual + 40:05}"
        case = self.imported(self.run_import({"name": "Old", "number": number}))
        self.assertEqual(case.number, number)
        after = f"CASE-{int(number[5:]) + 1:05}"
        self.assertEqual(self._case().number, after)

    def test_template(self):
        templates = self.env["crm.case"].get_import_templates()
        path = templates[0]["template"].removeprefix("/")
        with file_open(path, "rb") as template:
            result = self.import_file(template.read(), XLSX)
        cases = self.imported(result)
        self.assertEqual(cases.mapped("state"), ["done", "open", "draft"])
        self.assertEqual(cases.mapped("number"), ["T-1001", "T-1002", "T-1003"])
        self.assertEqual(cases[0].create_date, datetime(2024, 3, 4, 9, 15))
        self.assertEqual(cases[0].partner_id, cases[2].partner_id)

    # ------------------------------------------------------------
    # WHAT DOES NOT HAPPEN
    # ------------------------------------------------------------

    def test_nothing_happens_by_itself(self):
        self.team_care.write(
            {"assign_method": "balanced", "rating_request": True, "rating_delay": 0}
        )
        self.env["crm.case.sla"].create(
            {"name": "Fast", "response_hours": 1, "resolution_hours": 2}
        )
        mails = self.env["mail.mail"].search_count([])
        case = self.imported(self.run_import(CLOSED, {**CLOSED, **self.open_row()}))
        self.assertFalse(case.message_ids)
        self.assertFalse(case.message_follower_ids)
        self.assertFalse(case.user_id)
        self.assertFalse(case.sla_status_ids)
        self.assertFalse(any(case.mapped("rating_due")))
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        case[1].priority = "3"
        self.assertFalse(case.sla_status_ids, "nor later")

    def open_row(self):
        return {"id": "old_2", "number": "T-78", "state": "Open", "date_closed": ""}

    def test_no_automation(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Shout",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "state": "code",
                "code": "record.write({'color': 7})",
            }
        )
        self.env["base.automation"].create(
            {
                "name": "Shout at each",
                "model_id": self.env["ir.model"]._get_id("crm.case"),
                "trigger": "on_create_or_write",
                "action_server_ids": [(6, 0, action.ids)],
            }
        )
        self.assertEqual(self._case().color, 7)
        case = self.imported(self.run_import(CLOSED))
        self.assertFalse(case.color)

    def test_no_timed_rule_about_the_past(self):
        rule = self.env["crm.case.rule"].create(
            {
                "name": "Old ones",
                "reference": "create_date",
                "kind": "other",
                "level_ids": [(0, 0, {"amount": 1, "unit": "day"})],
            }
        )
        here = self._created_on(self._case(), fields.Datetime.now() - timedelta(5))
        there = self.imported(self.run_import({**CLOSED, **self.open_row()}))
        due = rule._get_due_case_ids(include_past=True)
        self.assertIn(here.id, due)
        self.assertNotIn(there.id, due)

    def test_closing_asks_for_nothing(self):
        self.env.ref("crm_cases.crm_case_type_issue").require_resolution = True
        self.assertEqual(self.imported(self.run_import(CLOSED)).state, "done")

    # ------------------------------------------------------------
    # BAD ROWS
    # ------------------------------------------------------------

    def test_bad_rows_say_why_and_change_nothing(self):
        before = self.env["crm.case"].search_count([])
        tomorrow = str(fields.Datetime.now() + timedelta(1))[:19]
        for bad, words in (
            ({"state": "Sleeping"}, "Sleeping"),
            ({"email_from": "carla at customer"}, "is not one e-mail address"),
            ({"team_id": "Nobody's"}, "Nobody's"),
            ({"create_date": "2023-01-06 00:00:00"}, "Created On is later than"),
            ({"date_closed": tomorrow}, "Closed On lies in the future"),
            ({"date_open": "soon"}, "soon"),
            ({"name": ""}, "Subject"),
        ):
            with self.subTest(words):
                result = self.run_import({**CLOSED, **bad})
                self.assertIn(words, self.messages_of(result))
        self.assertEqual(self.env["crm.case"].search_count([]), before)

    def test_two_with_one_number(self):
        result = self.run_import(CLOSED, {**CLOSED, "id": "old_3"})
        self.assertIn("already has this number", self.messages_of(result))

    def test_trial_run_changes_nothing(self):
        before = self.env["crm.case"].search_count([])
        result = self.run_import(CLOSED, dryrun=True)
        self.assertFalse(result["messages"])
        self.assertEqual(self.env["crm.case"].search_count([]), before)

    def test_who_may_not_create_may_not_import(self):
        with self.assertRaises(AccessError):
            self.run_import(CLOSED, user=self.user_employee)

    def test_who_says_that_he_imports_obeys_the_rules(self):
        """A context is what a client sends: only a manager rewrites the past."""
        claim = self.env.ref("crm_cases.crm_case_type_claim")
        claim.require_resolution = True
        for word in ("import_file", "crm_case_import"):
            case = self._case(type_id=claim.id, user_id=self.user_member.id)
            pretending = case.with_user(self.user_member).with_context(**{word: True})
            for attempt in (
                lambda case=pretending: case.write({"state": "done"}),
                lambda case=pretending: case.sudo().write({"state": "done"}),
            ):
                with self.assertRaises(UserError, msg=word):
                    attempt()
            self.assertFalse(pretending._is_moving_in())
        manager = self.env["crm.case"].with_user(self.user_manager)
        self.assertTrue(manager.with_context(import_file=True)._is_moving_in())
