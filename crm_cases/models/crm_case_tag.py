from random import randint

from odoo import fields, models


class CrmCaseTag(models.Model):
    """A coloured word on a case, as many as wanted; shared by all teams."""

    _name = "crm.case.tag"
    _description = "Case Tag"
    _inherit = ["mail.thread"]
    _order = "name"

    name = fields.Char(required=True, translate=True, tracking=True)
    color = fields.Integer(default=lambda self: randint(1, 11))

    _name_unique = models.Constraint("UNIQUE(name)", "This tag already exists.")
