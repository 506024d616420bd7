from odoo import fields, models, tools
from odoo.tools import SQL

from ..models.case_states import OUTCOMES, PRIORITIES, STATES

SEGMENTS = "crm_case_report_segment_rel"

# Plain columns of the case, under their own names.
COLUMNS = (
    "id",
    "number",
    "name",
    "company_id",
    "currency_id",
    "team_id",
    "user_id",
    "type_id",
    "category_id",
    "stage_id",
    "state",
    "outcome",
    "priority",
    "partner_id",
    "campaign_id",
    "medium_id",
    "source_id",
    "create_date",
    "date_open",
    "date_first_response",
    "date_closed",
    "date_deadline",
    "escalation_level",
    "reopen_count",
    "planned_revenue",
    "expected_revenue",
)


class CrmCaseReport(models.Model):
    """Figures about cases: one row for each case, and what can be counted of it.

    COUNTS: a case is opened once (``nbr``), is closed or is backlog. By the month of
    creation they tell what came, by the month of closing what went.

    DELAYS are hours in the working time of the team; a clock that has not stopped
    counts nowhere, so that averages are those of what did happen.

    SHARES are per cent of the cases in which it is decided. Deadline: kept or not, one
    that is still to come counts nowhere. SLA: a case succeeds if every target that is
    decided was kept, and fails with the first one that was missed, told or not; a
    target that is still to come counts nowhere.

    GROUPS by tag and by segment (category of the customer) count a case in each of
    its groups, so their sum may exceed the number of cases.

    RIGHTS: who sees a case sees its row; the rules of ``crm.case`` are applied as they
    stand. Columns that nobody asked for cost nothing: the database drops them.
    """

    _name = "crm.case.report"
    _description = "Case Analysis"
    _auto = False
    _rec_name = "name"
    _order = "create_date desc, id desc"
    _depends = {
        "crm.case": [*COLUMNS, "active"],
        "crm.case.sla.status": ["case_id", "state", "date_reached", "deadline"],
        "mail.message": ["model", "res_id", "message_type", "subtype_id"],
        "rating.rating": ["res_model", "res_id", "rating", "consumed"],
        "res.partner": ["category_id", "commercial_partner_id"],
    }

    case_id = fields.Many2one("crm.case", readonly=True)
    number = fields.Char(readonly=True)
    name = fields.Char(string="Subject", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    team_id = fields.Many2one("crm.case.team", readonly=True)
    user_id = fields.Many2one("res.users", string="Responsible", readonly=True)
    type_id = fields.Many2one("crm.case.type", readonly=True)
    category_id = fields.Many2one("crm.case.category", readonly=True)
    stage_id = fields.Many2one("crm.case.stage", readonly=True)
    state = fields.Selection(STATES, readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    priority = fields.Selection(PRIORITIES, readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    commercial_partner_id = fields.Many2one(
        "res.partner", string="Customer Company", readonly=True
    )
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    medium_id = fields.Many2one("utm.medium", string="Channel", readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    tag_ids = fields.Many2many(
        "crm.case.tag", "crm_case_tag_rel", "case_id", "tag_id", readonly=True
    )
    segment_ids = fields.Many2many(
        "res.partner.category",
        SEGMENTS,
        "case_id",
        "category_id",
        string="Segments",
        readonly=True,
    )
    active = fields.Boolean(readonly=True)

    create_date = fields.Datetime(string="Created On", readonly=True)
    date_open = fields.Datetime(string="Opened On", readonly=True)
    date_first_response = fields.Datetime(string="First Response", readonly=True)
    date_closed = fields.Datetime(string="Closed On", readonly=True)
    date_deadline = fields.Datetime(string="Deadline", readonly=True)

    nbr = fields.Integer(string="Cases", readonly=True)
    nbr_closed = fields.Integer(string="Closed", readonly=True)
    nbr_backlog = fields.Integer(string="Backlog", readonly=True)
    nbr_reopened = fields.Integer(string="Cases Reopened", readonly=True)
    nbr_escalated = fields.Integer(string="Cases Escalated", readonly=True)
    reopen_count = fields.Integer(string="Reopenings", readonly=True)
    escalation_level = fields.Integer(string="Escalations", readonly=True)
    nbr_messages = fields.Integer(string="Messages", readonly=True)
    hours_to_open = fields.Float(
        string="Hours to Open", aggregator="avg", readonly=True
    )
    hours_to_first_response = fields.Float(
        string="Hours to First Response", aggregator="avg", readonly=True
    )
    hours_to_close = fields.Float(
        string="Hours to Close", aggregator="avg", readonly=True
    )
    deadline_kept = fields.Float(
        string="Deadline Kept (%)", aggregator="avg", readonly=True
    )
    nbr_sla_kept = fields.Integer(string="SLA Targets Kept", readonly=True)
    nbr_sla_missed = fields.Integer(string="SLA Targets Missed", readonly=True)
    sla_success = fields.Float(
        string="SLA Success (%)", aggregator="avg", readonly=True
    )
    satisfaction = fields.Float(
        string="Satisfaction (1-5)", aggregator="avg", readonly=True
    )
    planned_revenue = fields.Monetary(readonly=True)
    expected_revenue = fields.Monetary(readonly=True)

    @property
    def _table_query(self):
        columns = SQL(", ").join(
            SQL("%s AS %s", expression, SQL.identifier(name))
            for name, expression in self._get_columns().items()
        )
        return SQL("SELECT %s FROM %s", columns, self._get_from())

    def _get_from(self):
        return SQL(
            """
            crm_case c
            LEFT JOIN res_partner p ON p.id = c.partner_id
            LEFT JOIN %s s ON s.case_id = c.id
            LEFT JOIN %s r ON r.case_id = c.id
            """,
            self._get_sla_targets(),
            self._get_ratings(),
        )

    def _get_ratings(self):
        """What customers told, from the ratings themselves: the last one that the
        framework notes on a case is not told of ratings that were brought in."""
        return SQL(
            """
            (
                SELECT res_id AS case_id, avg(rating) AS rating
                  FROM rating_rating
                 WHERE res_model = 'crm.case' AND consumed AND rating >= 1
              GROUP BY res_id
            )
            """
        )

    def _get_sla_targets(self):
        """The decided targets of each case, counted. Grouped by case, so that the
        database drops the join where nobody asks for it."""
        return SQL(
            """
            (
                SELECT case_id,
                       count(*) FILTER (WHERE NOT is_missed) AS kept,
                       count(*) FILTER (WHERE is_missed) AS missed
                  FROM (
                    SELECT case_id,
                           state,
                           state = 'failed' OR (
                               date_reached IS NULL
                               AND deadline < now() AT TIME ZONE 'UTC'
                           ) AS is_missed
                      FROM crm_case_sla_status
                  ) t
                 WHERE state != 'ongoing' OR is_missed
              GROUP BY case_id
            )
            """
        )

    def _get_columns(self):
        """The columns, by name; another addon adds its own here."""
        plain = {name: SQL.identifier("c", name) for name in COLUMNS}
        return {
            **plain,
            "case_id": SQL("c.id"),
            "active": SQL("c.active"),
            "commercial_partner_id": SQL("p.commercial_partner_id"),
            "nbr": SQL("1"),
            "nbr_closed": SQL("(c.state IN ('done', 'cancel'))::int"),
            "nbr_backlog": SQL("(c.state NOT IN ('done', 'cancel'))::int"),
            "nbr_reopened": SQL("(c.reopen_count > 0)::int"),
            "nbr_escalated": SQL("(c.escalation_level > 0)::int"),
            "nbr_messages": self._get_messages_column(),
            "deadline_kept": self._get_deadline_column(),
            "satisfaction": SQL("r.rating"),
            "nbr_sla_kept": SQL("COALESCE(s.kept, 0)"),
            "nbr_sla_missed": SQL("COALESCE(s.missed, 0)"),
            "sla_success": SQL(
                "CASE WHEN s.missed > 0 THEN 0 WHEN s.kept > 0 THEN 100 END"
            ),
            **self._get_hours_columns(),
        }

    def _get_hours_columns(self):
        stops = {
            "hours_to_open": "date_open",
            "hours_to_first_response": "date_first_response",
            "hours_to_close": "date_closed",
        }
        return {
            hours: SQL(
                "CASE WHEN %s IS NOT NULL THEN %s END",
                SQL.identifier("c", stop),
                SQL.identifier("c", hours),
            )
            for hours, stop in stops.items()
        }

    def _get_deadline_column(self):
        return SQL(
            """
            CASE
                WHEN c.date_deadline IS NULL OR c.state = 'cancel' THEN NULL
                WHEN COALESCE(c.date_closed, now() AT TIME ZONE 'UTC')
                     > c.date_deadline THEN 0
                WHEN c.date_closed IS NOT NULL THEN 100
            END
            """
        )

    def _get_messages_column(self):
        """What people wrote to each other; through the index on model and record."""
        return SQL(
            """
            (
                SELECT count(*)
                  FROM mail_message m
             LEFT JOIN mail_message_subtype s ON s.id = m.subtype_id
                 WHERE m.model = 'crm.case'
                   AND m.res_id = c.id
                   AND m.message_type IN ('comment', 'email')
                   AND m.is_internal IS NOT TRUE
                   AND s.internal IS NOT TRUE
            )
            """
        )

    def init(self):
        """The relation of cases and segments: the categories of the customer, and
        those of the company that the customer belongs to."""
        tools.drop_view_if_exists(self.env.cr, SEGMENTS)
        self.env.cr.execute(
            SQL(
                """
                CREATE VIEW %s AS
                SELECT c.id AS case_id, r.category_id
                  FROM crm_case c
                  JOIN res_partner_res_partner_category_rel r
                    ON r.partner_id = c.partner_id
                 UNION
                SELECT c.id, r.category_id
                  FROM crm_case c
                  JOIN res_partner p ON p.id = c.partner_id
                  JOIN res_partner_res_partner_category_rel r
                    ON r.partner_id = p.commercial_partner_id
                """,
                SQL.identifier(SEGMENTS),
            )
        )

    def action_open_case(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.case",
            "res_id": self.id,
            "views": [(False, "form")],
        }
