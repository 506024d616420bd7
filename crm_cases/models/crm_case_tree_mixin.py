from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmCaseTreeMixin(models.AbstractModel):
    """A tree shown as *Parent / Child*, for models with a name and a ``parent_id``."""

    _name = "crm.case.tree.mixin"
    _description = "Tree of Case Configuration"
    _parent_store = True
    _rec_name = "complete_name"

    name = fields.Char(required=True)
    complete_name = fields.Char(
        string="Full Name", compute="_compute_complete_name", store=True, recursive=True
    )
    parent_id = fields.Many2one("crm.case.tree.mixin")
    parent_path = fields.Char(index=True)

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for record in self:
            parent = record.parent_id.complete_name
            record.complete_name = (
                f"{parent} / {record.name}" if parent else record.name
            )

    @api.depends("complete_name", "name")
    @api.depends_context("short_name")
    def _compute_display_name(self):
        """The whole path; where that would be cut (lists), the last of it."""
        short = self.env.context.get("short_name")
        for record in self:
            record.display_name = record.name if short else record.complete_name

    def write(self, vals):
        if vals.get("parent_id"):
            self._check_new_parent(self.browse(vals["parent_id"]))
        return super().write(vals)

    def _check_new_parent(self, parent):
        """Say what is wrong before the framework says “Recursion Detected”."""
        above = {int(id_) for id_ in (parent.parent_path or "").split("/") if id_}
        for record in self:
            if record.id in above:
                raise UserError(
                    self.env._(
                        "“%(record)s” cannot be below “%(parent)s”, which is itself "
                        "or already below it.",
                        record=record.display_name,
                        parent=parent.display_name,
                    )
                )
