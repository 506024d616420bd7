"""Our screens against those of Odoo's CRM, at the same volume.

What the web client asks for when it opens a list, a board or a filter, asked of
``crm.case`` and of ``crm.lead`` in turn. Both tables hold as many records with the same
shares: 10 % in work, the rest closed; the same users, teams, customers and followers.
"""

import re
import statistics
import time

from harness import in_turn
from lxml import etree

SIZES = {"small": (20_000, 5), "full": (200_000, 5)}
PAGE = 80
USERS, TEAMS, PARTNERS = 20, 5, 20_000
COUNTERPART = {"ongoing": [("won_status", "=", "pending"), ("active", "=", True)]}
ACTIVE = [("state", "in", ("draft", "open", "pending"))]

# name, our domain, theirs; where CRM has no such filter, its list of what is ongoing
CASES = [
    ("list: not closed", "list", ACTIVE, COUNTERPART["ongoing"]),
    ("board: not closed", "kanban", ACTIVE, COUNTERPART["ongoing"]),
    (
        "board: mine",
        "kanban",
        [("user_id", "=", "uid"), *ACTIVE],
        [("user_id", "=", "uid"), *COUNTERPART["ongoing"]],
    ),
    (
        "list: mine",
        "list",
        [("user_id", "=", "uid"), *ACTIVE],
        [("user_id", "=", "uid"), *COUNTERPART["ongoing"]],
    ),
    (
        "list: unassigned",
        "list",
        [("user_id", "=", False), *ACTIVE],
        [("user_id", "=", False), *COUNTERPART["ongoing"]],
    ),
    ("list: open", "list", [("state", "=", "open")], COUNTERPART["ongoing"]),
    ("list: pending", "list", [("state", "=", "pending")], COUNTERPART["ongoing"]),
    (
        "list: overdue",
        "list",
        [("is_overdue", "=", True)],
        ["&", ("date_closed", "=", False), ("date_deadline", "<", "today")],
    ),
    (
        "list: no answer yet",
        "list",
        [("date_first_response", "=", False), *ACTIVE],
        COUNTERPART["ongoing"],
    ),
    (
        "list: escalated",
        "list",
        [("escalation_level", ">", 0)],
        COUNTERPART["ongoing"],
    ),
    (
        "list: waiting for us",
        "list",
        [("awaiting_answer", "=", True)],
        COUNTERPART["ongoing"],
    ),
    ("list: everything", "list", [], [("type", "=", "opportunity")]),
    # In the CRM, what its search box asks of subject and customer.
    (
        "search: rare word",
        "list",
        [("search_text", "ilike", "number 4242")],
        [
            "|",
            ("name", "ilike", "number 4242 "),
            ("partner_id", "ilike", "number 4242 "),
        ],
    ),
    (
        "search: common word",
        "list",
        [("search_text", "ilike", "number")],
        ["|", ("name", "ilike", "number"), ("partner_id", "ilike", "number")],
    ),
]
VIEWS = {
    ("crm.case", "list"): "crm_cases.crm_case_view_list",
    ("crm.case", "kanban"): "crm_cases.crm_case_view_kanban",
    ("crm.lead", "list"): "crm.crm_case_tree_view_oppor",
    ("crm.lead", "kanban"): "crm.crm_case_kanban_view_leads",
}


def run(env, scale):
    """Return the report of ``./dev bench cases``."""
    size, rounds = SIZES[scale]
    env["ir.module.module"].search([("name", "=", "crm")]).button_immediate_install()
    bench = Bench(env(su=True), size)
    rows = [bench.compare(rounds, *case) for case in CASES]
    return {
        "title": f"Screens at {size:,} records: crm.case against crm.lead",
        "columns": [
            "screen",
            "user",
            "our_rows",
            "their_rows",
            "ours_ms",
            "crm_lead_ms",
            "ratio",
            "indexes",
        ],
        "rows": [row for pair in rows for row in pair],
        "notes": [
            "Server side: what the web client calls, with the fields of the real "
            "views, as a user of all records and of own records; caches dropped.",
            "Medians; the ratio is the median of the ratios per round.",
            "Indexes: those that our main query uses by EXPLAIN. «none» is a scan of "
            "the whole table.",
        ],
    }


