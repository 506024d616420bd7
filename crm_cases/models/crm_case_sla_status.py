import logging

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from .case_states import ACTIVE_STATES
from .crm_case_sla import OTHER, RESOLUTION, RESPONSE

_logger = logging.getLogger(__name__)

BATCH = 100


class CrmCaseSlaStatus(models.Model):
    """How one case stands towards one target of one policy.

    All of it follows from the case's history of states, the policy and the calendar,
    and is measured anew whenever one of them changes; only what has been reached
    stays as it is, and a warning or breach is told once.

    A paused clock has no deadline. A breach is a breach even if the target is
    reached later.
    """

    _name = "crm.case.sla.status"
    _description = "SLA Status"
    _inherit = ["crm.case.shadow.mixin", "crm.case.average.mixin"]
    _order = "date_reached DESC NULLS FIRST, deadline, id"

    case_id = fields.Many2one("crm.case", required=True, index=True, ondelete="cascade")
    sla_id = fields.Many2one(
        "crm.case.sla", string="Policy", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            (RESPONSE, "First response"),
            (RESOLUTION, "Solution"),
            (OTHER, "Stage or state"),
        ],
        string="Target",
        required=True,
    )
    hours = fields.Float(string="Promised Hours", aggregator="avg")
    spent_hours = fields.Float(string="Working Hours Used", aggregator="avg")
    deadline = fields.Datetime()
    warning_at = fields.Datetime()
    date_reached = fields.Datetime(string="Reached On")
    warned_on = fields.Datetime()
    failed_on = fields.Datetime()
    paused = fields.Boolean()
    state = fields.Selection(
        [("ongoing", "Ongoing"), ("reached", "Reached"), ("failed", "Failed")],
        required=True,
        default="ongoing",
        index=True,
    )
    success = fields.Float(
        string="Success Rate",
        aggregator="avg",
        compute="_compute_success",
        store=True,
        help="1 if reached in time, 0 if not. What is open does not count.",
    )
    date_filed = fields.Datetime(
        related="case_id.create_date", string="Filed On", store=True
    )
    company_id = fields.Many2one(related="case_id.company_id", store=True)
    team_id = fields.Many2one(related="case_id.team_id", store=True)
    type_id = fields.Many2one(related="case_id.type_id", store=True)
    user_id = fields.Many2one(related="case_id.user_id", store=True)
    remaining = fields.Char(compute="_compute_remaining")

    _once = models.Constraint(
        "UNIQUE(case_id, sla_id, kind)", "A target is measured once per case."
    )
    _deadline_idx = models.Index("(deadline) WHERE date_reached IS NULL")
    _warning_idx = models.Index("(warning_at) WHERE date_reached IS NULL")
    _reached_idx = models.Index("(date_reached) WHERE date_reached IS NOT NULL")
    _write_idx = models.Index("(write_date)")

    @api.model
    def _get_known_conditions(self, query):
        state = self._field_to_sql(self._table, "state", query)
        return {"success": SQL("%s != %s", state, "ongoing")}

    @api.depends("state", "date_reached")
    def _compute_success(self):
        for status in self:
            status.success = float(status.state == "reached")

    @api.depends("deadline", "date_reached", "paused", "state")
    def _compute_remaining(self):
        now = fields.Datetime.now()
        for status in self:
            status.remaining = status._describe_remaining(now)

    def _describe_remaining(self, now):
        """Time on the clock until the deadline, in short: “3 h left”, “2 d late”."""
        self.ensure_one()
        if self.date_reached:
            return self.env._("too late") if self.state == "failed" else ""
        if not self.deadline:
            return self.env._("paused")
        span = self._describe_span(abs(self.deadline - now))
        if self.deadline <= now:
            return self.env._("%s late", span)
        return self.env._("%s left", span)

    @api.model
    def _describe_span(self, span):
        minutes = int(span.total_seconds() // 60)
        if minutes < 60:
            return self.env._("%s min", minutes)
        if minutes < 48 * 60:
            return self.env._("%s h", minutes // 60)
        return self.env._("%s d", minutes // (24 * 60))

    # ------------------------------------------------------------
    # MEASURE
    # ------------------------------------------------------------

    @api.model
    def _measure(self, policy, hours, case, reached, clock):
        """What a status row says, from scratch.

        :param float hours: what the policy promises
        :param reached: when the target was reached, if it was
        :param clock: counts the working time of the case
        :return: values
        """
        intervals = case._get_running_intervals(policy._get_pause_states(), reached)
        share = policy.warn_percent / 100
        deadline = self._walk(intervals, hours, clock, reached)
        now = fields.Datetime.now()
        # Reached at the very instant is in time.
        late = deadline and (reached > deadline if reached else now >= deadline)
        return {
            "hours": hours,
            "deadline": deadline,
            "warning_at": self._walk(intervals, hours * share, clock, reached),
            "date_reached": reached,
            "spent_hours": sum(
                clock.between(start, end or now) for start, end in intervals
            ),
            "paused": not reached and not (intervals and intervals[-1][1] is None),
            "state": "failed" if late else "reached" if reached else "ongoing",
        }

    @api.model
    def _walk(self, intervals, hours, clock, reached=False):
        """When so much working time is used; False while the clock stands. What is
        reached keeps the deadline that it was in time for."""
        for start, end in intervals:
            if end is None:
                return clock.plan(hours, start)
            spent = clock.between(start, end)
            if spent >= hours:
                return clock.plan(hours, start)
            hours -= spent
        return clock.plan(hours, reached) if reached else False

    # ------------------------------------------------------------
    # EVENTS
    # ------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Measure what has to be measured anew, then tell what has happened."""
        if not self._refresh_pending():
            return
        now = fields.Datetime.now()
        told = self._tell(self._get_unwarned(now), "_tell_warning")
        told |= self._tell(self._get_unfailed(now), "_tell_breach")
        if told:
            self.env["crm.case.rule"]._wake_up()
        self._schedule(self._get_next_event())
        self.env["ir.cron"]._commit_progress()

    @api.model
    def _refresh_pending(self):
        """Measure open cases of changed policies, in batches.

        :return: False if time is over
        """
        Sla = self.env["crm.case.sla"]
        while policies := Sla.search([("refresh_after", ">=", 0)]):
            after = min(policies.mapped("refresh_after"))
            cases = self.env["crm.case"].search(
                [("state", "in", ACTIVE_STATES), ("id", ">", after)],
                order="id",
                limit=BATCH,
            )
            cases._refresh_sla()
            policies.write(
                {"refresh_after": cases[-1].id if len(cases) == BATCH else -1}
            )
            if not self.env["ir.cron"]._commit_progress(len(cases), remaining=1):
                return False
        return True

    @api.model
    def _get_unwarned(self, now):
        return self.search(
            [
                ("date_reached", "=", False),
                ("warned_on", "=", False),
                ("warning_at", "<=", now),
                ("deadline", ">", now),
                ("case_id.active", "=", True),
            ]
        )

    @api.model
    def _get_unfailed(self, now):
        return self.search(
            [
                ("date_reached", "=", False),
                ("failed_on", "=", False),
                ("deadline", "<=", now),
                ("case_id.active", "=", True),
            ]
        )

    def _tell(self, statuses, method):
        """Tell each in a savepoint of its own: one that fails stops no other.

        :return: whether anything was told
        """
        told = False
        for number, status in enumerate(statuses, start=1):
            try:
                with self.env.cr.savepoint():
                    getattr(status, method)()
                told = True
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                _logger.info("SLA status %s is written elsewhere", status.id)
            except Exception:
                _logger.exception("SLA status %s cannot be told", status.id)
            enough = number % BATCH == 0
            if enough and not self.env["ir.cron"]._commit_progress(BATCH):
                break
        return told

    def _tell_warning(self):
        self.ensure_one()
        self.warned_on = fields.Datetime.now()
        self._post(
            "crm_cases.mt_case_sla_warned",
            self.env._(
                "%(target)s promised by “%(policy)s” is due soon: %(remaining)s.",
                **self._get_words(),
            ),
        )

    def _tell_breach(self):
        self.ensure_one()
        now = fields.Datetime.now()
        self.write({"failed_on": now, "state": "failed"})
        self._post(
            "crm_cases.mt_case_sla_failed",
            self.env._(
                "%(target)s promised by “%(policy)s” was missed.", **self._get_words()
            ),
        )

    def _get_words(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return {
            "target": kinds[self.kind],
            "policy": self.sla_id.name,
            "remaining": self.remaining,
        }

    def _post(self, subtype, body):
        case = self.case_id.with_context(mail_notify_force_send=False)
        case.message_post(
            body=body,
            subtype_xmlid=subtype,
            partner_ids=case._get_people_in_charge().ids,
        )

    def _update(self, vals):
        """Write what is new, and return the row if anything is.

        A later deadline is a new one: what was told of the old one is forgotten. A
        breach stays a breach.
        """
        self.ensure_one()
        news = {name: value for name, value in vals.items() if self[name] != value}
        if not news:
            return self.browse()
        deadline = news.get("deadline")
        now = fields.Datetime.now()
        if deadline and self.deadline and deadline > max(self.deadline, now):
            news.update(warned_on=False, failed_on=False)
        self.write(news)
        return self

    def _drop_obsolete(self):
        """Policies that hold no longer: what was reached stays on the record, and of an
        archived case what was missed. What was warned of stands still there, so that no
        second warning follows when the case comes back, be it by undoing a merge."""
        obsolete = self.filtered(lambda row: not row.date_reached)
        archived = obsolete.filtered(lambda row: not row.case_id.active)
        missed = archived.filtered("failed_on")
        warned = archived.filtered("warned_on") - missed
        warned.write({"deadline": False, "warning_at": False, "paused": True})
        (obsolete - missed - warned).unlink()

    def _schedule_earliest(self):
        now = fields.Datetime.now()
        instants = [
            instant
            for status in self
            if not status.date_reached
            for instant in (status.warning_at, status.deadline)
            if instant and instant > now
        ]
        overdue = self.filtered(
            lambda status: (
                not status.date_reached
                and not status.failed_on
                and status.deadline
                and status.deadline <= now
            )
        )
        self._schedule(now if overdue else min(instants, default=None))

    # ------------------------------------------------------------
    # SCHEDULE
    # ------------------------------------------------------------

    @api.model
    def _get_next_event(self):
        """The next instant at which something has to be told."""
        open_rows = Domain("date_reached", "=", False)
        now = fields.Datetime.now()
        instants = []
        for name in ("warning_at", "deadline"):
            row = self.search(
                open_rows & Domain(name, ">", now), order=f"{name}, id", limit=1
            )
            instants += row.mapped(name)
        return min(instants, default=None)

    @api.model
    def _schedule(self, instant):
        """Wake the scheduled action at that instant, if nothing does so earlier."""
        if not instant:
            return
        # sudo: whoever writes a case may not schedule anything
        cron = self.env.ref("crm_cases.ir_cron_sla").sudo()
        pending = self.env["ir.cron.trigger"].sudo()
        earlier = pending.search_count(
            [
                ("cron_id", "=", cron.id),
                ("call_at", ">", fields.Datetime.now()),
                ("call_at", "<=", instant),
            ],
            limit=1,
        )
        if not earlier:
            cron._trigger(max(instant, fields.Datetime.now()))
