from odoo import api, models
from odoo.tools import SQL


class CrmCaseAverageMixin(models.AbstractModel):
    """Averages of what is known, and of nothing else.

    A number that is not known yet is stored as 0, as Odoo's numbers are: it would pull
    every average down. Models say when a number is known.
    """

    _name = "crm.case.average.mixin"
    _description = "Averages of Known Numbers"

    @api.model
    def _get_known_conditions(self, query):
        """:return: {field: ``SQL`` that holds where its number is known}"""
        return {}

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        average = super()._read_group_select(aggregate_spec, query)
        name, _colon, function = aggregate_spec.partition(":")
        if function != "avg":
            return average
        known = self._get_known_conditions(query).get(name)
        return SQL("%s FILTER (WHERE %s)", average, known) if known else average
