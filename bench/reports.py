"""Our analysis and dashboard against the reports of Odoo's CRM, at the same volume.

Graph, pivot and list of ``crm.case.report`` are asked as the web client asks them, and
``crm.lead`` for what comes next to it, in turn. The CRM has neither promises, messages
per record nor a dashboard: these stand alone. Each case has two targets, one message,
a customer with a segment; the months are spread over two years.
"""

import re
import statistics
import time

from cases import SIZES, Bench
from harness import in_turn

MONTHS = ["create_date:month", "team_id"]
SINCE = [("create_date", ">=", "-1m")]
PIVOT = [
    "nbr:sum",
    "nbr_closed:sum",
    "nbr_backlog:sum",
    "hours_to_first_response:avg",
    "hours_to_close:avg",
    "sla_success:avg",
    "satisfaction:avg",
]
LEADS = ["__count", "expected_revenue:sum", "probability:avg", "day_close:avg"]

# name, our domain, groups and figures; theirs
REPORTS = [
    ("graph: team, month", [], MONTHS, ["nbr:sum"], [], MONTHS, ["__count"]),
    ("graph: last month", SINCE, MONTHS, ["nbr:sum"], SINCE, MONTHS, ["__count"]),
    ("pivot: as it opens", [], ["team_id"], PIVOT, [], ["team_id"], LEADS),
    ("pivot: person, state", [], ["user_id", "state"], ["nbr:sum"], [],
     ["user_id", "stage_id"], ["__count"]),
    ("pivot: SLA by team", [], ["team_id"], ["sla_success:avg"], None, None, None),
    ("pivot: by segment", [], ["segment_ids"], ["nbr:sum"], None, None, None),
    ("pivot: messages", [], ["team_id"], ["nbr_messages:sum"], None, None, None),
]  # fmt: skip
BLOCKS = ("trend", "ages", "risk", "sla", "load", "satisfaction")
STATUSES = """
    INSERT INTO crm_case_sla_status
        (case_id, sla_id, kind, company_id, team_id, user_id, state, success,
         date_reached, deadline, warning_at)
    SELECT c.id, %(policy)s, kind, c.company_id, c.team_id, c.user_id, verdict,
        (verdict = 'reached')::int,
        CASE WHEN verdict != 'ongoing' THEN c.create_date + interval '1 day' END,
        CASE WHEN verdict = 'ongoing' THEN now() + (c.id %% 90) * interval '1 hour' END,
        CASE WHEN verdict = 'ongoing'
            THEN now() + (c.id %% 60 - 9) * interval '1 hour' END
    FROM (
        SELECT *, CASE WHEN state IN ('done', 'cancel')
            THEN CASE WHEN id %% 7 > 0 THEN 'reached' ELSE 'failed' END
            ELSE 'ongoing' END AS verdict FROM crm_case
    ) c, unnest(array['response', 'resolution']) kind
    ON CONFLICT DO NOTHING
"""
MESSAGES = """
    INSERT INTO mail_message
        (model, res_id, message_type, subtype_id, is_internal, date, body)
    SELECT 'crm.case', id, 'comment', %(subtype)s, false, create_date, 'Hello'
    FROM crm_case
"""
SEGMENTS = """
    INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id)
    SELECT id, %(segment)s FROM res_partner WHERE id %% 3 = 0
    ON CONFLICT DO NOTHING
"""
RATINGS = """
    INSERT INTO rating_rating
        (res_model_id, res_model, res_id, parent_res_model_id, parent_res_model,
         parent_res_id, rating, consumed, rated_on, access_token)
    SELECT %(case)s, 'crm.case', id, %(team)s, 'crm.case.team', team_id,
        1 + id %% 3 * 2, true, create_date, md5(id::text)
    FROM crm_case WHERE id %% 10 = 0 AND team_id IS NOT NULL
"""


def run(env, scale):
    """Return the report of ``./dev bench reports``."""
    size, rounds = SIZES[scale]
    env["ir.module.module"].search([("name", "=", "crm")]).button_immediate_install()
    bench = ReportBench(env(su=True), size)
    rows = [bench.compare_report(rounds, *report) for report in REPORTS]
    rows.append(bench.measure_list(rounds))
    rows += [bench.measure_block(rounds, name) for name in BLOCKS]
    return {
        "title": f"Reports at {size:,} records: crm.case.report against crm.lead",
        "columns": ["report", "ours_ms", "own_ms", "crm_lead_ms", "ratio", "queries",
                    "indexes"],
        "rows": rows,
        "notes": [
            "ours: a reader of all cases; own: of own cases; medians, caches dropped.",
            "Indexes that the plan uses on the cases and their targets, messages and "
            "ratings; «none» reads all cases, as a figure over all of them must.",
        ],
    }  # fmt: skip


