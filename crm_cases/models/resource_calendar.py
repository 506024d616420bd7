from odoo import api, models

WORKING_TIME_FIELDS = {
    "attendance_ids",
    "leave_ids",
    "global_leave_ids",
    "tz",
    "hours_per_day",
    "flexible_hours",
    "schedule_type",
    "two_weeks_calendar",
    "full_time_required_hours",
}


class ResourceCalendar(models.Model):
    """Whoever changes working hours changes what is due."""

    _inherit = "resource.calendar"

    def write(self, vals):
        result = super().write(vals)
        if not WORKING_TIME_FIELDS.isdisjoint(vals):
            self._recount_cases()
        return result

    def _recount_cases(self):
        """Working time of these calendars (none: of all) has changed."""
        self.env["crm.case.rule.clock"]._forget(self)
        self.env["crm.case.sla"]._recount()


class ResourceCalendarAttendance(models.Model):
    """Part of the working hours."""

    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        attendances = super().create(vals_list)
        attendances.calendar_id._recount_cases()
        return attendances

    def write(self, vals):
        calendars = self.calendar_id
        result = super().write(vals)
        (calendars | self.calendar_id)._recount_cases()
        return result

    def unlink(self):
        calendars = self.calendar_id
        result = super().unlink()
        calendars._recount_cases()
        return result


class ResourceCalendarLeaves(models.Model):
    """A holiday of everybody counts; the leave of a person changes no clock."""

    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._recount_cases()
        return leaves

    def write(self, vals):
        result = super().write(vals)
        self._recount_cases()
        return result

    def unlink(self):
        holidays = self._get_calendars_on_holiday()
        result = super().unlink()
        if holidays is not None:
            holidays._recount_cases()
        return result

    def _recount_cases(self):
        calendars = self._get_calendars_on_holiday()
        if calendars is not None:
            calendars._recount_cases()

    def _get_calendars_on_holiday(self):
        """Calendars whose common holidays these are; empty for all, None for none."""
        holidays = self.filtered(lambda leave: not leave.resource_id)
        if not holidays:
            return None
        if all(leave.calendar_id for leave in holidays):
            return holidays.calendar_id
        return self.env["resource.calendar"]
