from odoo import models


class ResPartner(models.Model):
    """Where midnight is for segmentations is remembered until a time zone changes."""

    _inherit = "res.partner"

    def write(self, vals):
        if "tz" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)
