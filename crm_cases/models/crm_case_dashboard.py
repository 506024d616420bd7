import time
from datetime import datetime, timedelta

import pytz
from babel.dates import format_skeleton

from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools.misc import babel_locale_parse, get_lang

from .case_states import ACTIVE_STATES
from .rating_rating import SATISFIED_DOMAIN

DAYS = 30
SOON = timedelta(hours=24)
PEOPLE = 12
MAX_TEAMS = 500
MINUTE = 60
# Ages in days: each bucket begins at one and ends before the next.
AGES = (0, 1, 3, 7, 30)


class CrmCaseDashboard(models.AbstractModel):
    """What a leader sees at a glance.

    BLOCKS: trend (backlog, what came and what went, day by day), age of the backlog,
    what is at risk, promises (in a file of their own), load per person, satisfaction.
    Each block is one call of the client and a fixed number of statements, however many
    cases there are.

    RIGHTS are those of the reader: a block counts what the reader could list, and
    every figure comes with the domain of the list behind it.

    FRESHNESS: a block is computed at most once a minute for one reader and team.
    """

    _name = "crm.case.dashboard"
    _description = "Dashboard of Cases"

    # ------------------------------------------------------------
    # CALLS OF THE CLIENT
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    def get_teams(self):
        """The teams to choose from; a leader's own ones first.

        :return: list of dicts: ``id``, ``name``, ``is_led``
        """
        teams = self.env["crm.case.team"].search([], limit=MAX_TEAMS)
        rows = [
            {
                "id": team.id,
                "name": team.complete_name,
                "is_led": team.user_id == self.env.user,
            }
            for team in teams
        ]
        return sorted(rows, key=lambda row: not row["is_led"])

    @api.model
    @api.readonly
    def get_block(self, name, team_id=False):
        """One block.

        :param str name: trend, ages, risk, sla, load or satisfaction
        :param team_id: only this team and those below it
        :return: dict, see the method of the block
        """
        if name not in self._get_blocks():
            raise ValueError(f"no such block: {name}")
        return self._get_cached_block(
            name, int(team_id or 0), int(time.time() // MINUTE)
        )

    @tools.ormcache(
        "self.env.uid",
        "tuple(self.env.companies.ids)",
        "self.env.lang",
        "self.env.user.tz",
        "name",
        "team_id",
        "minute",
    )
    def _get_cached_block(self, name, team_id, minute):
        return self._get_blocks()[name](self._get_team_domain(team_id))

    def _get_blocks(self):
        return {
            "trend": self._get_trend,
            "ages": self._get_ages,
            "risk": self._get_risk,
            "load": self._get_load,
            "satisfaction": self._get_satisfaction,
        }

    # ------------------------------------------------------------
    # BLOCKS
    # ------------------------------------------------------------

    def _get_trend(self, team_domain):
        """Cases that came and went, and how many were left at the end of each day.

        :return: dict of ``days``: list of ``date``, ``came``, ``went``, ``backlog``,
            and the domains of the first two
        """
        backlog = self.env["crm.case"].search_count(team_domain & self._active())
        came = self._count_by_day(team_domain, "create_date")
        went = self._count_by_day(team_domain, "date_closed")
        locale = babel_locale_parse(get_lang(self.env).code)
        days = []
        for day in reversed(self._get_days()):
            came_today, went_today = came.get(day, 0), went.get(day, 0)
            days.append(
                {
                    "date": fields.Date.to_string(day),
                    "label": format_skeleton("MMMd", day, locale=locale),
                    "came": came_today,
                    "went": went_today,
                    "backlog": backlog,
                    "came_domain": self._on_day(team_domain, "create_date", day),
                    "went_domain": self._on_day(team_domain, "date_closed", day),
                }
            )
            backlog += went_today - came_today
        return {"days": days[::-1]}

    def _get_ages(self, team_domain):
        """How old the backlog is.

        :return: dict of ``buckets``: list of ``label``, ``count``, ``domain``
        """
        now = fields.Datetime.now()
        buckets = []
        for begin, end in zip(AGES, (*AGES[1:], None), strict=True):
            domain = team_domain & self._active()
            domain &= Domain("create_date", "<=", now - timedelta(days=begin))
            if end:
                domain &= Domain("create_date", ">", now - timedelta(days=end))
            buckets.append(self._figure(self._get_age_label(begin, end), domain))
        return {"buckets": buckets}

    def _get_risk(self, team_domain):
        """What needs somebody now.

        :return: dict of ``figures``: list of ``key``, ``label``, ``count``, ``domain``
        """
        wanted = self._get_risks(fields.Datetime.now())
        base = team_domain & self._active()
        return {
            "figures": [
                {"key": key, **self._figure(label, base & domain)}
                for key, (label, domain) in wanted.items()
            ]
        }

    def _get_risks(self, now):
        """What can be wrong with an open case: label and domain by key."""
        return {
            "overdue": (self.env._("Overdue"), Domain("date_deadline", "<", now)),
            "soon": (
                self.env._("Due within a day"),
                Domain("date_deadline", ">=", now)
                & Domain("date_deadline", "<", now + SOON),
            ),
            "waiting": (
                self.env._("Waiting for us"),
                Domain("awaiting_answer", "=", True),
            ),
            "unassigned": (self.env._("Unassigned"), Domain("user_id", "=", False)),
            "escalated": (
                self.env._("Escalated"),
                Domain("escalation_level", ">", 0),
            ),
        }

    def _get_load(self, team_domain):
        """Open cases of each person, the busiest first.

        :return: dict of ``people``: list of ``id``, ``name``, ``count``, ``waiting``,
            ``overdue`` and the domains of the three
        """
        base = team_domain & self._active() & Domain("user_id", "!=", False)
        overdue = Domain("date_deadline", "<", fields.Datetime.now())
        waiting = Domain("awaiting_answer", "=", True)
        late, asked = (
            self._count_by_user(base & overdue),
            self._count_by_user(base & waiting),
        )
        people = [
            {
                "id": user.id,
                "name": user.name,
                "count": count,
                "waiting": asked.get(user, 0),
                "overdue": late.get(user, 0),
                "domain": list(base & Domain("user_id", "=", user.id)),
                "waiting_domain": list(
                    base & waiting & Domain("user_id", "=", user.id)
                ),
                "overdue_domain": list(
                    base & overdue & Domain("user_id", "=", user.id)
                ),
            }
            for user, count in self._count_by_user(base, limit=PEOPLE).items()
        ]
        return {"people": people}

    def _get_satisfaction(self, team_domain):
        """What customers told in the last days.

        :return: dict of ``count``, ``average``, ``domain`` (of ``rating.rating``), and
            ``faces``: list of ``rate``, ``count``, ``domain``
        """
        teams = self.env["crm.case.team"].search(
            self._get_own_teams_domain(team_domain)
        )
        since = fields.Datetime.now() - timedelta(days=DAYS)
        domain = Domain(SATISFIED_DOMAIN) & Domain("parent_res_id", "in", teams.ids)
        domain &= Domain("rated_on", ">=", since)
        groups = self.env["rating.rating"]._read_group(
            domain, ["rating"], ["__count", "rating:sum"]
        )
        total = sum(count for _rate, count, _sum in groups)
        return {
            "count": total,
            "average": sum(row[2] for row in groups) / total if total else 0,
            "domain": list(domain),
            "faces": [
                {
                    "rate": rate,
                    "label": label,
                    "count": sum(row[1] for row in groups if low < row[0] <= rate),
                    "domain": list(
                        domain
                        & Domain("rating", ">", low)
                        & Domain("rating", "<=", rate)
                    ),
                }
                for rate, low, label in self._get_faces()
            ],
        }

    # ------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------

    def _get_team_domain(self, team_id):
        return Domain("team_id", "child_of", team_id) if team_id else Domain.TRUE

    def _get_own_teams_domain(self, team_domain):
        """The domain on teams that means the same as one on the cases of teams."""
        return team_domain.map_conditions(
            lambda condition: Domain("id", condition.operator, condition.value)
        )

    def _active(self):
        return Domain("state", "in", ACTIVE_STATES)

    def _figure(self, label, domain):
        count = self.env["crm.case"].search_count(domain)
        return {"label": label, "count": count, "domain": list(domain)}

    def _count_by_user(self, domain, limit=None):
        groups = self.env["crm.case"]._read_group(
            domain, ["user_id"], ["__count"], order="__count desc, user_id", limit=limit
        )
        return dict(groups)

    def _get_timezone(self):
        return pytz.timezone(self.env.user.tz or "UTC")

    def _get_days(self):
        """The last days of the reader, oldest first."""
        today = datetime.now(self._get_timezone()).date()
        return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]

    def _begin_of(self, day):
        """When a day of the reader begins, in UTC."""
        begin = self._get_timezone().localize(datetime(day.year, day.month, day.day))
        return begin.astimezone(pytz.utc).replace(tzinfo=None)

    def _count_by_day(self, team_domain, field):
        since = self._begin_of(self._get_days()[0])
        cases = self.env["crm.case"].with_context(tz=self._get_timezone().zone)
        groups = cases._read_group(
            team_domain & Domain(field, ">=", since), [f"{field}:day"], ["__count"]
        )
        return {day.date(): count for day, count in groups}

    def _on_day(self, team_domain, field, day):
        begin, end = self._begin_of(day), self._begin_of(day + timedelta(days=1))
        return list(
            team_domain
            & Domain(field, ">=", fields.Datetime.to_string(begin))
            & Domain(field, "<", fields.Datetime.to_string(end))
        )

    def _get_age_label(self, begin, end):
        if not end:
            return self.env._("over %s days", begin)
        if end == 1:
            return self.env._("today")
        return self.env._("%(begin)s to %(end)s days", begin=begin, end=end)

    def _get_faces(self):
        return (
            (5, 3, self.env._("Happy")),
            (3, 1, self.env._("So-so")),
            (1, 0, self.env._("Unhappy")),
        )
