from odoo import api, fields, models

from .crm_segmentation import SENTENCE_FIELDS
from .crm_segmentation_line import APPS, MONEY, SCORES, SET_OPERATORS

COMPARED = ("<", "<=", "=", "!=", ">=", ">", "between")


class CrmSegmentationLine(models.Model):
    """What the form of a criterion offers, and how the criterion reads.

    A kind shows only its operators, in words that fit it, and kinds of apps that are
    not installed are not offered. The criterion reads as it stands in the sentence.
    """

    _inherit = "crm.segmentation.line"

    clause = fields.Char("Criterion", compute="_compute_clause", recursive=True)
    kind_choices = fields.Json(compute="_compute_kind_choices")
    operator_choices = fields.Json(compute="_compute_operator_choices")
    has_value = fields.Boolean(compute="_compute_has_value")
    switched_off = fields.Boolean(compute="_compute_switched_off")

    @api.depends_context("lang")
    @api.depends(*SENTENCE_FIELDS, "child_ids.clause", "segmentation_id.currency_id")
    def _compute_clause(self):
        for line in self:
            line.clause = line._get_clause() if line.expr_name else False

    @api.depends_context("lang")
    @api.depends("expr_name")
    def _compute_kind_choices(self):
        installed = self.env["ir.module.module"]._installed()
        kinds = self._fields["expr_name"]._description_selection(self.env)
        missing = {kind for kind, app in APPS.items() if app not in installed}
        for line in self:
            line.kind_choices = [
                [kind, label]
                for kind, label in kinds
                if kind not in missing or kind == line.expr_name
            ]

    @api.depends_context("lang")
    @api.depends("expr_name")
    def _compute_operator_choices(self):
        for line in self:
            labels = line._get_operator_labels()
            line.operator_choices = [
                [operator, labels[operator]] for operator in line._get_operators()
            ]

    def _get_operator_labels(self):
        labels = {
            ">": self.env._("is more than"),
            ">=": self.env._("is at least"),
            "=": self.env._("is exactly"),
            "!=": self.env._("is anything but"),
            "<=": self.env._("is at most"),
            "<": self.env._("is less than"),
            "between": self.env._("is between"),
        }
        present, absent = self._get_presence_labels()
        return {**labels, "set": present, "not set": absent}

    def _get_presence_labels(self):
        """Return how *is set* and *is not set* read with the kind."""
        plain = {
            "product": (self.env._("were bought"), self.env._("were never bought")),
            "domain": (self.env._("is met"), self.env._("is not met")),
            "segmentation": (
                self.env._("has the partner"),
                self.env._("does not have the partner"),
            ),
        }
        if self.expr_name in plain:
            return plain[self.expr_name]
        if self.expr_name in (*MONEY, *SCORES):
            return self.env._("is known"), self.env._("is not known")
        return self.env._("is there"), self.env._("is not there")

    @api.depends("expr_operator", "expr_name")
    def _compute_has_value(self):
        for line in self:
            line.has_value = line.expr_operator in COMPARED and (
                line._get_operators() != SET_OPERATORS
            )

    @api.depends("expr_name", "segmentation_id.sales_purchase_active")
    def _compute_switched_off(self):
        for line in self:
            line.switched_off = line._is_switched_off()
