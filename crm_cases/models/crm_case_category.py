from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmCaseCategory(models.Model):
    """The subject area of a case, as a tree: *Hardware / Battery*.

    A category without a team is offered to everybody; one with a team is offered
    to that team and to the teams below it.
    """

    _name = "crm.case.category"
    _description = "Case Category"
    _parent_store = True
    _rec_name = "complete_name"
    _order = "complete_name, id"

    name = fields.Char(required=True)
    complete_name = fields.Char(
        string="Category", compute="_compute_complete_name", store=True, recursive=True
    )
    parent_id = fields.Many2one(
        "crm.case.category", string="Parent", index=True, ondelete="restrict"
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("crm.case.category", "parent_id", string="Children")
    team_id = fields.Many2one("crm.case.team", index=True, ondelete="cascade")
    active = fields.Boolean(default=True)

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for category in self:
            parent = category.parent_id.complete_name
            category.complete_name = (
                f"{parent} / {category.name}" if parent else category.name
            )

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(
                self.env._("A category cannot be below itself in the tree.")
            )
