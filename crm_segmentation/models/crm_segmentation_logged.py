from odoo import api, models


class CrmSegmentationLogged(models.AbstractModel):
    """Records whose every change makes segmentations look at their partner again.

    Before and after a change, as it may be about another partner then. Inherited by
    what criteria look at; ``_is_watched`` tells which changes matter to them.
    """

    _name = "crm.segmentation.logged"
    _description = "Followed by Segmentations"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._log_for_segmentation()
        return records

    def write(self, vals):
        watched = self._is_watched(vals)
        if watched:
            self._log_for_segmentation()
        done = super().write(vals)
        if watched:
            self._log_for_segmentation()
        return done

    def unlink(self):
        self._log_for_segmentation()
        return super().unlink()

    def _is_watched(self, vals):
        """Return whether criteria look at any of these fields."""
        return True

    def _log_for_segmentation(self):
        # Who writes such a record need not have rights on segmentations.
        self.env["crm.segmentation.dirty"].sudo()._add(self.sudo().partner_id.ids)
