from odoo import api, models

WATCHED = {"partner_id", "rating", "consumed", "rated_on"}


class RatingRating(models.Model):
    """Answers of customers: scored events of the partners who gave them."""

    _inherit = "rating.rating"

    # The state of mind reads the answers of one range of partners at a time.
    _segmentation_idx = models.Index("(partner_id) WHERE consumed IS TRUE")

    @api.model_create_multi
    def create(self, vals_list):
        ratings = super().create(vals_list)
        ratings._log_for_segmentation()
        return ratings

    def write(self, vals):
        watched = not WATCHED.isdisjoint(vals)
        if watched:
            self._log_for_segmentation()
        done = super().write(vals)
        if watched:
            self._log_for_segmentation()
        return done

    def unlink(self):
        self._log_for_segmentation()
        return super().unlink()

    def _log_for_segmentation(self):
        self.env["crm.segmentation.dirty"].sudo()._add(self.sudo().partner_id.ids)
