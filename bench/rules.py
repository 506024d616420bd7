"""One pass of a timed rule with 1,000 due cases among many open ones.

Of the others 99 % are past the threshold and were acted on long ago: a rule that looks
at everything finds them again in every pass. Odoo's ``base.automation`` does the same
work on the same table, in turn. Both only write one plain field of each case, so that
what is measured is finding and bookkeeping: once by an action that updates a record,
once by one that runs code.

A second measurement takes a pass in which nothing is due, which is what happens every
minute of the day.
"""

import statistics
import time
from datetime import timedelta

from harness import in_turn

from odoo import fields

SIZES = {"small": ([10_000, 100_000], 3), "full": ([10_000, 100_000, 1_000_000], 3)}
DUE = 1_000
# Odoo's own rule is left out where it would take the machine for minutes.
LARGEST_FOR_ODOO = 100_000
ACTIONS = {
    "update": {
        "state": "object_write",
        "update_path": "color",
        "evaluation_type": "equation",
        "value": "record.color + 1",
    },
    "code": {"state": "code", "code": "record.write({'color': record.color + 1})"},
}
COLUMNS = """
    SELECT string_agg(quote_ident(column_name), ', ')
    FROM information_schema.columns
    WHERE table_name = 'crm_case' AND column_name NOT IN
        ('id', 'number', 'name', 'active', 'write_date', 'date_last_stage_update',
         'color')
"""
FILL = """
    INSERT INTO crm_case (number, name, active, write_date, date_last_stage_update,
                          color, {columns})
    SELECT 'B' || {start} + n, 'Old', true, %(old)s,
        %(old)s::timestamp + n * interval '0.1 second', 1, {columns}
    FROM crm_case, generate_series(1, {count}) n WHERE crm_case.name = 'Template'
"""
LOG = """
    INSERT INTO crm_case_rule_run
        (rule_id, level_id, case_id, reference, iteration, state, attempts)
    SELECT %(rule)s, %(level)s, id, date_trunc('second', date_last_stage_update), 0,
        'done', 1
    FROM crm_case WHERE name = 'Old'
    ON CONFLICT DO NOTHING
"""
# Another thousand comes to be due, as if they had entered their stage a day ago.
ARM = """
    UPDATE crm_case SET date_last_stage_update = %(reference)s, color = 0
    WHERE id IN (SELECT id FROM crm_case WHERE name = 'Old' ORDER BY id
                 LIMIT %(due)s OFFSET %(offset)s)
"""
DISARM = """
    UPDATE crm_case SET date_last_stage_update = %(old)s
    WHERE date_last_stage_update > %(old)s::timestamp + interval '10 days'
    AND active
"""


def run(env, scale):
    """Measure both sides at growing sizes; see the module's documentation."""
    sizes, rounds = SIZES[scale]
    bench = Bench(env)
    rows, total = [], 0
    for size in sizes:
        bench.grow(size - total)
        total = size
        rows += [bench.measure(size, kind, rounds) for kind in ACTIONS]
    first = {row["action"]: row["ours (s)"] for row in reversed(rows)}
    for row in rows:
        row["ours, against the smallest"] = row["ours (s)"] / first[row["action"]]
    return {
        "title": f"Timed rules: a pass with {DUE:,} due among many open cases",
        "rows": rows,
        "notes": [
            f"{rounds} rounds in turn, medians; 99 % are past the threshold and done",
            "“nothing due” is a pass one minute later",
        ],
    }


