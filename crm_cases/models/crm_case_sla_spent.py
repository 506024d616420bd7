from pytz import utc

from odoo import api, fields, models

from .working_time import ElapsedTime, WorkingTime


class CrmCaseSlaStatus(models.Model):
    """How much of the promised time is used by now, also while the clock runs."""

    _inherit = "crm.case.sla.status"

    used_hours = fields.Float(
        string="Working Hours Used by Now", compute="_compute_used"
    )

    @api.depends("hours", "spent_hours", "deadline", "date_reached")
    def _compute_used(self):
        """From what is left until the deadline (or has passed since), because what was
        measured last is as old as the last change of the case."""
        now = fields.Datetime.now()
        running = self.filtered(lambda row: row.deadline and not row.date_reached)
        for status in self - running:
            status.used_hours = status.spent_hours
        for calendar, rows in running.grouped(
            lambda row: row.case_id._get_calendar()
        ).items():
            clock = rows._read_working_time(calendar, now)
            for row in rows:
                left = clock.between(now, row.deadline)
                row.used_hours = row.hours - left + clock.between(row.deadline, now)

    def _read_working_time(self, calendar, now):
        """One reading of the calendar for the deadlines of all these rows."""
        if not calendar:
            return ElapsedTime()
        moments = [utc.localize(moment) for moment in (now, *self.mapped("deadline"))]
        spans = calendar._work_intervals_batch(min(moments), max(moments))
        return WorkingTime(spans[False])


class CrmCase(models.Model):
    """The time that is used of the next promise, in words."""

    _inherit = "crm.case"

    sla_spent = fields.Char(
        string="SLA Used",
        compute="_compute_sla_spent",
        compute_sudo=True,  # as visible as the case, so not asked for once more
    )

    @api.depends("sla_status_ids.deadline", "sla_status_ids.date_reached")
    def _compute_sla_spent(self):
        for case in self:
            status = case._get_next_status()
            case.sla_spent = status and self.env._(
                "%(used)s of %(promised)s",
                used=self._describe_hours(status.used_hours),
                promised=self._describe_hours(status.hours),
            )

    @api.model
    def _describe_hours(self, hours):
        """Working hours stay hours, because nobody works for 24 of them a day."""
        if hours < 1:
            return self.env._("%s min", round(hours * 60))
        return self.env._("%s h", int(hours))
