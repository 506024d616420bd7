from odoo import fields, models


class CrmSegmentationMood(models.Model):
    """A word for a score of 0 to 10, chosen when an event is logged."""

    _name = "crm.segmentation.mood"
    _description = "Mood"
    _order = "score, id"

    name = fields.Char(required=True, translate=True)
    score = fields.Float(required=True, digits=(4, 2), help="0 to 10.")
    active = fields.Boolean(default=True)

    _score_check = models.Constraint(
        "CHECK (score BETWEEN 0 AND 10)", "The score must lie between 0 and 10."
    )
