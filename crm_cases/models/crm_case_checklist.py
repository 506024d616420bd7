from odoo import api, fields, models


class CrmCaseChecklist(models.Model):
    """A step of a case: a line to tick, which remembers who did it and when."""

    _name = "crm.case.checklist"
    _description = "Checklist Item"
    _inherit = ["crm.case.part.mixin"]
    _order = "case_id, sequence, id"

    name = fields.Char(string="Step", required=True)
    sequence = fields.Integer(default=10)
    is_done = fields.Boolean(string="Done")
    done_user_id = fields.Many2one(
        "res.users",
        string="Done By",
        ondelete="set null",
        compute="_compute_done",
        store=True,
        precompute=True,
        readonly=False,  # an import knows who did it
    )
    done_date = fields.Datetime(
        string="Done On",
        readonly=True,
        compute="_compute_done",
        store=True,
        precompute=True,
    )

    @api.depends("is_done")
    def _compute_done(self):
        """Who ticks it did it; what is ticked already keeps its name and time."""
        now = fields.Datetime.now()
        for item in self:
            item.done_user_id = item.is_done and (item.done_user_id or self.env.user)
            item.done_date = item.is_done and (item.done_date or now)
