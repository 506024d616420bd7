from odoo import fields, models

from .case_states import CLOSED_STATES


class CrmCase(models.Model):
    """How often a case came back after it was closed, by whatever way."""

    _inherit = "crm.case"

    reopen_count = fields.Integer(
        string="Reopened",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="How many times this case was opened again after it was closed.",
    )

    def write(self, vals):
        reopened = self._filter_to_reopen(vals)
        result = super().write(vals)
        # sudo: an answer of a customer reopens; counting is nobody's right
        for count, cases in reopened.sudo().grouped("reopen_count").items():
            cases.with_context(tracking_disable=True).reopen_count = count + 1
        return result

    def _filter_to_reopen(self, vals):
        stage = self.env["crm.case.stage"].browse(vals.get("stage_id") or ())
        if not stage or stage.state in CLOSED_STATES:
            return self.browse()
        return self.filtered(lambda case: case.state in CLOSED_STATES)
