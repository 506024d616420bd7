from odoo import api, models
from odoo.exceptions import UserError


class ResPartnerCategory(models.Model):
    """The categories that segmentations give."""

    _inherit = "res.partner.category"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_segmentations(self):
        # whoever may not see the segmentation may not delete its category either
        segmentations = self.env["crm.segmentation"].sudo()
        found = segmentations.with_context(active_test=False).search(
            [("categ_id", "in", self.ids)], limit=1
        )
        if found:
            raise UserError(
                self.env._(
                    "“%(category)s” is given by the segmentation “%(segmentation)s”: "
                    "give that another category first.",
                    category=found.categ_id.name,
                    segmentation=found.name,
                )
            )
