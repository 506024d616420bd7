import logging
from datetime import timedelta

from odoo import api, fields, models

from .case_states import ACTIVE_STATES, CLOSED_STATES

_logger = logging.getLogger(__name__)

TEMPLATE = "crm_cases.mail_template_case_summary"
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF"}
WEEK = timedelta(days=7)


class CrmCaseTeam(models.Model):
    """Once a week the leader of a team reads how it did.

    One mail for each team that has a leader and wants it. The figures are those of
    the last seven days, next to those of the week before, and count what the leader
    may see.
    """

    _inherit = "crm.case.team"

    weekly_summary = fields.Boolean(
        help="Send the leader a summary of the team every week.",
    )
    date_summary = fields.Datetime(string="Last Summary", readonly=True, copy=False)

    @api.model
    def _cron_send_summaries(self):
        """Send what is due. A team whose mail fails is logged and tried next time."""
        before = fields.Datetime.now() - WEEK + timedelta(hours=1)
        due = self.search(
            [
                ("weekly_summary", "=", True),
                ("user_id.active", "=", True),
                "|",
                ("date_summary", "=", False),
                ("date_summary", "<=", before),
            ],
            order="id",
        )
        for done, team in enumerate(due, start=1):
            team._try_send_summary()
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - done):
                break

    def _try_send_summary(self):
        try:
            with self.env.cr.savepoint():
                self._send_summary()
        except Exception:
            _logger.exception("Team %s: the summary cannot be sent", self.id)

    def _send_summary(self):
        self.ensure_one()
        self.env.ref(TEMPLATE).send_mail(
            self.id, email_values={"headers": repr(HEADERS)}
        )
        self.date_summary = fields.Datetime.now()

    def _get_summary(self):
        """What the mail says.

        :return: list of dicts: ``label``, ``value``, ``before`` (a week earlier, or
            None for what is counted now)
        """
        self.ensure_one()
        now = fields.Datetime.now()
        this_week = self._get_week_figures(now - WEEK, now)
        last_week = self._get_week_figures(now - 2 * WEEK, now - WEEK)
        rows = [
            {"label": label, "value": this_week[key], "before": last_week[key]}
            for key, label in self._get_summary_labels().items()
        ]
        return rows + self._get_standing_figures(now)

    def _get_summary_labels(self):
        return {
            "new": self.env._("New cases"),
            "closed": self.env._("Closed cases"),
            "response": self.env._("Hours to first response"),
            "satisfaction": self.env._("Satisfaction (1-5)"),
        }

    def _get_week_figures(self, begin, end):
        cases = self._get_cases_of_leader()
        mine = [("team_id", "=", self.id)]

        def within(field):
            return [(field, ">=", begin), (field, "<", end)]

        ((response,),) = cases._read_group(
            mine + within("date_first_response"), [], ["hours_to_first_response:avg"]
        )
        ((satisfaction,),) = self.env["rating.rating"]._read_group(
            [
                ("parent_res_model", "=", self._name),
                ("parent_res_id", "=", self.id),
                ("consumed", "=", True),
                *within("rated_on"),
            ],
            [],
            ["rating:avg"],
        )
        closed = [*mine, ("state", "in", CLOSED_STATES), *within("date_closed")]
        return {
            "new": cases.search_count(mine + within("create_date")),
            "closed": cases.search_count(closed),
            "response": self._describe_average(response),
            "satisfaction": self._describe_average(satisfaction),
        }

    @api.model
    def _describe_average(self, value):
        """An average of nothing is none, which is not the same as 0."""
        return "–" if value is None or value is False else round(value, 1)

    def _get_standing_figures(self, now):
        cases = self._get_cases_of_leader()
        active = [("team_id", "=", self.id), ("state", "in", ACTIVE_STATES)]
        counted = {
            self.env._("Backlog now"): [],
            self.env._("Overdue now"): [("date_deadline", "<", now)],
            self.env._("Waiting for us now"): [("awaiting_answer", "=", True)],
        }
        return [
            {
                "label": label,
                "value": cases.search_count(active + domain),
                "before": None,
            }
            for label, domain in counted.items()
        ]

    def _get_cases_of_leader(self):
        return self.env["crm.case"].with_user(self.user_id or self.env.user)