class Bench:
    """A database with cases and leads, and the screens of both."""

    def __init__(self, env, size):
        self.env = env
        self.size = size
        self.specs = {}
        self._fill_people()
        self._fill("crm_case", self._template_case(), self._case_columns())
        self._fill("crm_lead", self._template_lead(), self._lead_columns())
        env.cr.commit()
        self._fill_words()
        env.cr.commit()  # both sides work on committed rows
        self._analyze()

    # Data

    def _fill_people(self):
        env = self.env
        groups = "crm_cases.crm_cases_group_{}", "sales_team.group_sale_salesman{}"
        self.user_all = self._user("all", groups[0].format("all"), "_all_leads")
        self.user_own = self._user("own", groups[0].format("own"), "")
        users = self.user_all + self.user_own
        for number in range(USERS - 2):
            users += self._user(f"u{number}", groups[0].format("own"), "")
        self.users = users
        self.teams = env["crm.case.team"].create(
            [
                {"name": f"Team {n}", "member_ids": users[n::TEAMS].ids}
                for n in range(TEAMS)
            ]
        )
        self.sales_teams = env["crm.team"].create(
            [{"name": f"Team {n}"} for n in range(TEAMS)]
        )
        env["res.partner"].create(
            [
                {"name": f"Customer {n}", "email": f"c{n}@bench.example.com"}
                for n in range(200)
            ]
        )
        env.flush_all()
        env.cr.execute(
            "SELECT array_agg(id) FROM res_partner"
            " WHERE email LIKE '%@bench.example.com'"
        )
        self.partners = env.cr.fetchone()[0]

    def _user(self, login, group, sales_suffix):
        refs = group, f"sales_team.group_sale_salesman{sales_suffix}"
        return (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": login,
                    "login": f"bench_{login}",
                    "group_ids": [(6, 0, [self.env.ref(ref).id for ref in refs])],
                }
            )
        )

    def _template_case(self):
        return self.env["crm.case"].create({"name": "T", "user_id": False}).id

    def _template_lead(self):
        lead = self.env["crm.lead"].create(
            {"name": "T", "user_id": False, "type": "opportunity"}
        )
        return lead.id

    def _case_columns(self):
        """SQL of the columns that differ from case to case; ``n`` counts them."""
        stages = {
            stage.state: stage.id for stage in self.env["crm.case.stage"].search([])
        }
        state = (
            "(CASE WHEN n % 10 > 0 THEN 'done' WHEN n % 40 = 0 THEN 'draft'"
            " WHEN n % 40 = 10 THEN 'pending' ELSE 'open' END)"
        )
        stage = "(CASE " + "".join(
            f" WHEN {state} = '{key}' THEN {value}" for key, value in stages.items()
        )
        active = f"{state} NOT IN ('done', 'cancel')"
        return {
            "number": "'BENCH-' || n",
            "name": "'Case number ' || n || ' ' || md5(n::text)",
            "state": state,
            "stage_id": f"{stage} END)",
            "team_id": self._pick(self.teams.ids, 3),
            "user_id": self._responsible(),
            "partner_id": self._pick(self.partners, 11),
            "priority": "(n / 10 % 4)::text",
            "escalation_level": "CASE WHEN n % 50 = 0 THEN 1 ELSE 0 END",
            "create_date": "now() - n % 700 * interval '1 day'",
            "date_closed": f"CASE WHEN {active} THEN NULL ELSE now() END",
            "date_deadline": "now() + (n / 10 % 60 - 5) * interval '1 day'",
            "date_first_response": "CASE WHEN n % 30 > 0 THEN now() END",
            "awaiting_answer": f"{active} AND n % 3 = 0",
        }

    def _lead_columns(self):
        stages = self.env["crm.stage"].search([])
        won = stages.filtered("is_won")[:1]
        ongoing = (stages - won).ids
        return {
            "name": "'Lead number ' || n || ' ' || md5(n::text)",
            "stage_id": f"CASE WHEN n % 10 > 0 THEN {won.id}"
            f" ELSE {self._pick(ongoing, 10)} END",
            "won_status": "CASE WHEN n % 10 > 0 THEN 'won' ELSE 'pending' END",
            "probability": "CASE WHEN n % 10 > 0 THEN 100 ELSE 20 END",
            "team_id": self._pick(self.sales_teams.ids, 3),
            "user_id": self._responsible(),
            "partner_id": self._pick(self.partners, 11),
            "priority": "(n / 10 % 4)::text",
            "create_date": "now() - n % 700 * interval '1 day'",
            "date_closed": "CASE WHEN n % 10 > 0 THEN now() END",
            "date_deadline": "now() + (n / 10 % 60 - 5) * interval '1 day'",
        }

    @staticmethod
    def _pick(ids, divisor):
        return (
            f"('{{{','.join(map(str, ids))}}}'::int[])[n / {divisor} % {len(ids)} + 1]"
        )

    def _responsible(self):
        return f"CASE WHEN n / 10 % 8 > 0 THEN {self._pick(self.users.ids, 7)} END"

    def _fill(self, table, template, columns):
        """Copy one real record, so that no column is left out."""
        cr = self.env.cr
        self.env.flush_all()
        cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND column_name NOT IN ('id', 'access_token')",
            [table],
        )
        names = [name for (name,) in cr.fetchall()]
        values = [columns.get(name, f't."{name}"') for name in names]
        quoted = ", ".join(f'"{name}"' for name in names)
        cr.execute(
            f"INSERT INTO {table} ({quoted}) SELECT {', '.join(values)}"
            f" FROM {table} t, generate_series(1, {self.size}) n"
            f" WHERE t.id = {template}"
        )
        cr.execute(
            f"INSERT INTO mail_followers (res_model, res_id, partner_id)"
            f" SELECT '{table.replace('_', '.')}', id,"
            f" {self._pick(self.users.partner_id.ids, 13)}"
            f" FROM (SELECT id, id AS n FROM {table} WHERE id > {template}) r"
        )

    def _fill_words(self):
        """As the scheduled action does for cases that came in by SQL."""
        documents = self.env["crm.case.document"]
        self.env.cr.execute("SELECT array_agg(id) FROM crm_case")
        case_ids = self.env.cr.fetchone()[0]
        for start in range(0, len(case_ids), 10_000):
            documents._write_documents(case_ids[start : start + 10_000])

    def _analyze(self):
        """As autovacuum leaves tables at rest. Twice: the words lock their cases, and
        a page with such a lock is taken for visible to all by the next pass only."""
        connection = self.env.cr._cnx
        connection.autocommit = True
        for table in (
            "crm_case",
            "crm_case_document",
            "crm_lead",
            "mail_followers",
            "res_partner",
        ):
            self.env.cr.execute(f"VACUUM {table}")
            self.env.cr.execute(f"VACUUM ANALYZE {table}")
        connection.autocommit = False

    # Screens

    def compare(self, rounds, screen, view, ours, theirs):
        """Time one screen on both sides, for both users."""
        return [
            self._compare(rounds, screen, view, ours, theirs, user)
            for user in (self.user_all, self.user_own)
        ]

    def _compare(self, rounds, screen, view, ours, theirs, user):
        sides = {
            "ours": lambda: self._open("crm.case", view, ours, user),
            "theirs": lambda: self._open("crm.lead", view, theirs, user),
        }
        for call in sides.values():
            call()  # the first call fills the caches of the registry
        results = in_turn(rounds, **sides)
        ratios = [a / b for a, b in zip(*results.values(), strict=True)]
        counts = [
            records.search_count(domain)
            for records, domain in (
                self._prepare("crm.case", ours, user),
                self._prepare("crm.lead", theirs, user),
            )
        ]
        return {
            "screen": screen,
            "user": user.name,
            "our_rows": counts[0],
            "their_rows": counts[1],
            "ours_ms": statistics.median(results["ours"]) * 1000,
            "crm_lead_ms": statistics.median(results["theirs"]) * 1000,
            "ratio": statistics.median(ratios),
            "indexes": self._explain("crm.case", ours, user),
        }

    def _open(self, model, view, domain, user):
        records, domain = self._prepare(model, domain, user)
        spec = self._spec(records, view)
        self.env.flush_all()
        self.env.invalidate_all()
        start = time.perf_counter()
        if view == "list":
            records.web_search_read(domain, spec, limit=PAGE, count_limit=10_001)
        else:
            self._open_board(records, domain, spec)
        return time.perf_counter() - start

    def _open_board(self, records, domain, spec):
        """A board asks for its columns with their first cards, and for its bars."""
        records.web_read_group(
            domain,
            ["stage_id"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification=spec,
            unfold_read_default_limit=40,
        )
        bar = {
            "field": "activity_state",
            "colors": {"planned": "success", "today": "warning", "overdue": "danger"},
        }
        records.read_progress_bar(domain, "stage_id", bar)

    def _prepare(self, model, domain, user):
        records = self.env[model].with_user(user).sudo(False)
        return records, [
            (*leaf[:2], user.id)
            if isinstance(leaf, tuple) and leaf[2] == "uid"
            else leaf
            for leaf in domain
        ]

    def _spec(self, records, view):
        key = records._name, view, records.env.uid
        if key not in self.specs:
            view_id = self.env.ref(VIEWS[records._name, view]).id
            arch = etree.fromstring(records.get_view(view_id, view)["arch"])
            nodes = arch.iterfind("field" if view == "list" else ".//field")
            names = {node.get("name") for node in nodes}
            self.specs[key] = {name: self._spec_of(records, name) for name in names}
        return self.specs[key]

    def _spec_of(self, records, name):
        field = records._fields[name]
        if not field.relational:
            return {}
        inner = {"display_name": {}}
        if field.type != "many2one" and "color" in records.env[field.comodel_name]:
            inner["color"] = {}
        return {"fields": inner}

    def _explain(self, model, domain, user):
        """Indexes on the way to the first page."""
        records, domain = self._prepare(model, domain, user)
        query = records._search(domain, limit=PAGE, order=records._order)
        self.env.cr.execute("EXPLAIN " + query.select().code, query.select().params)
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        table = records._table
        used = set(re.findall(rf"using (\w+) on {table}\b", plan))
        used |= set(re.findall(rf"Bitmap Index Scan on ({table}\w+)", plan))
        return ", ".join(sorted(used)) or "none"
