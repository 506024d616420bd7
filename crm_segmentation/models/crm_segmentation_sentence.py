from odoo import models
from odoo.tools import format_amount, format_date, format_list, formatLang

from .crm_segmentation_line import MONEY, PLAIN, PRODUCTS, SCORES, SET_OPERATORS


class CrmSegmentation(models.Model):
    """The rule as one sentence, in the words of the reader."""

    _inherit = "crm.segmentation"

    def _get_sentence(self):
        """Return the rule as one sentence, or what keeps it from being one."""
        if self.segmentation_type == "static":
            return self.env._("Partners picked by hand.")
        mandatory, optional = self._get_lines_by_operator()
        lines = mandatory + optional
        off = lines.filtered(lambda line: line._is_switched_off())
        if lines and lines == off:
            return self.env._("The rules are switched off.")
        clauses = [line._get_clause() for line in mandatory - off]
        choices = [line._get_clause() for line in optional - off]
        if choices:
            clauses.append(format_list(self.env, choices, style="or"))
        if not clauses:
            return self.env._("No criteria yet.")
        rule = clauses[0]
        if len(clauses) > 1:
            rule = self.env._(
                "%(criteria)s, and %(last)s",
                criteria=", ".join(clauses[:-1]),
                last=clauses[-1],
            )
        if self.with_receipts:
            return self.env._("Partners %(rule)s; receipts count too.", rule=rule)
        return self.env._("Partners %(rule)s.", rule=rule)

    def _get_lines_by_operator(self):
        """Return mandatory and optional criteria; of a form that is being edited, what
        stands in it."""
        if not self.id:
            return self.mandatory_line_ids, self.optional_line_ids
        # A run has read all of them already.
        mandatory = self.segmentation_line.filtered(lambda line: line.operator == "and")
        return mandatory, self.segmentation_line - mandatory


