from odoo import api, models

PARAMETER = "crm_mailgateway.fallback_team_id"


class CrmCaseTeam(models.Model):
    """Which team gets what is meant for none, if somebody chose one."""

    _inherit = "crm.case.team"

    @api.model
    def _get_fallback_team(self, company=None):
        # sudo: parameters are for administrators, mails are for all
        given = self.env["ir.config_parameter"].sudo().get_param(PARAMETER) or ""
        team = self.browse(int(given)).exists() if given.isdecimal() else self
        company = company or self.env.company
        if team and team.active and team.company_id <= company:
            return team
        return super()._get_fallback_team(company)
