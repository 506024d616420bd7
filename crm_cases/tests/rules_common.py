from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command

from .common import CasesCommon

# A Monday, 10:00 in Brussels.
MONDAY = datetime(2026, 6, 15, 8, 0)

# Five hundred years of work for a backtracking matcher.
SLOW_PATTERN = r"^(.+)(.+)(.+)(.+)\4\3\2\1!?$"
SLOW_SUBJECT = "x" * 401


class RulesCommon(CasesCommon):
    """Rules and the time they need.

    The company works Monday to Friday, 9:00 to 17:00 in Brussels, without a break.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.case.rule"].search([]).active = False
        cls.calendar = cls._calendar("Office")
        cls.env.company.resource_calendar_id = cls.calendar
        cls.mark = cls.env["ir.actions.server"].create(
            {
                "name": "Count",
                "usage": "crm_case_rule",
                "model_id": cls.env["ir.model"]._get_id("crm.case"),
                "state": "code",
                "code": "record.write({'color': record.color + 1})",
            }
        )

    @classmethod
    def _calendar(cls, name, days=range(5), hours=(9, 17), **values):
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "tz": "Europe/Brussels",
                "company_id": False,
                "attendance_ids": [
                    Command.create(
                        {
                            "name": str(day),
                            "dayofweek": str(day),
                            "hour_from": hours[0],
                            "hour_to": hours[1],
                            "day_period": "full_day",
                        }
                    )
                    for day in days
                ],
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        freezer = freeze_time(MONDAY)
        self._frozen = freezer.start()
        self.addCleanup(freezer.stop)
        self.patch(self.env.cr, "now", lambda: self._frozen.time_to_freeze)

    @contextmanager
    def at(self, moment):
        """Travel: what Odoo calls now is this moment, in Python and for the ORM."""
        self.env.flush_all()
        before = self._frozen.time_to_freeze
        self._frozen.move_to(moment)
        yield
        self.flush_tracking()
        self._frozen.move_to(before)

    def _rule(self, amount=1, unit="day", actions=None, **values):
        level_values = {
            key: values.pop(key)
            for key in ("direction", "repeat_times", "repeat_every")
            if key in values
        }
        level = {
            "amount": amount,
            "unit": unit,
            "action_ids": [Command.set((actions or self.mark).ids)],
            **level_values,
        }
        return self.env["crm.case.rule"].create(
            {
                "name": "Try",
                "kind": "other",
                "level_ids": [Command.create(level)],
                **values,
            }
        )

    @contextmanager
    def commits_are_kept_back(self):
        """Let a scheduled action run inside the transaction of the test."""
        with (
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda *_args, **_options: 60,
            ),
            patch.object(self.env.cr, "commit", lambda: None),
        ):
            yield

    def _pass(self, moment):
        """One pass of the rules at a moment."""
        with self.at(moment), self.commits_are_kept_back():
            self.env["crm.case.rule"]._cron_run()

    def _fires_at(self, case, moments):
        """Let passes run at some moments and return those at which a rule fired."""
        fired = []
        for moment in moments:
            before = case.color
            self._pass(moment)
            if case.color > before:
                fired.append(moment)
        return fired

    @staticmethod
    def hours(start, *numbers):
        return [start + timedelta(hours=number) for number in numbers]
