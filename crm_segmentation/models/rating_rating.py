from odoo import models


class RatingRating(models.Model):
    """Answers of customers, with an index that finds those of some partners."""

    _inherit = "rating.rating"

    # The state of mind reads the answers of one range of partners at a time.
    _segmentation_idx = models.Index("(partner_id) WHERE consumed IS TRUE")
