from odoo import api, models


class CrmCaseCachedMixin(models.AbstractModel):
    """A small model of which processes remember something until it changes.

    What is remembered is the model's own choice (``tools.ormcache``).
    """

    _name = "crm.case.cached.mixin"
    _description = "Remembered by All Processes"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        # Before, for what is recomputed meanwhile; after, for who looked too early.
        self.env.registry.clear_cache()
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
