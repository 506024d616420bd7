import hashlib
from decimal import Decimal

import pytz
from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..engine import criteria, sources, state_of_mind
from ..engine.apply import Plan
from .crm_segmentation_line import MONEY, SWITCHED

# Any day: a continued run is of the same definition, whatever windows move with time
SOME_DAY = fields.Date.from_string("2000-01-01")
SCORE_STEP = Decimal("0.01")


class CrmSegmentation(models.Model):
    """From records to the values the engine works with.

    The plan is made once per run, so that a run has one definition, one set of
    exchange rates and one *today* from the first partner to the last.
    """

    _inherit = "crm.segmentation"

    def _get_active_lines(self):
        """Return the criteria that count."""
        if not self.sales_purchase_active:
            return self.segmentation_line.filtered(
                lambda line: line.expr_name not in SWITCHED
            )
        return self.segmentation_line

    def _check_ready(self):
        """Refuse to run what would tag everybody or nobody by mistake."""
        self.ensure_one()
        lines = self._get_active_lines()
        if not lines:
            raise UserError(
                self.env._(
                    "“%s” has no active criteria, so every partner would match. "
                    "Add a criterion, or switch the sales and purchase rules on.",
                    self.name,
                )
            )
        if self.som_interval < 1 and "som" in lines.mapped("expr_name"):
            raise UserError(
                self.env._(
                    "“%s” uses the state of mind: say how many days a period has.",
                    self.name,
                )
            )

    def _prepare_plan(self, moment=None):
        """Return the frozen definition of the run that has been started.

        A continued run has the *today* of its start.

        :param moment: when it is, for who does not run but asks
        """
        self.ensure_one()
        today = self._get_today(moment or self.last_run)
        return Plan(
            segmentation_id=self.id,
            category_id=self.categ_id.id,
            tree=self._get_criteria_tree(today),
            scope=self._get_scope(today),
            mood=self._get_mood_parameters(today),
            events=tuple(self._get_event_queries()),
            exclusive=self.exclusif,
            pin_carriers=self.exclusif and not self.carriers_pinned,
            has_pins=bool(self.pin_ids),
        )

    def _get_criteria_tree(self, today):
        lines = self._get_active_lines()
        mandatory = lines.filtered(lambda line: line.operator == "and")
        return criteria.from_lines(
            [line._get_leaf(today) for line in mandatory],
            [line._get_leaf(today) for line in lines - mandatory],
        )

    def _get_definition(self):
        """Return a fingerprint: a run continues only with what it was started with."""
        parts = (
            self.categ_id.id,
            self.exclusif,
            self.company_id.id,
            self.currency_id.id,
            self._get_criteria_tree(SOME_DAY),
            self._get_mood_parameters(SOME_DAY),
            sorted((pin.partner_id.id, pin.mode) for pin in self._get_manual_pins()),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _get_manual_pins(self):
        # Pins made by the run itself do not change what it was started with.
        return self.pin_ids.filtered(lambda pin: not pin.automatic)

    def _get_scope(self, today):
        """Return whose books are read: the company with its branches, or all."""
        companies = self.env["res.company"]
        domain = [("id", "child_of", self.company_id.id)] if self.company_id else []
        companies = companies.with_context(active_test=False).search(domain)
        rates = self._get_rates(companies, today)
        return sources.Scope(
            company_ids=tuple(companies.ids),
            today=today,
            rates=() if all(rate == 1 for _company, rate in rates) else rates,
            partner_company_ids=tuple(companies.ids) if self.company_id else None,
        )

    def _get_rates(self, companies, today):
        get_rate = self.env["res.currency"]._get_conversion_rate
        return tuple(
            (
                company.id,
                Decimal(
                    repr(
                        get_rate(company.currency_id, self.currency_id, company, today)
                    )
                ),
            )
            for company in companies
        )

    def _get_mood_parameters(self, today):
        return state_of_mind.Parameters(
            today=today,
            days=max(self.som_interval, 1),
            count=self.som_interval_max,
            start=self.som_interval_default,
            decrease=self.som_interval_decrease,
            weight=self.som_interval_weight,
        )

    def _get_event_queries(self):
        """Return the sources of scored events.

        Each yields ``(partner_id, day, score, weight)``, with the commercial partner
        and a score of 0 to 10. Other addons add theirs here.
        """
        return [sources.ratings(self._get_timezone())]

    def _get_timezone(self):
        """Return where midnight is: at the company's own address."""
        company = self.company_id or self.env.company
        return company.partner_id.tz or self.env.user.tz or "UTC"

    def _get_today(self, moment):
        timezone = pytz.timezone(self._get_timezone())
        return pytz.utc.localize(moment).astimezone(timezone).date()


class CrmSegmentationLine(models.Model):
    """A criterion as the engine takes it: plain values, no record."""

    _inherit = "crm.segmentation.line"

    def _get_leaf(self, today):
        """Return the comparison, with its grid: cents, or what a score shows."""
        self.ensure_one()
        step = SCORE_STEP
        if self.expr_name in MONEY:
            step = Decimal(repr(self.segmentation_id.currency_id.rounding))
        return criteria.Leaf(
            criteria.Measure(self.expr_name, *self._get_window_days(today)),
            self.expr_operator,
            Decimal(repr(self.expr_value)),
            step,
        )

    def _get_window_days(self, today):
        """Return the first and the last day that count, None where there is no end.

        The last 12 months end today; they begin after this day of last year.
        """
        if not self.has_window or self.window_type == "all":
            return None, None
        if self.window_type == "between":
            return self.date_from, self.date_to
        length = relativedelta(**{self.window_unit: self.window_number})
        return today - length + relativedelta(days=1), today
