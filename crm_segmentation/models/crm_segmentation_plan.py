import hashlib
from decimal import Decimal

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..engine import criteria, events, sources, state_of_mind
from ..engine.matching import Plan, explain_query
from .crm_segmentation_line import APPS, MONEY, PRODUCTS, SCORES

# Any day: a continued run is of the same definition, whatever windows move with time
SOME_DAY = fields.Date.from_string("2000-01-01")
SCORE_STEP = Decimal("0.01")
ORDERS = (
    "sale_order_amount",
    "sale_order_count",
    "purchase_order_amount",
    "purchase_order_count",
)


class CrmSegmentation(models.Model):
    """From records to the values the engine works with.

    The plan is made once per run, so that a run has one definition, one set of
    exchange rates and one *today* from the first partner to the last.
    """

    _inherit = "crm.segmentation"

    def _get_active_lines(self):
        """Return the criteria that count, outside of groups."""
        return self.segmentation_line._without_switched_off()

    def _get_leaf_lines(self):
        """Return every criterion that is compared, those in groups too."""
        return self._get_active_lines()._get_leaf_lines()

    def _check_ready(self):
        """Refuse to run what would tag everybody or nobody by mistake."""
        self.ensure_one()
        if self.segmentation_type == "static":
            return
        lines = self._get_leaf_lines()
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
        lines._check_ready()

    def _prepare_plan(self, moment=None, asking=False):
        """Return the frozen definition of the run that has been started.

        A continued run has the *today* of its start.

        :param moment: when it is, for who does not go on with a run
        :param bool asking: nothing will be written
        """
        self.ensure_one()
        today = self._get_today(moment or self.last_run)
        scope = self._get_scope(today)
        return Plan(
            segmentation_id=self.id,
            category_id=self.categ_id.id,
            tree=self._get_criteria_tree(today),
            scope=scope,
            event_queries=tuple(self._get_event_queries(scope)),
            conditions=self._get_conditions(),
            run_id=self.run_id.id,
            basis="" if asking else self._get_basis(scope),
            exclusive=self.exclusif,
            pin_carriers=self.exclusif and not self.carriers_pinned,
            has_pins=bool(self.pin_ids),
        )

    def _get_criteria_tree(self, today):
        if self.segmentation_type == "static":
            return criteria.Group("any", ())
        lines = self._get_active_lines()
        mandatory = lines.filtered(lambda line: line.operator == "and")
        nodes = [
            [node for line in box if (node := line._get_node(today))]
            for box in (mandatory, lines - mandatory)
        ]
        return criteria.from_lines(*nodes)

    def _get_conditions(self):
        """Return the conditions on the partner, as the framework translates them."""
        partners = self.env["res.partner"].with_context(active_test=False)
        conditions = {}
        for line in self._get_leaf_lines():
            if line.expr_name == "domain":
                domain = line._get_partner_domain()
                query = partners._search(domain, bypass_access=True)
                where = query.where_clause or SQL("TRUE")
                conditions[line.domain] = (query.from_clause, where)
        return conditions

    def _get_definition(self, pins=True):
        """Return a fingerprint: a run continues only with what it was started with.

        :param bool pins: whether pinning a partner makes it another one
        """
        manual = self._get_manual_pins() if pins else self.pin_ids.browse()
        parts = (
            self.categ_id.id,
            self.exclusif,
            self.company_id.id,
            self.currency_id.id,
            self.with_receipts,
            self._get_criteria_tree(SOME_DAY),
            self._get_event_sources(),
            self.segmentation_type,
            sorted((pin.partner_id.id, pin.mode) for pin in manual),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _get_manual_pins(self):
        # Pins made by the run itself do not change what it was started with.
        return self.pin_ids.filtered(lambda pin: not pin.automatic)

    def _get_scope(self, today):
        """Return whose books are read: the company with its branches, or all."""
        companies = self.env["res.company"].with_context(active_test=False)
        domain = [("id", "child_of", self.company_id.id)] if self.company_id else []
        # What is needed of them, and not all that a company has.
        self.company_id.fetch(["parent_path"])
        companies = companies.search_fetch(domain, ["currency_id"])
        rates = self._get_rates(companies, today)
        return sources.Scope(
            company_ids=tuple(companies.ids),
            today=today,
            rates=() if all(rate == 1 for _company, rate in rates) else rates,
            partner_company_ids=tuple(companies.ids) if self.company_id else None,
            receipts=self.with_receipts,
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

    def _get_event_queries(self, scope):
        """Return the sub-queries of scored events, see ``engine/events.py``.

        Other addons add theirs here.
        """
        timezone = self._get_timezone()
        return [
            events.event_query(source, scope, timezone)
            for source in self._get_event_sources()
        ]

    def _get_event_sources(self):
        """Return the sources of events, if any criterion looks at events."""
        kinds = self._get_leaf_lines().mapped("expr_name")
        if not {*SCORES, "event_count"} & set(kinds):
            return ()
        return self.env["crm.segmentation.source"]._get_counting()

    def _get_timezone(self):
        """Return where midnight is: at the company's own address."""
        company = self.company_id._origin or self.env.company
        return self._get_timezone_of(company.id, self.env.uid)

    @api.model
    @tools.ormcache("company_id", "user_id")
    def _get_timezone_of(self, company_id, user_id):
        """Ask with one small query; each run, and each day of a window, asks."""
        self.env["res.partner"].flush_model(["tz"])
        query = SQL(
            """
            SELECT COALESCE(
                (SELECT NULLIF(p.tz, '') FROM res_company c
                   JOIN res_partner p ON p.id = c.partner_id WHERE c.id = %s),
                (SELECT NULLIF(p.tz, '') FROM res_users u
                   JOIN res_partner p ON p.id = u.partner_id WHERE u.id = %s),
                'UTC'
            )
            """,
            company_id,
            user_id,
        )
        return self.env.execute_query(query)[0][0]

    def _get_today(self, moment):
        timezone = pytz.timezone(self._get_timezone())
        return pytz.utc.localize(moment).astimezone(timezone).date()

    def _explain(self, partner):
        """Return why a partner matches or does not, by the rules alone.

        :param partner: a commercial partner
        :return: whether it matches (None if it is not looked at at all), and for each
            criterion, in order, ``(line, value, holds)``; the value is None where there
            is nothing to measure
        :raise UserError: if a criterion cannot be measured here
        """
        segmentation = self._for_asking()
        segmentation._get_leaf_lines()._check_ready()
        plan = segmentation._prepare_plan(fields.Datetime.now(), asking=True)
        leaves = criteria.leaves(plan.tree)
        if not leaves:
            return False, []
        segmentation.env.flush_all()
        segmentation._tune_planner()
        query = explain_query(plan, sources.IdSet((partner.id,)))
        rows = segmentation.env.execute_query(query)
        if not rows:
            return None, []
        _id, matches, cells = rows[0]
        lines = self.env["crm.segmentation.line"]
        return matches, [
            (
                lines.browse(leaf.line_id),
                None if value is None else float(value),
                holds == "true",
            )
            for leaf, value, holds in zip(leaves, cells[::2], cells[1::2], strict=True)
        ]

    def _for_asking(self):
        """Return the records in the mode an answer needs, for who may read them.

        The answer is about the books of the segmentation, whatever the user may see of
        them.
        """
        self.check_access("read")
        return self.sudo()


class CrmSegmentationLine(models.Model):
    """A criterion as the engine takes it: plain values, no record."""

    _inherit = "crm.segmentation.line"

    def _without_switched_off(self):
        return self.filtered(lambda line: not line._is_switched_off())

    def _get_leaf_lines(self):
        """Return the criteria themselves and those inside of groups, in their order."""
        found = self.browse()
        for line in self:
            if line.expr_name == "group":
                found |= line.child_ids._without_switched_off()._get_leaf_lines()
            else:
                found |= line
        return found

    def _check_ready(self):
        """Refuse criteria that cannot be measured here."""
        installed = self.env["ir.module.module"]._installed()
        for line in self:
            app = APPS.get(line.expr_name)
            if app and app not in installed:
                raise UserError(
                    self.env._(
                        "“%(name)s” needs the app “%(app)s”, which is not installed.",
                        name=line.name,
                        app=app,
                    )
                )
            if line.expr_name in PRODUCTS and not (
                line.product_ids or line.product_categ_ids
            ):
                raise UserError(self.env._("“%s” names no product.", line.name))
            if line.expr_name == "domain" and not line._get_partner_domain_list():
                raise UserError(
                    self.env._(
                        "“%s” names no condition, so every partner would match.",
                        line.name,
                    )
                )
            if line.expr_name == "segmentation" and not line.other_segmentation_id:
                raise UserError(self.env._("“%s” names no segmentation.", line.name))

    def _get_node(self, today):
        """Return the criterion or the group; None for a group without criteria."""
        self.ensure_one()
        if self.expr_name != "group":
            return self._get_leaf(today)
        children = self.child_ids._without_switched_off()
        nodes = tuple(node for c in children if (node := c._get_node(today)))
        if not nodes:
            return None
        group = criteria.Group(self.group_kind, nodes)
        if self.expr_operator == "not set":
            return criteria.Group("none", (group,))
        return group

    def _get_key(self, today):
        """Return what tells the measure from others of its kind, see ``Measure``."""
        segmentation = self.segmentation_id
        if self.expr_name in PRODUCTS:
            categories = self.product_categ_ids.search(
                [("id", "child_of", self.product_categ_ids.ids)]
            )
            return tuple(self.product_ids.ids), tuple(categories.ids)
        if self.expr_name == "som":
            return segmentation._get_mood_parameters(today)
        if self.expr_name == "segmentation":
            return self.other_segmentation_id.id
        if self.expr_name == "domain":
            return self.domain
        return segmentation._get_timezone() if self.expr_name in ORDERS else None

    def _get_leaf(self, today):
        """Return the comparison, with its grid: cents, or what a score shows."""
        self.ensure_one()
        step = SCORE_STEP
        if self.expr_name in MONEY:
            step = Decimal(repr(self.segmentation_id.currency_id.rounding))
        return criteria.Leaf(
            criteria.Measure(
                self.expr_name, *self._get_window_days(today), self._get_key(today)
            ),
            self.expr_operator,
            Decimal(repr(self.expr_value)),
            step,
            Decimal(repr(self.expr_value_to)),
            self.id,
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
