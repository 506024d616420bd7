from odoo import fields, models


class CrmCaseCategory(models.Model):
    """The subject area of a case, as a tree: *Hardware / Battery*.

    A category without a team is offered to everybody; one with a team is offered
    to that team and to the teams below it.
    """

    _name = "crm.case.category"
    _description = "Case Category"
    _inherit = ["crm.case.tree.mixin", "mail.thread"]
    _order = "complete_name, id"

    name = fields.Char(tracking=True)
    parent_id = fields.Many2one(
        "crm.case.category", index=True, ondelete="restrict", tracking=True
    )
    child_ids = fields.One2many("crm.case.category", "parent_id", string="Children")
    team_id = fields.Many2one(
        "crm.case.team", index=True, ondelete="cascade", tracking=True
    )
    active = fields.Boolean(default=True, tracking=True)
