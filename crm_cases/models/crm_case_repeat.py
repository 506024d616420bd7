from calendar import monthrange
from datetime import datetime

from dateutil.relativedelta import relativedelta
from pytz import timezone, utc

from odoo import api, fields, models

from .case_states import DONE, DRAFT

UNITS = [("day", "Days"), ("week", "Weeks"), ("month", "Months")]


class CrmCase(models.Model):
    """A case that comes back, for types that use it.

    When it is done, the next one is created: the same subject, people, classification
    and steps (unticked), due one interval after this one was due. A case that is
    cancelled ends the series, and so does the last day of it. Nothing comes by the
    calendar alone: a task that nobody does would pile up copies of itself.

    The due date keeps its hour on the clock of the team (also over a change to summer
    time) and its day of the month (31, 28, 31). What was done very late is next due
    in the future: dates that have passed are left out.

    Reopening and closing again creates no second successor.
    """

    _inherit = "crm.case"

    use_repeat = fields.Boolean(related="type_id.use_repeat", string="May Repeat")
    is_repeated = fields.Boolean(
        string="Repeat", tracking=True, groups="base.group_user"
    )
    repeat_interval = fields.Integer(
        string="Repeat Every", default=1, groups="base.group_user"
    )
    repeat_unit = fields.Selection(
        UNITS, required=True, default="week", groups="base.group_user"
    )
    repeat_until = fields.Date(
        string="Last Day",
        groups="base.group_user",
        help="No case of the series is due later. Empty: it never ends.",
    )
    repeat_day = fields.Integer(
        compute="_compute_repeat_day",
        store=True,
        precompute=True,
        readonly=False,
        copy=False,
        groups="base.group_user",
        help="The day of the month that the series keeps to.",
    )
    repeat_previous_id = fields.Many2one(
        "crm.case",
        string="Previous of the Series",
        ondelete="set null",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    repeat_next_ids = fields.One2many(
        "crm.case", "repeat_previous_id", string="Next", groups="base.group_user"
    )

    _repeat_interval_positive = models.Constraint(
        "CHECK(repeat_interval > 0)", "A case repeats every 1 or more days or months."
    )
    # Also against two people who close the same case at once.
    _repeat_previous_unique = models.UniqueIndex(
        "(repeat_previous_id) WHERE repeat_previous_id IS NOT NULL",
        "The next case of this series exists already.",
    )

    @api.depends("date_deadline")
    def _compute_repeat_day(self):
        for case in self:
            due = case.date_deadline
            case.repeat_day = case._to_team_time(due).day if due else 0

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        if not vals.get("stage_id"):
            return super().write(vals)
        before = self.filtered(lambda case: case.state != DONE)
        result = super().write(vals)
        before.filtered(lambda case: case.state == DONE)._repeat()
        return result

    # ------------------------------------------------------------
    # THE NEXT ONE
    # ------------------------------------------------------------

    def _repeat(self):
        """Create the successors of those that have none yet, and return them."""
        # sudo: a rule or a customer may close a case whose series goes on
        due = self.sudo().filtered(
            lambda case: (
                case.use_repeat and case.is_repeated and not case.repeat_next_ids
            )
        )
        vals_list = [case._prepare_repeat_vals() for case in due]
        # sudo: who closes it neither names the one before nor need see the parent
        following = self.sudo().create([vals for vals in vals_list if vals])
        following = following.with_env(self.env)
        for case in following:
            case.repeat_previous_id._message_log(
                body=self.env._("The next one: %s", case._get_html_link())
            )
        return following

    def _prepare_repeat_vals(self):
        """Values of the next case, or None if the series is over."""
        self.ensure_one()
        deadline = self._get_next_deadline()
        if not deadline:
            return None
        if self.repeat_until and self._to_team_time(deadline).date() > (
            self.repeat_until
        ):
            return None
        steps = [
            fields.Command.create({"name": step.name, "sequence": step.sequence})
            for step in self.checklist_ids
        ]
        return {
            **self.copy_data({"name": self.name})[0],
            "stage_id": self._get_first_stage().id,
            "date_deadline": deadline,
            "repeat_day": self.repeat_day,
            "repeat_previous_id": self.id,
            "parent_id": self.parent_id.id,
            "checklist_ids": steps,
        }

    def _get_first_stage(self):
        stages = self.env["crm.case.stage"].search([("state", "=", DRAFT)])
        return stages._pick(self.team_id, self.type_id)

    def _get_next_deadline(self):
        """The first date of the series after both this one and now, in UTC; False if
        the calendar ends before it."""
        self.ensure_one()
        now = fields.Datetime.now()
        due = self.date_deadline or now
        local = self._to_team_time(due)
        count = 1
        while True:
            try:
                moment = self._to_utc(self._shift(local, count * self.repeat_interval))
            except (OverflowError, ValueError):
                return False
            if moment > max(due, now):
                return moment
            count += 1

    def _shift(self, local, number):
        """Return ``local`` moved by ``number`` units, on the day of the series."""
        moved = local + relativedelta(**{f"{self.repeat_unit}s": number})
        if self.repeat_unit == "month" and self.repeat_day:
            last = monthrange(moved.year, moved.month)[1]
            moved = moved.replace(day=min(self.repeat_day, last))
        return moved

    def _get_team_timezone(self):
        name = self._get_working_calendar().tz or self.company_id.partner_id.tz
        return timezone(name or "UTC")

    def _to_team_time(self, moment: datetime):
        """Local time; a date at the very end of the calendar, which some systems use
        for *never*, stays as it is."""
        zone = self._get_team_timezone()
        try:
            return utc.localize(moment).astimezone(zone).replace(tzinfo=None)
        except OverflowError:
            return moment

    def _to_utc(self, local: datetime):
        zone = self._get_team_timezone()
        return zone.localize(local).astimezone(utc).replace(tzinfo=None)
