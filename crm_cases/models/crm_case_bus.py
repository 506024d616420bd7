from odoo import api, models

from .known_records import known

CHANGED = "crm_cases.changed"
# What a dashboard counts. A change of anything else is no news for it.
WATCHED = frozenset(
    (
        "stage_id",
        "team_id",
        "user_id",
        "date_deadline",
        "date_last_customer_message",
        "date_last_staff_message",
        "active",
    )
)


class CrmCase(models.Model):
    """Dashboards that are open learn that something changed.

    One message for each transaction, without a word about which case: the reader asks
    again with the own rights.
    """

    _inherit = "crm.case"

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        if cases:
            self._tell_dashboards()
        return cases

    def write(self, vals):
        result = super().write(vals)
        if not WATCHED.isdisjoint(vals):
            self._tell_dashboards()
        return result

    def unlink(self):
        self._tell_dashboards()
        return super().unlink()

    @api.model
    def _tell_dashboards(self):
        told = self.env.cr.precommit.data
        readers = known(self.env, "crm_cases.crm_cases_group_own")
        if readers and CHANGED not in told:
            told[CHANGED] = True
            # sudo: whoever changes a case need not know the group of its readers
            readers.sudo()._bus_send(CHANGED, {})
