from odoo import api, fields, models


class CrmCase(models.Model):
    """The steps of a case, for types that use them."""

    _inherit = "crm.case"

    use_checklist = fields.Boolean(
        related="type_id.use_checklist", string="Has a Checklist"
    )
    checklist_ids = fields.One2many(
        "crm.case.checklist", "case_id", groups="base.group_user"
    )
    checklist_count = fields.Integer(
        string="Steps", compute="_compute_checklist_count", groups="base.group_user"
    )
    checklist_done_count = fields.Integer(
        string="Steps Done",
        compute="_compute_checklist_count",
        groups="base.group_user",
    )

    @api.depends("checklist_ids.is_done")
    def _compute_checklist_count(self):
        """One grouped query, however many cases; a form counts what it shows."""
        # sudo: steps are as visible as their case, and this case is read already
        steps = self.env["crm.case.checklist"].sudo()
        counts = {
            (case.id, done): count
            for case, done, count in steps._read_group(
                [("case_id", "in", self._origin.ids)],
                ["case_id", "is_done"],
                ["__count"],
            )
        }
        for case in self:
            if case._origin == case:
                done, todo = (counts.get((case.id, d), 0) for d in (True, False))
            else:
                done = len(case.checklist_ids.filtered("is_done"))
                todo = len(case.checklist_ids) - done
            case.checklist_done_count = done
            case.checklist_count = done + todo
