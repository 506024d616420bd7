from datetime import timedelta

from odoo import fields, models


class CrmCaseTeam(models.Model):
    """Whether a team works now: a question of routing rules."""

    _inherit = "crm.case.team"

    def _crm_mailgateway_is_working_time(self):
        company = self.company_id or self.env.company
        calendar = self.resource_calendar_id or company.resource_calendar_id
        if not calendar:
            return True
        now = fields.Datetime.now()
        return calendar.get_work_hours_count(now, now + timedelta(minutes=1)) > 0
