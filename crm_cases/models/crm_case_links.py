from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class CrmCase(models.Model):
    """What a case is linked to.

    RELATED cases know of each other: the link is symmetric, whoever made it, and
    stored once. Each user sees those that he may read; unlinking one of these leaves
    the others alone.

    DOCUMENT: any record of the models that a manager chose under *Configuration >
    Linked Documents*.
    """

    _inherit = "crm.case"

    related_to_ids = fields.Many2many(
        "crm.case",
        "crm_case_related_rel",
        "case_id",
        "related_id",
        string="Related, Linked From Here",
        copy=False,
        groups="base.group_user",
    )
    related_from_ids = fields.Many2many(
        "crm.case",
        "crm_case_related_rel",
        "related_id",
        "case_id",
        string="Related, Linked From There",
        copy=False,
        groups="base.group_user",
    )
    related_case_ids = fields.Many2many(
        "crm.case",
        string="Related Cases",
        compute="_compute_related_case_ids",
        inverse="_inverse_related_case_ids",
        search="_search_related_case_ids",
        copy=False,
        groups="base.group_user",
    )
    related_case_count = fields.Integer(
        compute="_compute_related_case_ids", groups="base.group_user"
    )
    document_ref = fields.Reference(
        selection="_selection_document_ref",
        string="Linked Document",
        copy=False,
        groups="base.group_user",
        help="The order, invoice, product … that the case is about.",
    )

    @api.depends("related_to_ids", "related_from_ids")
    @api.depends_context("uid")
    def _compute_related_case_ids(self):
        for case in self:
            related = case.related_to_ids | case.related_from_ids
            case.related_case_ids = related
            case.related_case_count = len(related)

    def _inverse_related_case_ids(self):
        for case in self:
            wanted = case.related_case_ids
            known = case.related_to_ids | case.related_from_ids
            case.related_from_ids -= known - wanted
            case.related_to_ids = case.related_to_ids - (known - wanted) | (
                wanted - known
            )

    @api.model
    def _search_related_case_ids(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        return Domain("related_to_ids", operator, value) | Domain(
            "related_from_ids", operator, value
        )

    @api.constrains("related_to_ids")
    def _check_related_to_ids(self):
        for case in self:
            if case in case.related_to_ids:
                raise ValidationError(self.env._("A case cannot be related to itself."))

    @api.model
    def _selection_document_ref(self):
        return self.env["crm.case.document.model"]._get_selection()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_related(self):
        self.ensure_one()
        return self._get_cases_action(
            self.env._("Related Cases"),
            [("id", "in", self.related_case_ids.ids)],
            {"active_test": False, "create": False},
        )

    def action_open_document(self):
        self.ensure_one()
        return self.document_ref.get_formview_action()