class Bench:
    """The cases, and the same rule for both sides."""

    def __init__(self, env):
        self.env = env
        self.now = fields.Datetime.now()
        self.offset = 0
        self.first_pass = None
        env["crm.case.rule"].search([]).active = False
        env["base.automation"].search([]).active = False
        self.rule = env["crm.case.rule"].create(self._prepare_ours())
        self.automation = env["base.automation"].create(self._prepare_odoos())
        env["crm.case"].create({"name": "Template", "active": False, "user_id": False})
        env.cr.commit()

    def _prepare_action(self, usage):
        return {
            "name": "Count",
            "usage": usage,
            "model_id": self.env["ir.model"]._get_id("crm.case"),
            **ACTIONS["update"],
        }

    def _prepare_ours(self):
        actions = [(0, 0, self._prepare_action("crm_case_rule"))]
        level = {"amount": 1, "unit": "work_day", "action_ids": actions}
        return {
            "name": "Ours",
            "kind": "other",
            "reference": "date_last_stage_update",
            "include_past": True,
            "max_per_pass": 0,
            "level_ids": [(0, 0, level)],
        }

    def _prepare_odoos(self):
        field = self.env["ir.model.fields"]._get("crm.case", "date_last_stage_update")
        return {
            "name": "Odoo's",
            "model_id": self.env["ir.model"]._get_id("crm.case"),
            "trigger": "on_time",
            "trg_date_id": field.id,
            "trg_date_range": 1,
            "trg_date_range_type": "day",
            "trg_date_calendar_id": self.env.company.resource_calendar_id.id,
            "filter_domain": "[('state', 'in', ('draft', 'open', 'pending'))]",
            "action_server_ids": [(0, 0, self._prepare_action("base_automation"))],
        }

    def grow(self, count):
        """Add cases that were acted on long ago."""
        cr = self.env.cr
        cr.execute(COLUMNS)
        [[columns]] = cr.fetchall()
        cr.execute("SELECT count(*) FROM crm_case")
        [start] = cr.fetchone()
        cr.execute(
            FILL.format(columns=columns, start=start, count=count),
            {"old": self.now - timedelta(days=90)},
        )
        self._log()
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM ANALYZE crm_case")
        cr.execute("VACUUM ANALYZE crm_case_rule_run")
        cr._cnx.autocommit = False
        # The daily look at everything is measured apart.
        self.rule._reset_clocks()
        self.first_pass = self._timed(self.rule._cron_run)

    def measure(self, size, kind, rounds):
        for action in (
            self.rule.level_ids.action_ids + self.automation.action_server_ids
        ):
            action.write(ACTIONS[kind])
        self._ours()  # whoever comes first pays for what is read once
        sides = {"ours": self._ours}
        if size <= LARGEST_FOR_ODOO:
            sides["odoo"] = self._odoo
        results = in_turn(rounds, **sides)
        idle = statistics.median(self._timed(self._pass) for _n in range(5))
        ours = statistics.median(results["ours"])
        row = {
            "open cases": f"{size:,}",
            "action": kind,
            "ours (s)": ours,
            "Odoo's (s)": None,
            "ratio": None,
            "nothing due (ms)": idle * 1000,
            "daily full pass (s)": self.first_pass,
        }
        if "odoo" in results:
            row["Odoo's (s)"] = statistics.median(results["odoo"])
            row["ratio"] = row["Odoo's (s)"] / ours
        return row

    def _pass(self):
        self.rule._cron_run()

    def _ours(self):
        clock = self.rule.level_ids.clock_ids
        # The clock stood a little before: what is due now was not so then.
        threshold = clock.threshold
        clock.threshold = threshold - timedelta(seconds=60)
        self._arm(threshold - timedelta(seconds=30))
        seconds = self._timed(self._pass)
        self._check()
        self._disarm()
        return seconds

    def _odoo(self):
        now = fields.Datetime.now()
        calendar = self.automation.trg_date_calendar_id
        due = calendar.plan_days(-1, now, compute_leaves=True)
        self._arm(due - timedelta(seconds=30))
        self._log()  # our rule has not to do these
        self.automation.last_run = now - timedelta(days=4)
        automations = self.env["base.automation"]
        seconds = self._timed(automations._cron_process_time_based_actions)
        self._check()
        self._disarm()
        return seconds

    def _arm(self, reference):
        """Let another thousand come to be due."""
        values = {"reference": reference, "due": DUE, "offset": self.offset}
        self.env.cr.execute(ARM, values)
        self.offset += DUE

    def _disarm(self):
        """Put them back among those that were acted on long ago."""
        values = {"old": self.now - timedelta(days=90)}
        self.env.cr.execute(DISARM, values)
        self._log()
        self.env.cr.commit()

    def _log(self):
        values = {"rule": self.rule.id, "level": self.rule.level_ids.id}
        self.env.cr.execute(LOG, values)

    def _check(self):
        """Both sides did all, and nothing else."""
        self.env.cr.execute(
            "SELECT color, count(*) FROM crm_case WHERE active GROUP BY 1"
        )
        counts = dict(self.env.cr.fetchall())
        assert set(counts) == {1}, counts

    def _timed(self, call):
        self.env.cr.commit()
        self.env.invalidate_all()
        started = time.perf_counter()
        call()
        self.env.cr.commit()
        return time.perf_counter() - started
