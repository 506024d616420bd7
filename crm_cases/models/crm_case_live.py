from odoo import api, models

from .known_records import known

NEW_CASES = "crm_cases/new"


class CrmCase(models.Model):
    """Open boards hear of new cases.

    What is sent says nothing but that there is something new, once per transaction:
    each board asks again with the rights of its own user.
    """

    _inherit = "crm.case"

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        if cases:
            cases._announce()
        return cases

    @api.model
    def _announce(self):
        announced = self.env.cr.precommit.data
        if not announced.get(NEW_CASES):
            announced[NEW_CASES] = True
            self._get_audience()._bus_send(NEW_CASES, {})

    @api.model
    def _get_audience(self):
        # sudo: a portal user who files a case reads no groups
        return known(self.env, "crm_cases.crm_cases_group_own").sudo()