class CrmSegmentationLine(models.Model):
    """A criterion as the part of a sentence that follows *partners*."""

    _inherit = "crm.segmentation.line"

    def _get_clause(self):
        """Return the criterion as the part of a sentence that follows *partners*."""
        self.ensure_one()
        if self.expr_name == "group":
            return self._get_group_clause()
        clauses = self._get_plain_clauses()
        if self.expr_name in PLAIN:
            clause = clauses[self.expr_name][self.expr_operator != "not set"]
        elif self.expr_operator in SET_OPERATORS:
            clause = self._get_presence_clause()
        else:
            clause = self._get_measured_clauses()[self.expr_name]
            clause %= self._get_comparison()
        window = self._get_window_text()
        if not window:
            return clause
        return self.env._("%(criterion)s %(window)s", criterion=clause, window=window)

    def _get_presence_clause(self):
        """Return how *is set* reads where *known* and *something* would be nonsense."""
        products = self._get_products_text()
        texts = {
            "sale_first": (
                self.env._("without invoice"),
                self.env._("with an invoice"),
            ),
            "sale_last": (self.env._("without invoice"), self.env._("with an invoice")),
            "days_late": (
                self.env._("of whom no late or timely payment is known"),
                self.env._("of whom it is known how late they pay"),
            ),
            **dict.fromkeys(
                ("product_amount", "product_quantity"),
                (
                    self.env._("who never bought %s", products),
                    self.env._("who bought %s", products),
                ),
            ),
        }
        if self.expr_name in texts:
            return texts[self.expr_name][self.expr_operator == "set"]
        return self._get_measured_clauses()[self.expr_name] % self._get_comparison()

    def _get_group_clause(self):
        """Return the clauses of a group, in brackets, as its kind joins them."""
        off = self.child_ids.filtered(lambda line: line._is_switched_off())
        clauses = [line._get_clause() for line in self.child_ids - off]
        if not clauses:
            return self.env._("(of an empty group)")
        style = "standard" if self.group_kind == "all" else "or"
        clause = clauses[0]
        if len(clauses) > 1:
            clause = f"({format_list(self.env, clauses, style=style)})"
        holds = (self.group_kind == "none") == (self.expr_operator == "not set")
        return clause if holds else self.env._("not %s", clause)

    def _get_plain_clauses(self):
        """Return how a criterion that measures nothing reads if not, and if it holds"""
        products = self._get_products_text()
        other = self.other_segmentation_id.sudo().name or "…"
        return {
            "product": (
                self.env._("who never bought %s", products),
                self.env._("who bought %s", products),
            ),
            "domain": (
                self.env._("who do not meet the condition %s", self.domain),
                self.env._("who meet the condition %s", self.domain),
            ),
            "segmentation": (
                self.env._("who are not in “%s”", other),
                self.env._("who are in “%s”", other),
            ),
        }

    def _get_measured_clauses(self):
        products = self._get_products_text().replace("%", "%%")
        return {
            "sale": self.env._("who bought for %s"),
            "purchase": self.env._("who sold us for %s"),
            "som": self.env._("whose state of mind is %s"),
            "sale_count": self.env._("whose number of invoices is %s"),
            "purchase_count": self.env._("whose number of bills is %s"),
            "sale_average": self.env._("whose average invoice is %s"),
            "sale_largest": self.env._("whose largest invoice is %s"),
            "sale_first": self.env._("whose first invoice is %s days old"),
            "sale_last": self.env._("whose last invoice is %s days old"),
            "overdue": self.env._("whose overdue invoices amount to %s"),
            "days_late": self.env._("who pay %s days late on average"),
            "product_amount": self.env._("who bought for %s of") + f" {products}",
            "product_quantity": self.env._("who bought %s units of") + f" {products}",
            "event_last": self.env._("whose last event is scored %s"),
            "event_count": self.env._("whose number of events is %s"),
            "case_open": self.env._("whose number of open cases is %s"),
            "case_closed": self.env._("whose number of closed cases is %s"),
            "sale_order_amount": self.env._("who ordered for %s"),
            "sale_order_count": self.env._("whose number of orders is %s"),
            "purchase_order_amount": self.env._("with whom we ordered for %s"),
            "purchase_order_count": self.env._("with whom we placed %s orders"),
        }

    def _get_products_text(self):
        if self.expr_name not in PRODUCTS:
            return ""
        names = [
            *self.product_ids.mapped("display_name"),
            *self.product_categ_ids.mapped("display_name"),
        ]
        return format_list(self.env, names, style="or") if names else "…"

    def _get_comparison(self):
        known = self.expr_name not in MONEY
        comparisons = {
            "<": self.env._("less than %s"),
            "<=": self.env._("at most %s"),
            "=": self.env._("exactly %s"),
            "!=": self.env._("anything but %s"),
            ">=": self.env._("at least %s"),
            ">": self.env._("more than %s"),
            "between": self.env._(
                "between %(first)s and %(last)s",
                first="%s",
                last=self._format_value(self.expr_value_to).replace("%", "%%"),
            ),
            "set": self.env._("known") if known else self.env._("something"),
            "not set": self.env._("unknown") if known else self.env._("nothing"),
        }
        comparison = comparisons[self.expr_operator]
        if self.expr_operator in SET_OPERATORS:
            return comparison
        return comparison % self._format_value(self.expr_value)

    def _format_value(self, value):
        currency = self.segmentation_id.currency_id
        if self.expr_name in MONEY and currency:
            return format_amount(self.env, value, currency, trailing_zeroes=False)
        whole = self.expr_name not in SCORES and value == int(value)
        return formatLang(self.env, value, digits=0 if whole else 2)

    def _get_window_text(self):
        """Return the window as it ends a clause, nothing for all time."""
        if not self.has_window or self.window_type == "all":
            return ""
        if self.window_type == "between":
            return self.env._(
                "between %(first)s and %(last)s",
                first=format_date(self.env, self.date_from) or "…",
                last=format_date(self.env, self.date_to) or "…",
            )
        if self.window_number == 1:
            return self._get_last_unit_text()
        texts = {
            "days": self.env._("in the last %s days", self.window_number),
            "weeks": self.env._("in the last %s weeks", self.window_number),
            "months": self.env._("in the last %s months", self.window_number),
            "years": self.env._("in the last %s years", self.window_number),
        }
        return texts.get(self.window_unit, "")

    def _get_last_unit_text(self):
        texts = {
            "days": self.env._("today"),
            "weeks": self.env._("in the last week"),
            "months": self.env._("in the last month"),
            "years": self.env._("in the last year"),
        }
        return texts.get(self.window_unit, "")
