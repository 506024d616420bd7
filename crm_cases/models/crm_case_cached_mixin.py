from odoo import api, models


class CrmCaseCachedMixin(models.AbstractModel):
    """A small model of which processes remember something until it changes.

    What is remembered is the model's own choice (``tools.ormcache``).
    """

    _name = "crm.case.cached.mixin"
    _description = "Remembered by All Processes"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        """Forget before, and after: who looked meanwhile may have seen what was."""
        self.env.registry.clear_cache()
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
