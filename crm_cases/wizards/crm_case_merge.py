from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmCaseMerge(models.TransientModel):
    """Choose the cases that become one, and which of them stays: the oldest, unless
    another is chosen."""

    _name = "crm.case.merge"
    _description = "Merge Cases"

    case_ids = fields.Many2many(
        "crm.case",
        "crm_case_merge_case_rel",
        "wizard_id",
        "case_id",
        string="Cases",
        required=True,
        domain="[('merged_into_id', '=', False)]",
    )
    survivor_id = fields.Many2one(
        "crm.case",
        string="Stays",
        compute="_compute_survivor_id",
        store=True,
        compute_sudo=False,
        readonly=False,
        domain="[('id', 'in', case_ids)]",
        ondelete="cascade",
        help="The others are archived and lead here.",
    )
    has_other_customers = fields.Boolean(compute="_compute_has_other_customers")
    other_customers = fields.Char(compute="_compute_has_other_customers")
    with_people = fields.Boolean(
        string="Let them follow the case",
        help="Customers, outside followers and watchers of the merged cases get the "
        "mails of the case that stays.",
    )

    @api.depends("case_ids")
    def _compute_survivor_id(self):
        for wizard in self:
            if wizard.survivor_id not in wizard.case_ids:
                wizard.survivor_id = wizard.case_ids._get_oldest()

    @api.depends("case_ids", "survivor_id")
    def _compute_has_other_customers(self):
        for wizard in self:
            survivor = wizard.survivor_id
            others = (wizard.case_ids - survivor).filtered(
                lambda case, s=survivor: not s._has_same_customer(case)
            )
            wizard.has_other_customers = bool(others)
            names = {case.partner_name or case.email_from for case in others}
            wizard.other_customers = ", ".join(sorted(names))

    def _validate_fields(self, field_names, excluded_names=()):
        self.survivor_id.check_access("read")  # its name would be shown
        return super()._validate_fields(field_names, excluded_names)

    def action_merge(self):
        self.ensure_one()
        if not self.survivor_id:
            raise UserError(self.env._("Choose the case that stays."))
        survivor = self.case_ids._merge(self.survivor_id, self.with_people)
        return survivor._get_form_action(survivor)
