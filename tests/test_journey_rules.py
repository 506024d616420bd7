"""Timed rules with many due cases: two workers at once, one poisoned case, and a
worker that is killed in mid-sweep. Every case is acted on once."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from dev import ROOT, shell

SETUP = """
import json
from datetime import timedelta
from odoo import fields

env["crm.case.rule"].search([]).active = False
model = env["ir.model"]._get_id("crm.case")
action = env["ir.actions.server"].create({
    "name": "Count", "usage": "crm_case_rule", "model_id": model, "state": "code",
    "code": '''
if record.name == "Poison":
    record.write({"color": 99})
    raise UserError("Cannot be done")
if record.name == "Deadly":
    record.die()
record.write({"color": record.color + 1})
''',
})
now = fields.Datetime.now()
rule = env["crm.case.rule"].create({
    "name": "Count", "kind": "other", "max_per_pass": 0,
    "active_since": now - timedelta(days=30),
    "level_ids": [(0, 0, {"amount": 1, "unit": "hour",
                          "action_ids": [(6, 0, action.ids)]})],
})
env.cr.execute("UPDATE crm_case_rule_level SET create_date = %s",
               [now - timedelta(days=30)])
env["crm.case"].create({"name": "Template", "active": False, "user_id": False})
env.cr.commit()
print(json.dumps(rule.id))
"""

# More cases, as like the first as makes no difference, faster than one by one.
FILL = """
import json
env.cr.execute('''
    SELECT string_agg(quote_ident(column_name), ', ')
    FROM information_schema.columns
    WHERE table_name = 'crm_case' AND column_name NOT IN
        ('id', 'number', 'name', 'active', 'create_date', 'write_date', 'color')
''')
[[columns]] = env.cr.fetchall()
env.cr.execute(f'''
    INSERT INTO crm_case
        (number, name, active, create_date, write_date, color, {columns})
    SELECT '{PREFIX}-' || n, CASE WHEN {POISON} AND n = 7 THEN 'Poison' ELSE 'Due' END,
        true, now() AT TIME ZONE 'UTC' - interval '2 hours',
        now() AT TIME ZONE 'UTC', 0, {columns}
    FROM crm_case, generate_series(1, {COUNT}) n WHERE crm_case.name = 'Template'
''')
env.cr.commit()
print(json.dumps(env.cr.rowcount))
"""

SWEEP = """
import json, os, signal
type(env["crm.case"]).die = lambda case: os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
env["crm.case.rule"]._cron_run()
print(json.dumps("done"))
"""

RESULT = """
import json
env.cr.execute("SELECT name, color, count(*) FROM crm_case WHERE active "
               "GROUP BY name, color ORDER BY name, color")
cases = env.cr.fetchall()
env.cr.execute("SELECT state, attempts, count(*) FROM crm_case_rule_run "
               "GROUP BY state, attempts ORDER BY state")
print(json.dumps({"cases": cases, "runs": env.cr.fetchall()}))
"""

NAME_DEADLY = """
import json
env.cr.execute("UPDATE crm_case SET name = 'Deadly' WHERE number = 'DEADLY-5'")
env.cr.commit()
print(json.dumps(env.cr.rowcount))
"""

TIME_PASSES = """
import json
env.cr.execute("UPDATE crm_case_rule_run SET next_try = now() AT TIME ZONE 'UTC'"
               " - interval '1 minute' WHERE state = 'failed'")
env.cr.commit()
print(json.dumps(env.cr.rowcount))
"""


def fill(database, count, prefix, poison=False):
    values = f"COUNT, PREFIX, POISON = {count}, {prefix!r}, {poison}\n"
    shell(database, values + FILL)


def start_sweep(database):
    """Start a worker in a process of its own; return it when its sweep begins."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "dev"), "shell", database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    process.stdin.write(SWEEP)
    process.stdin.close()
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process):
    assert json.loads(process.stdout.read()) == "done"
    assert process.wait(60) == 0


def check_two_workers(database, count):
    shell(database, SETUP)
    fill(database, count, "TWO", poison=True)
    workers = [start_sweep(database) for _worker in range(2)]
    for worker in workers:
        finish(worker)
    outcome = shell(database, RESULT)
    assert outcome["cases"] == [["Due", 1, count - 1], ["Poison", 0, 1]]
    assert outcome["runs"] == [["done", 1, count - 1], ["failed", 1, 1]]
    for _attempt in range(5):
        shell(database, TIME_PASSES)
        finish(start_sweep(database))
    outcome = shell(database, RESULT)
    assert outcome["cases"] == [["Due", 1, count - 1], ["Poison", 0, 1]]
    assert outcome["runs"] == [["done", 1, count - 1], ["parked", 5, 1]]


def test_two_workers_and_a_poisoned_case(database):
    check_two_workers(database, 400)


@pytest.mark.slow
def test_two_workers_and_ten_thousand_due_cases(database):
    check_two_workers(database, 10_000)


def check_kills(database, rounds, count=400):
    """Kill a worker somewhere in its sweep, again and again; then let one finish."""
    shell(database, SETUP)
    source = random.Random(2026)
    total = cut_short = 0
    for number in range(rounds):
        fill(database, count, f"KILL{number}")
        total += count
        worker = start_sweep(database)
        time.sleep(source.uniform(0.1, 1.5))
        cut_short += worker.poll() is None
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    assert cut_short, "no sweep was hit: the proof proves nothing"
    finish(start_sweep(database))
    # One that was alone when the worker was killed counts that as an attempt.
    shell(database, TIME_PASSES)
    finish(start_sweep(database))
    outcome = shell(database, RESULT)
    assert outcome["cases"] == [["Due", 1, total]]
    assert {state for state, _attempts, _count in outcome["runs"]} == {"done"}
    assert sum(count for _state, _attempts, count in outcome["runs"]) == total


def test_a_sweep_survives_kill_9(database):
    check_kills(database, rounds=3)


@pytest.mark.slow
def test_a_sweep_survives_thirty_kills(database):
    check_kills(database, rounds=30)


def check_deadly_case(database, attempts):
    """A case takes the whole process with it, whoever works on it: once in company,
    and then alone, until a person is asked. All others are done at once."""
    shell(database, SETUP)
    fill(database, 12, "DEADLY")
    shell(database, NAME_DEADLY)
    for attempt in range(attempts):
        # The first time nobody knows yet which case it is.
        for _death in range(1 if attempt else 2):
            worker = start_sweep(database)
            assert worker.wait(120) != 0
        finish(start_sweep(database))
        shell(database, TIME_PASSES)
    outcome = shell(database, RESULT)
    assert outcome["cases"] == [["Deadly", 0, 1], ["Due", 1, 11]]
    state = "parked" if attempts > 4 else "failed"
    assert outcome["runs"] == [["done", 1, 11], [state, attempts, 1]]


def test_a_case_that_kills_its_worker(database):
    check_deadly_case(database, attempts=1)


@pytest.mark.slow
def test_a_case_that_kills_its_worker_is_parked(database):
    check_deadly_case(database, attempts=5)
