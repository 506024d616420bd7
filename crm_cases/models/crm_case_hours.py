from pytz import utc

from odoo import api, fields, models
from odoo.tools import SQL

from .working_time import ElapsedTime, WorkingTime

# Which date ends which clock; all of them start when the case was created.
CLOCKS = {
    "hours_to_open": "date_open",
    "hours_to_first_response": "date_first_response",
    "hours_to_close": "date_closed",
}


class CrmCase(models.Model):
    """How long it took, in the working hours of the team.

    The hours are those of the team's calendar, of the company's where the team has
    none, and of the clock where neither has one; leaves of the calendar do not count.
    They are kept as they were when it happened: a later change of the calendar does
    not rewrite the past, a change of the dates or of the team does.

    A clock that has not stopped is 0, and counts in no average.
    """

    _name = "crm.case"
    _inherit = ["crm.case", "crm.case.average.mixin"]

    hours_to_open = fields.Float(
        compute="_compute_hours",
        store=True,
        aggregator="avg",
        groups="base.group_user",
        help="Working hours from creation until work began.",
    )
    hours_to_first_response = fields.Float(
        compute="_compute_hours",
        store=True,
        aggregator="avg",
        groups="base.group_user",
        help="Working hours from creation until a person of ours answered.",
    )
    hours_to_close = fields.Float(
        compute="_compute_hours",
        store=True,
        aggregator="avg",
        groups="base.group_user",
        help="Working hours from creation until the end.",
    )

    @api.depends("create_date", "team_id", "company_id", *CLOCKS.values())
    def _compute_hours(self):
        for calendar, cases in self.grouped(
            lambda case: case._get_working_calendar()
        ).items():
            worked = cases._get_working_time(calendar)
            for case in cases:
                for hours, date in CLOCKS.items():
                    stopped = case.create_date and case[date]
                    case[hours] = (
                        worked.between(case.create_date, stopped) if stopped else 0.0
                    )

    @api.model
    def _get_known_conditions(self, query):
        return {
            hours: SQL("%s IS NOT NULL", self._field_to_sql(self._table, date, query))
            for hours, date in CLOCKS.items()
        }

    def _get_working_calendar(self):
        """The calendar that the clocks of this case follow, or none."""
        return self.team_id.resource_calendar_id or self.company_id.resource_calendar_id

    def _get_working_time(self, calendar):
        """One reading of the calendar for the whole span of these cases; none for
        cases whose clocks all run, like those that have just come, or took no time,
        like those that move in."""
        spans = [
            (case.create_date, case[date])
            for case in self
            for date in CLOCKS.values()
            if case.create_date and case[date] and case[date] > case.create_date
        ]
        if not calendar or not spans:
            return ElapsedTime()
        moments = [utc.localize(moment) for span in spans for moment in span]
        worked = calendar._work_intervals_batch(min(moments), max(moments))
        return WorkingTime(worked[False])
