from collections import defaultdict
from datetime import timedelta
from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain

from .rule_delay import ABSOLUTE_UNITS, WORKING_UNITS, later

FULL_PASS_EVERY = timedelta(days=1)


class ClockGroup(NamedTuple):
    """Cases for which the same clock runs: a calendar (or none), a time zone, and
    the domain that tells them."""

    calendar: Any
    zone: str
    domain: Domain


class CrmCaseRuleClock(models.Model):
    """How far a level of a rule has come, for one calendar and one time zone.

    ``threshold`` is the latest reference that was due in the last pass: the next one
    looks from there. Without a row, and once a day, a pass looks at everything.
    A problem parks the clock: it is set up anew when the rule, the calendar or a
    leave changes.
    """

    _name = "crm.case.rule.clock"
    _description = "Clock of a Case Rule"

    level_id = fields.Many2one(
        "crm.case.rule.level", required=True, index=True, ondelete="cascade"
    )
    iteration = fields.Integer(required=True)
    calendar_id = fields.Many2one(
        "resource.calendar", index="btree_not_null", ondelete="cascade"
    )
    zone = fields.Char(required=True)
    passed = fields.Datetime()
    full_passed = fields.Datetime()
    threshold = fields.Datetime()
    problem = fields.Char()

    _clock_unique = models.UniqueIndex(
        "(level_id, iteration, COALESCE(calendar_id, 0), zone)"
    )

    def _needs_full_pass(self):
        """An empty clock does, and each once a day."""
        return not self.full_passed or (
            fields.Datetime.now() - self.full_passed >= FULL_PASS_EVERY
        )

    def _advance(self, now, threshold):
        """Note how far this pass came. A clock never goes back."""
        if self._needs_full_pass():
            self.full_passed = now
        self.passed = now
        self.threshold = later(self.threshold, threshold)

    @api.model
    def _get_groups(self, unit):
        """Who shares a clock for delays in this unit.

        :return: a list of :class:`ClockGroup`
        """
        if unit in ABSOLUTE_UNITS:
            calendar = self.env["resource.calendar"]
            return [ClockGroup(calendar, "UTC", Domain.TRUE)]
        groups = self._get_calendar_domains()
        merged = defaultdict(list)
        for calendar, domain in groups.items():
            # Days, weeks and months only ask for the time zone.
            key = calendar if unit in WORKING_UNITS else calendar.browse()
            merged[key, calendar.tz or "UTC"].append(domain)
        return [
            ClockGroup(calendar, zone, Domain.OR(domains))
            for (calendar, zone), domains in merged.items()
        ]

    @api.model
    def _get_calendar_domains(self):
        """Which cases follow which calendar: that of the team, else the company's."""
        teams = self.env["crm.case.team"].with_context(active_test=False)
        own = teams.search([("resource_calendar_id", "!=", False)])
        companies = self.env["res.company"].search([("active", "=", True)])
        domains = defaultdict(lambda: Domain.FALSE)
        rest = Domain("team_id", "not in", own.ids) if own else Domain.TRUE
        for calendar, users in companies.grouped("resource_calendar_id").items():
            mine = Domain("company_id", "in", users.ids)
            domains[calendar] |= rest & (Domain.TRUE if users == companies else mine)
        for calendar, members in own.grouped("resource_calendar_id").items():
            domains[calendar] |= Domain("team_id", "in", members.ids)
        return domains

    @api.model
    def _forget(self, calendars=None):
        """Working time changed, of some calendars or of all: look at everything."""
        domain = Domain.TRUE
        if calendars:
            domain = Domain("calendar_id", "in", [*calendars.ids, False])
        # sudo: whoever changes working hours has no rights on this machinery
        clocks = self.sudo().search(domain)
        if clocks:
            clocks.level_id.rule_id.parked_reason = False
            clocks.unlink()
            self.env["crm.case.rule"]._wake_up()
