from odoo import api, fields, models

# What customers told about cases, 1 (unhappy) to 5 (happy); 0 is no answer yet.
SATISFIED_DOMAIN = [
    ("res_model", "=", "crm.case"),
    ("consumed", "=", True),
    ("rating", ">=", 1),
]


class RatingRating(models.Model):
    """Ratings are asked for by customer and by the one who is rated."""

    _inherit = "rating.rating"

    partner_id = fields.Many2one(index="btree_not_null")
    rated_partner_id = fields.Many2one(index="btree_not_null")

    @api.model
    def _get_case_ratings_action(self, name, domain):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "view_mode": "kanban,list,graph,pivot,form",
            "domain": [*SATISFIED_DOMAIN, *domain],
        }
