from odoo import models

WATCHED = {"partner_id", "rating", "consumed", "rated_on"}


class RatingRating(models.Model):
    """Answers of customers: scored events of the partners who gave them."""

    _name = "rating.rating"
    _inherit = ["rating.rating", "crm.segmentation.logged"]

    # The state of mind reads the answers of one range of partners at a time.
    _segmentation_idx = models.Index("(partner_id) WHERE consumed IS TRUE")

    def _is_watched(self, vals):
        return not WATCHED.isdisjoint(vals)
