from odoo import models


class RatingRating(models.Model):
    _inherit = "rating.rating"

    # The state of mind reads the answers of one range of partners at a time.
    _segmentation_idx = models.Index("(partner_id) WHERE consumed IS TRUE")
