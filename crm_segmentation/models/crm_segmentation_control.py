from odoo import fields, models


class CrmSegmentationControl(models.Model):
    """What users tell a running computation.

    The worker that computes a segmentation writes the segmentation's row once per
    range. A user who wants it to stop would conflict with it there, so the request
    stands in a row of its own that the worker only reads, between two ranges.
    """

    _name = "crm.segmentation.control"
    _description = "Segmentation Control"
    _rec_name = "segmentation_id"

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, ondelete="cascade"
    )
    stop_requested = fields.Boolean()

    _segmentation_uniq = models.Constraint(
        "UNIQUE (segmentation_id)", "A segmentation has one control row."
    )
