from itertools import pairwise

from odoo import api, fields, models

from .case_states import ACTIVE_STATES, CLOSED_STATES
from .crm_case_sla import RESPONSE
from .sla_clock import make_clock

# What may change which policies hold, or how a case stands towards them.
SLA_FIELDS = {
    "active",
    "category_id",
    "company_id",
    "date_closed",
    "date_first_response",
    "partner_id",
    "priority",
    "stage_id",
    "state",
    "team_id",
    "type_id",
}


class CrmCase(models.Model):
    """How a case stands towards what was promised.

    ``state_log`` remembers since when the case was in which state: from it every
    clock can be measured anew at any time. ``sla_deadline`` is the next deadline that
    is not met yet, which may be past.
    """

    _inherit = "crm.case"

    sla_status_ids = fields.One2many("crm.case.sla.status", "case_id", copy=False)
    state_log = fields.Json(
        compute="_compute_state_log", store=True, precompute=True, copy=False
    )
    sla_deadline = fields.Datetime(
        string="Next SLA Deadline",
        compute="_compute_sla_deadline",
        store=True,
        copy=False,
    )
    sla_state = fields.Selection(
        [
            ("paused", "Paused"),
            ("ongoing", "In time"),
            ("warned", "Due soon"),
            ("failed", "Late"),
        ],
        string="SLA",
        compute="_compute_sla_state",
        compute_sudo=True,  # as visible as the case, so not asked for once more
    )
    sla_remaining = fields.Char(
        string="SLA Left", compute="_compute_sla_state", compute_sudo=True
    )

    _sla_deadline_idx = models.Index("(sla_deadline) WHERE sla_deadline IS NOT NULL")

    @api.depends("state")
    def _compute_state_log(self):
        now = fields.Datetime.now()
        for case in self:
            log = list(case.state_log or [])
            if not log or log[-1][1] != case.state:
                log.append([fields.Datetime.to_string(now), case.state])
            case.state_log = log

    @api.depends("active", "sla_status_ids.deadline", "sla_status_ids.date_reached")
    def _compute_sla_deadline(self):
        for case in self:
            deadlines = case._get_open_statuses().mapped("deadline")
            case.sla_deadline = min(filter(None, deadlines), default=False)

    @api.depends("active", "sla_status_ids.deadline", "sla_status_ids.date_reached")
    def _compute_sla_state(self):
        now = fields.Datetime.now()
        for case in self:
            status = case._get_next_status()
            case.sla_state = status and "paused"
            case.sla_remaining = status.remaining
            if status.deadline:
                soon = status.warning_at and status.warning_at <= now
                late = status.deadline <= now
                case.sla_state = "failed" if late else "warned" if soon else "ongoing"

    def _get_next_status(self):
        """The open promise whose deadline comes first; else one whose clock stands."""
        statuses = self._get_open_statuses()
        return (statuses.filtered("deadline").sorted("deadline") or statuses)[:1]

    def _get_open_statuses(self):
        if not self.active or self.state not in ACTIVE_STATES:
            return self.env["crm.case.sla.status"]
        return self.sla_status_ids.filtered(lambda status: not status.date_reached)

    # ------------------------------------------------------------
    # CLOCKS
    # ------------------------------------------------------------

    def _get_calendar(self):
        """Who counts the working time of this case."""
        self.ensure_one()
        return self.team_id.resource_calendar_id or self.company_id.resource_calendar_id

    def _get_running_intervals(self, pause_states, until=None):
        """When the clock ran: pairs of start and end, the last end None if it runs.

        :param pause_states: open states in which it stands
        :param until: the clock was stopped for good then
        """
        self.ensure_one()
        created = self.create_date.replace(microsecond=0)
        log = [
            (fields.Datetime.to_datetime(since), state)
            for since, state in self.state_log or []
        ]
        # It starts with the case, also if the case was brought in later.
        log = [(created, log[0][1]), *log[1:]] if log else [(created, self.state)]
        intervals = []
        for (start, state), (end, _next) in pairwise([*log, (None, None)]):
            if state not in ACTIVE_STATES or state in pause_states:
                continue
            if until and until <= start:
                continue
            if until:
                end = min(end, until) if end else until
            intervals.append((start, end))
        return intervals

    def _get_reached_on(self, policy, kind, before):
        """When this case reached a target.

        :param before: when it had reached it already
        """
        closed = self.date_closed if self.state in CLOSED_STATES else False
        if kind == RESPONSE:
            return self.date_first_response or closed
        if kind == "resolution":
            return closed
        there = (
            self.stage_id == policy.target_stage_id
            if policy.target_stage_id
            else self.state == policy.target_state
        )
        return before or (there and fields.Datetime.now()) or closed

    # ------------------------------------------------------------
    # REFRESH
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        cases._refresh_sla()
        return cases

    def write(self, vals):
        result = super().write(vals)
        if not SLA_FIELDS.isdisjoint(vals):
            self._refresh_sla()
        return result

    def _make_clocks(self):
        """One clock for each calendar of these cases."""
        now = fields.Datetime.now()
        clocks = {}
        for calendar, cases in self.grouped(lambda case: case._get_calendar()).items():
            start = min(cases.mapped("create_date")).replace(microsecond=0)
            clocks[calendar] = make_clock(calendar, start, now)
        return clocks

    def _refresh_sla(self):
        """Bring the status rows of these cases up to date."""
        policy_ids = self.env["crm.case.sla"]._get_policy_ids()
        if not policy_ids or not self:
            return
        # sudo: whoever writes a case neither reads policies nor writes statuses
        cases = self.sudo().with_context(active_test=False)
        policies = cases.env["crm.case.sla"].browse(policy_ids)
        rows, new_vals = {}, []
        for status in cases.sla_status_ids:
            rows[status.case_id, status.sla_id, status.kind] = status
        changed = cases.env["crm.case.sla.status"]
        clocks = cases._make_clocks()
        for case in cases:
            clock = clocks[case._get_calendar()]
            for policy in policies.filtered(lambda sla, case=case: sla._fits(case)):
                for kind, hours in policy._get_targets().items():
                    row = rows.pop((case, policy, kind), changed.browse())
                    reached = case._get_reached_on(policy, kind, row.date_reached)
                    vals = changed._measure(policy, hours, case, reached, clock)
                    if row:
                        changed |= row._update(vals)
                    else:
                        keys = {"case_id": case.id, "sla_id": policy.id, "kind": kind}
                        new_vals.append({**keys, **vals})
        changed |= changed.create(new_vals)
        changed.browse().union(*rows.values())._drop_obsolete()
        changed._schedule_earliest()
