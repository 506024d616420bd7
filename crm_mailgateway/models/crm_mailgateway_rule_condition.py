from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..pipeline import classify, matching

FIELDS = [
    ("subject", "Subject"),
    ("sender", "Sender"),
    ("domain", "Sender's Domain"),
    ("recipient", "Recipient"),
    ("body", "Text"),
    ("header", "Header"),
    ("size", "Size (kB)"),
    ("attachment", "Has Attachments"),
    ("classification", "Kind of Mail"),
    ("partner", "Customer"),
    ("category", "Customer's Category"),
    ("language", "Language"),
    ("time", "Working Time of the Team"),
]
OPERATORS = [
    ("contains", "contains"),
    ("not_contains", "does not contain"),
    ("equals", "is exactly"),
    ("not_equals", "is not exactly"),
    ("regex", "matches the pattern"),
    ("greater", "is more than"),
    ("less", "is less than"),
    ("is", "is"),
    ("is_not", "is not"),
]
KINDS = [
    (classify.HUMAN, "Person"),
    (classify.SILENT, "Person, wants no automatic answer"),
    (classify.AUTOMATIC, "Automatic"),
    (classify.OUT_OF_OFFICE, "Out of office"),
    (classify.LIST, "Mailing list"),
    (classify.MARKETING, "Advertisement"),
    (classify.SPAM, "Flagged as spam"),
    (classify.CALENDAR, "Invitation"),
]
_SIZE_OPERATORS = ("greater", "less")
_PLAIN_OPERATORS = ("is", "is_not")


class CrmMailgatewayRuleCondition(models.Model):
    """One condition of a routing rule.

    Texts are compared without regard to upper and lower case; ``|`` separates several
    values of which one is enough. Patterns are regular expressions; one that could
    keep the gateway busy is refused when it is written.
    """

    _name = "crm.mailgateway.rule.condition"
    _description = "Condition of a Routing Rule"
    _order = "sequence, id"

    rule_id = fields.Many2one(
        "crm.mailgateway.rule", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    field = fields.Selection(FIELDS, required=True, default="subject", string="What")
    operator = fields.Selection(OPERATORS, required=True, default="contains")
    value = fields.Char()
    header = fields.Char("Name of the Header")
    classification = fields.Selection(KINDS, string="Kind")
    partner_id = fields.Many2one("res.partner", string="Contact", ondelete="cascade")
    category_id = fields.Many2one("res.partner.category", ondelete="cascade")
    sentence = fields.Char(compute="_compute_sentence")

    @api.constrains("field", "operator")
    def _check_operator(self):
        for condition in self:
            if condition.operator not in condition._get_operators():
                labels = dict(self._fields["operator"]._description_selection(self.env))
                allowed = [labels[name] for name in condition._get_operators()]
                raise ValidationError(
                    self.env._(
                        "“%(field)s” cannot be compared with “%(operator)s”. Use: "
                        "%(allowed)s.",
                        field=condition._label("field"),
                        operator=condition._label("operator"),
                        allowed=", ".join(allowed),
                    )
                )

    def _get_operators(self):
        if self.field in matching.TEXT_FIELDS:
            return matching.OPERATORS
        return _SIZE_OPERATORS if self.field == "size" else _PLAIN_OPERATORS

    @api.constrains("field", "value", "header", "classification", "category_id")
    def _check_value(self):
        for condition in self:
            problem = condition._get_missing()
            if problem:
                raise ValidationError(problem)

    def _get_missing(self):
        """Say in words what a condition lacks, if so."""
        if self.field == "header" and not self.header:
            return self.env._("Name the header, for example X-Priority.")
        texts = (*matching.TEXT_FIELDS, "language")
        if self.field in texts and not (self.value or "").strip(" |"):
            return self.env._("“%s”: say what to look for.", self._label("field"))
        if self.field == "size" and not (self.value or "").strip().isdecimal():
            return self.env._("Size: write a number of kB.")
        if self.field == "classification" and not self.classification:
            return self.env._("Choose a kind of mail.")
        if self.field == "category" and not self.category_id:
            return self.env._("Choose a category.")
        return None

    @api.constrains("operator", "value")
    def _check_pattern(self):
        for condition in self.filtered(lambda c: c.operator == "regex"):
            problem = matching.pattern_problem(condition.value or "")
            if problem:
                raise ValidationError(
                    self.env._(
                        "The pattern “%(pattern)s” cannot be used: %(problem)s",
                        pattern=condition.value,
                        problem=self._get_pattern_problems()[problem],
                    )
                )

    def _get_pattern_problems(self):
        return {
            "long": self.env._("it is longer than 250 characters."),
            "syntax": self.env._("it is no regular expression."),
            "nested": self.env._("it repeats what repeats already, such as (a+)+."),
            "reference": self.env._("it refers back to a group, such as \\1."),
            "slow": self.env._("some texts would keep the gateway busy with it."),
        }

    # IN WORDS

    @api.depends_context("lang")
    @api.depends(
        "field",
        "operator",
        "value",
        "header",
        "classification",
        "partner_id",
        "category_id",
    )
    def _compute_sentence(self):
        for condition in self:
            condition.sentence = condition._in_words()

    def _in_words(self):
        negative = self.operator == "is_not"
        if self.field == "attachment":
            return (
                self.env._("it has no attachment")
                if negative
                else self.env._("it has attachments")
            )
        if self.field == "time":
            return (
                self.env._("it is outside of working time")
                if negative
                else self.env._("it is working time")
            )
        # Labels keep their case: some languages write nouns with a capital letter.
        return self.env._(
            "%(part)s %(operator)s “%(value)s”",
            part=self.header if self.field == "header" else self._label("field"),
            operator=self._label("operator"),
            value=self._get_value_in_words(),
        )

    def _get_value_in_words(self):
        if self.field == "classification":
            return self._label("classification")
        if self.field == "partner":
            return self.partner_id.display_name or self.env._("anybody known")
        if self.field == "category":
            return self.category_id.display_name
        return self.value or ""

    def _label(self, name):
        labels = dict(self._fields[name]._description_selection(self.env))
        return labels.get(self[name]) or ""

    # DECIDING

    def _as_conditions(self):
        """Return these conditions as the pipeline takes them."""
        return [
            matching.Condition(c.field, c.operator, c._get_value(), c.header or "")
            for c in self
        ]

    def _get_value(self):
        return {
            "classification": self.classification,
            "partner": self.partner_id.id,
            "category": self.category_id.id,
        }.get(self.field, self.value or "")
