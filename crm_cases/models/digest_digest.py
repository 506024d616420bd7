from odoo import fields, models
from odoo.exceptions import AccessError

from .case_states import CLOSED_STATES


class DigestDigest(models.Model):
    """Figures about cases in the regular mail about the business."""

    _inherit = "digest.digest"

    kpi_cases_new = fields.Boolean("New Cases")
    kpi_cases_new_value = fields.Integer(compute="_compute_kpi_cases_new_value")
    kpi_cases_closed = fields.Boolean("Closed Cases")
    kpi_cases_closed_value = fields.Integer(compute="_compute_kpi_cases_closed_value")
    kpi_cases_response = fields.Boolean("Hours to First Response")
    kpi_cases_response_value = fields.Float(compute="_compute_kpi_cases_response_value")
    kpi_cases_satisfaction = fields.Boolean("Satisfaction (1-5)")
    kpi_cases_satisfaction_value = fields.Float(
        compute="_compute_kpi_cases_satisfaction_value"
    )

    def _check_cases_access(self):
        """The digest leaves out what its reader may not know."""
        if not self.env.user.has_group("crm_cases.crm_cases_group_own"):
            raise AccessError(
                self.env._("Only users of Cases get figures about cases.")
            )

    def _compute_kpi_cases_new_value(self):
        self._check_cases_access()
        self._calculate_company_based_kpi("crm.case", "kpi_cases_new_value")

    def _compute_kpi_cases_closed_value(self):
        self._check_cases_access()
        self._calculate_company_based_kpi(
            "crm.case",
            "kpi_cases_closed_value",
            date_field="date_closed",
            additional_domain=[("state", "in", CLOSED_STATES)],
        )

    def _compute_kpi_cases_response_value(self):
        """Working hours to the first answers that were given in the period."""
        self._check_cases_access()
        self._average_by_company(
            "crm.case",
            "kpi_cases_response_value",
            "date_first_response",
            "hours_to_first_response",
        )

    def _compute_kpi_cases_satisfaction_value(self):
        """What customers told in the period."""
        self._check_cases_access()
        self._average_by_company(
            "crm.case.report", "kpi_cases_satisfaction_value", None, "satisfaction"
        )

    def _average_by_company(self, model, name, date_field, measure):
        """Average of a measure in the period, for the company of each digest."""
        start, end, companies = self._get_kpi_compute_parameters()
        domain = [("company_id", "in", companies.ids)]
        if date_field:
            domain += [(date_field, ">=", start), (date_field, "<", end)]
        else:
            domain += [("case_id.rating_ids.rated_on", ">=", start)]
            domain += [("case_id.rating_ids.rated_on", "<", end)]
        groups = self.env[model]._read_group(domain, ["company_id"], [f"{measure}:avg"])
        averages = dict(groups)
        for digest in self:
            company = digest.company_id or self.env.company
            digest[name] = averages.get(company) or 0.0

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("crm_cases.crm_cases_menu_root").id
        for name in ("new", "closed", "response", "satisfaction"):
            action = "crm_cases.crm_case_report_action"
            actions[f"kpi_cases_{name}"] = f"{action}?menu_id={menu}"
        return actions
