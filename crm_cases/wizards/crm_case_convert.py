from odoo import api, fields, models


class CrmCaseConvert(models.TransientModel):
    """Who becomes the customer of the leads that become opportunities.

    For one case it proposes the contact that has its address, else a new one. For
    many, each gets the contact with its own address, and a new one if there is none.
    """

    _name = "crm.case.convert"
    _description = "Convert Cases"

    case_ids = fields.Many2many(
        "crm.case",
        "crm_case_convert_case_rel",
        "wizard_id",
        "case_id",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    case_count = fields.Integer(compute="_compute_case_count")
    customer = fields.Selection(
        [
            ("link", "Link to an existing contact"),
            ("create", "Create a new contact"),
            ("none", "Do not set a customer"),
        ],
        compute="_compute_customer",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        compute="_compute_partner_id",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        domain="[('share', '=', False)]",
        compute="_compute_user_id",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    team_id = fields.Many2one(
        "crm.case.team",
        compute="_compute_user_id",
        store=True,
        compute_sudo=False,
        readonly=False,
    )

    @api.depends("case_ids")
    def _compute_case_count(self):
        for wizard in self:
            wizard.case_count = len(wizard.case_ids)

    @api.depends("case_ids")
    def _compute_partner_id(self):
        for wizard in self:
            case = wizard.case_ids[:1]
            alone = len(wizard.case_ids) == 1
            wizard.partner_id = alone and case._find_customers()[case]

    @api.depends("partner_id", "case_ids")
    def _compute_customer(self):
        for wizard in self:
            known = wizard.partner_id or len(wizard.case_ids) > 1
            wizard.customer = "link" if known else "create"

    @api.depends("case_ids")
    def _compute_user_id(self):
        """What all of them have in common; else each keeps its own."""
        for wizard in self:
            users, teams = wizard.case_ids.user_id, wizard.case_ids.team_id
            wizard.user_id = len(users) == 1 and users
            wizard.team_id = len(teams) == 1 and teams

    def action_apply(self):
        self.ensure_one()
        cases = self.case_ids
        vals = {"user_id": self.user_id.id, "team_id": self.team_id.id}
        cases._convert(
            self._get_customers(), {key: value for key, value in vals.items() if value}
        )
        return self._get_next_action()

    def _get_customers(self):
        """The customer of each case, created where there is none."""
        cases = self.case_ids
        if self.customer == "none":
            return {}
        if len(cases) == 1 and self.customer == "link" and self.partner_id:
            return {cases: self.partner_id}
        found = cases._find_customers() if self.customer == "link" else {}
        return {
            case: found.get(case) or partner
            for case, partner in self._create_customers(
                cases.filtered(lambda case: not found.get(case))
            ).items()
        } | {case: partner for case, partner in found.items() if partner}

    @api.model
    def _create_customers(self, cases):
        """One new contact for each address, in one batch."""
        by_address = cases.grouped(lambda case: case.email_normalized or case.id)
        partners = self.env["res.partner"].create(
            [
                {
                    "name": same[0].name,
                    "email": same[0].email_normalized,
                    **same[0]._prepare_customer_vals(),
                }
                for same in by_address.values()
            ]
        )
        return {
            case: partner
            for same, partner in zip(by_address.values(), partners, strict=True)
            for case in same
        }

    def _get_next_action(self):
        if len(self.case_ids) > 1:
            return {"type": "ir.actions.client", "tag": "soft_reload"}
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.case",
            "res_id": self.case_ids.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
