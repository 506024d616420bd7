from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize

from .case_states import DEFAULT_PRIORITY, DONE, DRAFT, PRIORITIES, STATES


class CrmCase(models.Model):
    """One matter of one customer, from the first word to the answer.

    IDENTITY: a number from a sequence (the one of the company, else the common
    one), a subject, a type. The number is given once and never changes.

    PEOPLE: the customer (a contact, or only an address as long as no contact is
    known), watchers (``email_cc``), the responsible user, the team.

    DEFAULTS are stored computed fields: the team follows from the responsible, the
    company from the team, the stage from team and type, address and phone from the
    customer. All can be overwritten. A value once chosen is kept as long as it is
    allowed: giving the case to another user does not move it to another team.

    The rest is told by concern: ``crm_case_workflow`` moves a case, ``crm_case_dates``
    says when what happened and what is late, ``crm_case_mail`` talks.
    """

    _name = "crm.case"
    _description = "Case"
    _inherit = [
        "mail.thread.cc",
        "mail.thread.blacklist",
        "mail.activity.mixin",
        "mail.tracking.duration.mixin",
        "portal.mixin",
        "rating.mixin",
        "utm.mixin",
    ]
    _order = "priority desc, id desc"
    _rec_names_search = ["number", "name"]
    _check_company_auto = True
    _primary_email = "email_from"
    _track_duration_field = "stage_id"

    # Identity
    number = fields.Char(readonly=True, copy=False, index="trigram")
    name = fields.Char(string="Subject", required=True, index="trigram", tracking=True)
    description = fields.Html(
        help="What the case is about, in our words. The customer sees it on the portal."
    )
    active = fields.Boolean(default=True, tracking=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        compute="_compute_company_id",
        store=True,
        precompute=True,
        readonly=False,
    )

    # Classification
    type_id = fields.Many2one(
        "crm.case.type",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        default=lambda self: self.env["crm.case.type"]._get_default_type(),
    )
    type_icon = fields.Char(related="type_id.icon", string="Type Icon")
    team_id = fields.Many2one(
        "crm.case.team",
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        compute="_compute_team_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    category_id = fields.Many2one(
        "crm.case.category",
        index="btree_not_null",
        ondelete="restrict",
        domain="['|', ('team_id', '=', False), ('team_id', 'parent_of', team_id)]",
        tracking=True,
    )
    has_categories = fields.Boolean(compute="_compute_has_categories")
    tag_ids = fields.Many2many(
        "crm.case.tag", "crm_case_tag_rel", "case_id", "tag_id", string="Tags"
    )
    priority = fields.Selection(
        PRIORITIES, default=DEFAULT_PRIORITY, required=True, index=True, tracking=True
    )
    stage_id = fields.Many2one(
        "crm.case.stage",
        required=True,
        index=True,
        ondelete="restrict",
        copy=False,
        tracking=True,
        compute="_compute_stage_id",
        store=True,
        precompute=True,
        readonly=False,
        group_expand="_read_group_stage_id",
        domain="['|', ('team_ids', '=', False), ('team_ids', 'in', team_id), "
        "'|', ('type_ids', '=', False), ('type_ids', 'in', type_id), "
        "('outcome', 'in', use_outcome and ['won', 'lost', False] or [False]), "
        "'|', ('state', '!=', 'done'), "
        "('outcome', 'in', use_outcome and ['won'] or [False])]",
    )
    state = fields.Selection(
        STATES,
        compute="_compute_state",
        store=True,
        precompute=True,
        index=True,
        copy=False,
        help="Follows the stage.",
    )

    # People
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        index=True,
        ondelete="set null",
        check_company=True,
        tracking=True,
    )
    use_contact = fields.Boolean(
        related="type_id.use_contact", string="Has Contact Details"
    )
    partner_name = fields.Char(
        string="Customer Name",
        compute="_compute_partner_name",
        store=True,
        precompute=True,
        readonly=False,
    )
    email_from = fields.Char(
        string="Email",
        compute="_compute_email_from",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
    )
    # Loop detection and the search for earlier cases ask for exactly this address.
    email_normalized = fields.Char(index=False)  # see ``crm_case_duplicates``
    phone = fields.Char(
        compute="_compute_phone", store=True, precompute=True, readonly=False
    )
    email_cc = fields.Char(string="Watchers")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        index=True,
        ondelete="set null",
        domain="[('share', '=', False)]",
        check_company=True,
        tracking=True,
        default=lambda self: self._get_default_responsible(),
    )

    # Hierarchy
    parent_id = fields.Many2one(
        "crm.case",
        string="Parent Case",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        copy=False,
    )
    child_ids = fields.One2many("crm.case", "parent_id", string="Sub-cases")
    child_count = fields.Integer(compute="_compute_child_count", string="Sub-cases ")
    partner_case_count = fields.Integer(
        compute="_compute_partner_case_count", string="Other Cases of the Customer"
    )

    # Channel: a deleted campaign, medium or source does not take cases with it
    campaign_id = fields.Many2one(ondelete="set null")
    medium_id = fields.Many2one(ondelete="set null")
    source_id = fields.Many2one(ondelete="set null")

    # Number first: a subject tag asks for the number alone.
    _number_company_unique = models.Constraint(
        "UNIQUE(number, company_id)", "Another case already has this number."
    )
    # What the record rules look at is in the indexes of the lists, so that counting
    # what a user may see never leaves them. They are read backwards: a new case comes
    # last among its equals, and PostgreSQL fills pages that grow at their end.
    _default_order_idx = models.Index(
        "(priority, id) INCLUDE (company_id, is_private, team_id, user_id)"
        " WHERE active IS TRUE"
    )
    # Most cases are closed, and most lists are about the others.
    _work_order_idx = models.Index(
        "(priority, id)"
        " INCLUDE (stage_id, state, company_id, is_private, team_id, user_id)"
        " WHERE active IS TRUE AND state IN ('draft', 'open', 'pending')"
    )
    _escalated_order_idx = models.Index(
        "(priority, id)"
        " INCLUDE (escalation_level, company_id, is_private, team_id, user_id)"
        " WHERE active IS TRUE AND escalation_level > 0"
    )
    # For counting what somebody may see, without reading the cases themselves.
    _access_idx = models.Index(
        "(id) INCLUDE (company_id, is_private, team_id, user_id) WHERE active IS TRUE"
    )
    _team_state_idx = models.Index("(team_id, state)")
    _user_state_idx = models.Index("(user_id, state)")

    # ------------------------------------------------------------
    # DEFAULTS
    # ------------------------------------------------------------

    @api.model
    def _get_default_responsible(self):
        """The caller, if that is one of our people: never the mail gateway, the
        superuser, a portal or a public user."""
        user = self.env.user
        if user._is_superuser() or not user._is_internal():
            return self.env["res.users"]
        return user

    @api.depends("user_id")
    def _compute_team_id(self):
        cases = self.filtered(lambda case: not case.team_id)
        if not cases:
            return
        Team = self.env["crm.case.team"]
        team_by_user = Team._get_teams_by_user(cases.user_id)
        for case in cases:
            case.team_id = team_by_user.get(case.user_id) or Team._get_fallback_team(
                case.company_id
            )

    @api.depends("team_id")
    def _compute_company_id(self):
        for case in self:
            case.company_id = (
                case.team_id.company_id or case.company_id or self.env.company
            )

    @api.depends("team_id", "type_id")
    def _compute_stage_id(self):
        """Keep the stage while team and type may use it; else take their stage of
        the same state, so that a change of team never opens or closes a case."""
        stages = self.env["crm.case.stage"]
        for case in self:
            stage, team, case_type = case.stage_id, case.team_id, case.type_id
            if not stage or not stage._serves(team, case_type):
                first = stages._get_first(stage.state or DRAFT, team, case_type)
                case.stage_id = first or stage

    @api.depends("team_id")
    def _compute_has_categories(self):
        """Whether there is anything to choose from: where nobody made a category, the
        field only takes room."""
        category = self.env["crm.case.category"].sudo()  # the mere existence
        self.has_categories = bool(category.search_count([], limit=1))

    @api.depends("stage_id.state")
    def _compute_state(self):
        for case in self:
            case.state, _outcome = case.stage_id._get_traits()

    @api.depends("partner_id")
    def _compute_partner_name(self):
        for case in self:
            case.partner_name = case.partner_id.name or case.partner_name

    @api.depends("partner_id")
    def _compute_email_from(self):
        """Keep what stands there when it means the same address, or when the
        contact has none.

        The address is compared as it stands: reading ``email_normalized`` here would
        compute that from the old address and leave it so.
        """
        for case in self:
            partner = case.partner_id
            address = email_normalize(case.email_from or "", strict=False)
            if partner.email and address != partner.email_normalized:
                case.email_from = partner.email
            else:
                case.email_from = case.email_from

    @api.depends("partner_id")
    def _compute_phone(self):
        for case in self:
            case.phone = case.partner_id.phone or case.phone

    def _compute_child_count(self):
        counts = dict(
            self._read_group(
                [("parent_id", "in", self.ids)], ["parent_id"], ["__count"]
            )
        )
        for case in self:
            case.child_count = counts.get(case, 0)

    @api.depends("partner_id")
    def _compute_partner_case_count(self):
        counts = dict(
            self._read_group(
                [("partner_id", "in", self.partner_id.ids)],
                ["partner_id"],
                ["__count"],
            )
        )
        for case in self:
            case.partner_case_count = max(counts.get(case.partner_id, 0) - 1, 0)

    @api.depends("number", "name")
    def _compute_display_name(self):
        for case in self:
            name = case.name or ""
            case.display_name = f"[{case.number}] {name}" if case.number else name

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for case in self:
            case.access_url = f"/my/cases/{case.id}"
        return result

    @api.model
    def _read_group_stage_id(self, stages, domain):
        """Columns of the board: the stages of all, those of the team at hand, and
        those that cases stand in."""
        teams = {False, self.env.context.get("default_team_id") or False}
        types = {False, self.env.context.get("default_type_id") or False}
        usual = Domain("team_ids", "in", teams) & Domain("type_ids", "in", types)
        usual &= self._get_ending_domain()
        return stages.search(Domain("id", "in", stages.ids) | usual)

    @api.model
    def _get_ending_domain(self):
        """The last columns of the board: Won and Lost for types that have outcomes."""
        default_type = self.env.context.get("default_type_id")
        if self.env["crm.case.type"].browse(default_type or ()).use_outcome:
            return Domain("state", "!=", DONE) | Domain("outcome", "!=", False)
        return Domain("outcome", "=", False)

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("stage_id", "team_id", "type_id")
    def _check_stage_id(self):
        for case in self:
            stage, team, case_type = case.stage_id, case.team_id, case.type_id
            # Most cases are created where it is known without reading the stage.
            if stage == stage._get_first(case.state, team, case_type):
                continue
            if not stage._serves(team, case_type):
                raise ValidationError(
                    self.env._(
                        "Stage “%(stage)s” is not used by team %(team)s for type "
                        "%(type)s.",
                        stage=case.stage_id.name,
                        team=case.team_id.display_name or self.env._("(none)"),
                        type=case.type_id.name,
                    )
                )

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A case cannot be its own parent."))

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def _prepare_create_values(self, vals_list):
        """Number the cases here, where the company is known for sure."""
        result = super()._prepare_create_values(vals_list)
        sequences = {}
        for vals in result:
            vals.setdefault("rating_last_value", 0)  # spares a look at its ratings
            if not vals.get("number"):
                company_id = vals["company_id"]
                if company_id not in sequences:
                    sequences[company_id] = self._get_number_sequence(company_id)
                vals["number"] = sequences[company_id].next_by_id()
        return result

    @api.model
    def _get_number_sequence(self, company_id):
        # As Odoo finds the time zone, but without reading a partner: it is remembered.
        known = {**self.env["res.users"].context_get(), **self.env.context}
        # sudo: whoever may create a case gets a number for it
        sequences = self.env["ir.sequence"].sudo()
        sequences = sequences.with_context(tz=known.get("tz") or "UTC")
        return sequences.browse(sequences._get_case_sequence_id(company_id))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        if "name" not in (default or {}):
            for case, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", case.name)
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_processed(self):
        processed = self.filtered(lambda case: case.state != DRAFT)
        if processed and not (self.env.su or self._is_manager()):
            raise UserError(
                self.env._(
                    "%(case)s has left Draft. Only a manager of the Cases app can "
                    "delete it; you can cancel or archive it.",
                    case=processed[0].display_name,
                )
            )

    @api.model
    def _is_manager(self):
        return self.env.user.has_group("crm_cases.crm_cases_group_manager")

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_children(self):
        self.ensure_one()
        return self._get_cases_action(
            self.env._("Sub-cases"),
            [("parent_id", "=", self.id)],
            {"default_parent_id": self.id, "default_partner_id": self.partner_id.id},
        )

    def action_view_partner_cases(self):
        self.ensure_one()
        return self._get_cases_action(
            self.partner_id.name,
            [("partner_id", "=", self.partner_id.id)],
            {"default_partner_id": self.partner_id.id},
        )

    @api.model
    def _get_cases_action(self, name, domain, context):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_cases.crm_case_action"
        )
        return {
            **action,
            "display_name": name,
            "domain": domain,
            "context": context,
            "view_mode": "list,kanban,form",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
        }
