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
        "res.users", string="Done By", ondelete="set null", copy=False
    )
    done_date = fields.Datetime(string="Done On", copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._prepare_tick_vals(vals) for vals in vals_list])

    def write(self, vals):
        """What is ticked already keeps its name and time."""
        if not vals.get("is_done"):
            return super().write(self._prepare_tick_vals(vals))
        ticked = self.filtered("is_done")
        super(CrmCaseChecklist, ticked).write(vals)
        return super(CrmCaseChecklist, self - ticked).write(
            self._prepare_tick_vals(vals)
        )

    @api.model
    def _prepare_tick_vals(self, vals):
        """Who ticks it did it, now, unless somebody else is named."""
        if "is_done" not in vals:
            return vals
        if not vals["is_done"]:
            return {**vals, "done_user_id": False, "done_date": False}
        now = fields.Datetime.now()
        return {"done_user_id": self.env.uid, "done_date": now, **vals}