class ReportBench(Bench):
    """Cases with all that is reported of them."""

    def _analyze(self):
        env = self.env
        xmlids = {
            "case": env["ir.model"]._get_id("crm.case"),
            "team": env["ir.model"]._get_id("crm.case.team"),
            "subtype": env.ref("mail.mt_comment").id,
            "policy": env["crm.case.sla"].create({"name": "P", "response_hours": 1}).id,
            "segment": env["res.partner.category"].create({"name": "Gold"}).id,
        }
        env.flush_all()
        for statement in (STATUSES, MESSAGES, SEGMENTS, RATINGS):
            env.cr.execute(statement, xmlids)
        env.cr.execute(
            "UPDATE crm_case c SET sla_deadline = s.deadline FROM crm_case_sla_status s"
            " WHERE s.case_id = c.id AND s.deadline IS NOT NULL"
        )
        env.cr.commit()  # what is measured works on committed rows
        super()._analyze()
        connection = env.cr._cnx
        connection.autocommit = True
        for table in ("crm_case_sla_status", "mail_message", "rating_rating"):
            env.cr.execute(f"VACUUM ANALYZE {table}")
        connection.autocommit = False

    def compare_report(self, rounds, name, domain, groups, figures, *theirs):
        sides = {
            side: self._reader("crm.case.report", user, domain, groups, figures)
            for side, user in (("ours", self.user_all), ("own", self.user_own))
        }
        if theirs[0] is not None:
            sides["lead"] = self._reader("crm.lead", self.user_all, *theirs)
        return self._measure(rounds, name, sides)

    def measure_list(self, rounds):
        spec = {"number": {}, "name": {}, "team_id": {"fields": {"display_name": {}}}}

        def reader(user):
            report = self.env["crm.case.report"].with_user(user).sudo(False)
            return lambda: report.web_search_read(
                [], spec, limit=80, count_limit=10_001
            )

        sides = {"ours": reader(self.user_all), "own": reader(self.user_own)}
        return self._measure(rounds, "list: first page", sides)

    def measure_block(self, rounds, name):
        """A block of the dashboard as it is computed, once a minute."""

        def reader(user):
            dashboard = self.env["crm.case.dashboard"].with_user(user).sudo(False)
            return lambda: dashboard._get_blocks()[name](dashboard._get_team_domain(0))

        sides = {"ours": reader(self.user_all), "own": reader(self.user_own)}
        return self._measure(rounds, f"dashboard: {name}", sides)

    def _reader(self, model, user, domain, groups, figures):
        records = self.env[model].with_user(user).sudo(False)
        return lambda: records.formatted_read_group(domain, groups, figures)

    def _measure(self, rounds, name, sides):
        timed = {
            side: lambda call=call: self._time(call) for side, call in sides.items()
        }
        for call in timed.values():
            call()  # the first call fills the caches of the registry
        queries, plans = self._explain_all(sides["ours"])
        results = in_turn(rounds, **timed)
        medians = {side: statistics.median(times) for side, times in results.items()}
        row = {
            "report": name,
            "ours_ms": medians["ours"] * 1000,
            "own_ms": medians["own"] * 1000,
            "queries": queries,
            "indexes": plans,
        }
        if "lead" in medians:
            ratios = zip(results["ours"], results["lead"], strict=True)
            row["crm_lead_ms"] = medians["lead"] * 1000
            row["ratio"] = statistics.median(ours / theirs for ours, theirs in ratios)
        return row

    def _time(self, call):
        self.env.flush_all()
        self.env.invalidate_all()
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    def _explain_all(self, call):
        """How many statements a call takes, and the indexes they use.

        The statements themselves are explained, by the database's own module for that.
        """
        self.env.invalidate_all()
        cr = self.env.cr
        cr.execute("LOAD 'auto_explain'")
        for setting in ("log_min_duration = 0", "log_nested_statements = off"):
            cr.execute(f"SET auto_explain.{setting}")
        cr.execute("SET client_min_messages = log")
        before, notices = cr.sql_log_count, cr._cnx.notices
        del notices[:]
        call()
        queries = cr.sql_log_count - before
        plan = "\n".join(notices)
        cr.execute("RESET client_min_messages")
        cr.execute("SET auto_explain.log_min_duration = -1")
        tables = "crm_case|crm_case_sla_status|mail_message|rating_rating"
        used = set(re.findall(rf"using (\w+) on (?:{tables})\b", plan))
        used |= set(re.findall(rf"Bitmap Index Scan on ((?:{tables})_\w+)", plan))
        return queries, ", ".join(sorted(used)) or "none"
