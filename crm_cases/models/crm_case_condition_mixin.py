from odoo import api, fields, models

from .case_states import PRIORITIES


class CrmCaseConditionMixin(models.AbstractModel):
    """Which cases a rule or a promise is about, in fields that people know. All that
    is filled in must hold.

    ``_cron_name`` is the scheduled action that does the work.
    """

    _name = "crm.case.condition.mixin"
    _description = "Conditions on Cases"

    _cron_name = None

    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: cases of all companies."
    )
    team_ids = fields.Many2many(
        "crm.case.team", string="Teams", help="With their sub-teams."
    )
    type_ids = fields.Many2many("crm.case.type", string="Types")
    category_ids = fields.Many2many(
        "crm.case.category", string="Categories", help="With those below them."
    )
    priority_from = fields.Selection(PRIORITIES)
    priority_to = fields.Selection(PRIORITIES)
    partner_category_ids = fields.Many2many(
        "res.partner.category",
        string="Categories of Customers",
        help="Of the customer or its company; with those below them.",
    )

    @api.model
    def _wake_up(self):
        """Let the scheduled action run now."""
        cron = self.env.ref(self._cron_name, raise_if_not_found=False)
        if cron and not self.env.context.get("install_mode"):
            # sudo: whoever changes a rule may not change scheduled actions
            cron.sudo()._trigger()
