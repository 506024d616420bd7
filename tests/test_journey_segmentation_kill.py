"""Segmentations on real processes: killed in mid-run, and started twice at once."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from dev import ROOT, Database, shell

PARTNERS = 2000
WRITERS = 20

# Partners and invoices by SQL, so that a run has a hundred ranges to be killed in
BOOKS = f"""
import json
env["account.chart.template"].try_loading("generic_coa", company=env.company)
journal = env["account.journal"].search([("type", "=", "sale")], limit=1)
env.cr.execute('''
    WITH new AS (
        INSERT INTO res_partner (name, complete_name, active, is_company, type,
                                 autopost_bills, create_date)
        SELECT 'Kill ' || i, 'Kill ' || i, TRUE, TRUE, 'contact', 'ask', now()
          FROM generate_series(1, {PARTNERS}) i
        RETURNING id)
    INSERT INTO account_move (name, date, invoice_date, state, move_type, journal_id,
           company_id, currency_id, auto_post, partner_id, commercial_partner_id,
           amount_untaxed_signed)
    SELECT 'KILL/' || id, now(), now(), 'posted', 'out_invoice', %s, %s, %s, 'no', id,
           id, id %% 200 FROM new
''', [journal.id, env.company.id, env.company.currency_id.id])
env.cr.execute("UPDATE res_partner SET commercial_partner_id = id"
               " WHERE commercial_partner_id IS NULL")

def segmentation(name, category, limit):
    return env["crm.segmentation"].create({{
        "name": name,
        "categ_id": category.id,
        "exclusif": True,
        "segmentation_line": [
            (0, 0, {{"expr_name": "sale", "expr_operator": ">", "expr_value": limit}})
        ],
    }})

gold, silver = env["res.partner.category"].create([{{"name": "G"}}, {{"name": "S"}}])
first = segmentation("First", gold, 100)
second = segmentation("Second", gold, 150)
third = segmentation("Third", silver, 50)
env.cr.commit()
print(json.dumps([first.id, second.id, third.id]))
"""

WORKER = """
import os, time
from odoo.addons.crm_segmentation.models import crm_segmentation_ranges as ranges
ranges.RANGE_SIZE = {size}
segmentations = env["crm.segmentation"].browse({ids})
print("ready", flush=True)
while not os.path.exists({start!r}):
    time.sleep(0.01)
env.cr.rollback()
env.invalidate_all()
segmentations.{method}()
env.cr.commit()
print("done", flush=True)
"""

WRITER = """
import json, os, random, threading
import psycopg2
from odoo import api
from odoo.modules.registry import Registry

env.cr.execute("SELECT id FROM res_partner WHERE name LIKE 'Kill %'")
ids = [id_ for [id_] in env.cr.fetchall()]
tag = env["res.partner.category"].create({"name": "Writers"}).id
env.cr.commit()
counts = {"posted": 0, "tagged": 0, "retried": 0, "deadlocks": 0, "errors": []}
lock = threading.Lock()

def count(key):
    with lock:
        counts[key] += 1

def post(env, partner_id):
    move = env["account.move"].create({
        "move_type": "out_invoice",
        "partner_id": partner_id,
        "invoice_date": "2026-03-02",
        "invoice_line_ids": [
            (0, 0, {"name": "A", "price_unit": 120, "tax_ids": [(5,)]})
        ],
    })
    move.action_post()

def write_tag(env, partner_id):
    partner = env["res.partner"].browse(partner_id)
    command = 3 if tag in partner.category_id.ids else 4
    partner.write({"category_id": [(command, tag)], "comment": str(random.random())})

def work(seed):
    rand = random.Random(seed)
    while not os.path.exists(STOP):
        what, call = rand.choice([("posted", post), ("tagged", write_tag)])
        try:
            with Registry(env.cr.dbname).cursor() as cr:
                call(api.Environment(cr, 1, {}), rand.choice(ids))
            count(what)
        except psycopg2.errors.DeadlockDetected:
            count("deadlocks")
        except psycopg2.errors.SerializationFailure:
            count("retried")
        except psycopg2.errors.LockNotAvailable:
            count("retried")
        except Exception as error:
            with lock:
                counts["errors"].append(repr(error)[:300])

threads = [threading.Thread(target=work, args=(n,)) for n in range(WRITERS)]
[thread.start() for thread in threads]
print("ready", flush=True)
[thread.join() for thread in threads]
print(json.dumps(counts), flush=True)
"""

# What was logged while others wrote is caught up with; then a full run finds nothing.
OUTCOME = """
import json
first = env["crm.segmentation"].browse(%s)
env["crm.segmentation"].search([("id", "!=", first.id)]).active = False
state = first.state
first.process_continue() if state != "not running" else None
runs = first.run_id
first.next_run = "2020-01-01"
first.invalidate_recordset()
env.cr.commit()
env["crm.segmentation"]._cron_process()
env.invalidate_all()
kind = first.run_id.kind
first.process_start()
env.invalidate_all()
env.cr.execute('''
    SELECT COUNT(*), COUNT(left_on), COUNT(DISTINCT partner_id) FILTER
           (WHERE left_on IS NULL), COUNT(*) FILTER (WHERE left_on IS NULL)
      FROM crm_segmentation_membership WHERE segmentation_id = %%s''', [first.id])
rows, left, members, open_rows = env.cr.fetchone()
env.cr.execute('''
    SELECT COUNT(*) FROM crm_segmentation_membership m
      FULL JOIN (SELECT partner_id FROM res_partner_res_partner_category_rel
                  WHERE category_id = %%s) r ON r.partner_id = m.partner_id
     WHERE m.left_on IS NULL AND (m.partner_id IS NULL OR r.partner_id IS NULL)
       AND COALESCE(m.segmentation_id, %%s) = %%s
    ''', [first.categ_id.id, first.id, first.id])
untagged = env.cr.fetchone()[0]
env.cr.execute("SELECT SUM(entered_count), SUM(left_count) FROM crm_segmentation_run"
               " WHERE segmentation_id = %%s AND state = 'done'", [first.id])
entered_count, left_count = env.cr.fetchone()
print(json.dumps({
    "state": first.state,
    "kind": kind,
    "fresh": [first.entered_count, first.left_count, first.drift_count],
    "rows": [rows, left],
    "counted": [entered_count, left_count],
    "twice": open_rows - members,
    "untagged": untagged,
}))
"""


class Shell:
    """A process of Odoo's shell that runs a script, and can be killed."""

    def __init__(self, database, script):
        command = [sys.executable, str(ROOT / "dev"), "shell", database]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.process.stdin.write(script)
        self.process.stdin.close()

    def expect(self, line):
        found = self.process.stdout.readline().strip()
        assert found == line, found

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def result(self):
        output = self.process.stdout.read()
        assert self.process.wait() == 0, output
        return output.strip()


def worker(database, ids, start, method="process_continue", size=20):
    values = {"ids": ids, "start": str(start), "method": method, "size": size}
    return Shell(database, WORKER.format(**values))


def check_kills(folder, rounds):
    """Kill a run again and again while others write, and compare at the end."""
    stop, start = folder / "stop", folder / "start"
    start.touch()
    source = random.Random(2026)
    with Database() as name:
        first, _second, _third = shell(name, BOOKS)
        constants = f"STOP = {str(stop)!r}\nWRITERS = {WRITERS}\n"
        writer = Shell(name, constants + WRITER)
        writer.expect("ready")
        for _round in range(rounds):
            process = worker(name, [first], start)
            process.expect("ready")
            time.sleep(source.uniform(0.2, 2.5))
            process.kill()
        finisher = worker(name, [first], start)
        finisher.expect("ready")
        assert finisher.result() == "done"
        stop.touch()
        counts = json.loads(writer.result())
        outcome = shell(name, OUTCOME % first)
    assert counts["deadlocks"] == 0
    assert not counts["errors"]
    assert counts["posted"] > rounds and counts["tagged"] > rounds, counts
    assert outcome["state"] == "not running"
    assert outcome["kind"] == "incremental"
    assert outcome["fresh"] == [0, 0, 0], "a fresh full run finds nothing to do"
    assert outcome["rows"] == outcome["counted"], "no change was lost or done twice"
    assert outcome["twice"] == outcome["untagged"] == 0


def test_a_run_survives_kill_9_while_others_write(tmp_path):
    check_kills(tmp_path, rounds=3)


@pytest.mark.slow
def test_a_run_survives_thirty_kills(tmp_path):
    check_kills(tmp_path, rounds=30)


COUNT_RUNS = """
import json
env.cr.execute('''
    SELECT s.name, s.state, s.member_count, COUNT(r.id)
      FROM crm_segmentation s JOIN crm_segmentation_run r ON r.segmentation_id = s.id
     WHERE r.state = 'done' AND s.id IN %s
     GROUP BY s.id ORDER BY s.id''', [tuple(IDS)])
rows = env.cr.fetchall()
env.cr.execute("SELECT COUNT(*), COUNT(DISTINCT (segmentation_id, partner_id))"
               " FROM crm_segmentation_membership")
print(json.dumps([rows, env.cr.fetchone()]))
"""


def test_two_processes_compute_each_segmentation_once(tmp_path):
    """The same ones, and others that share a category, started at one moment."""
    start = tmp_path / "start"
    with Database() as name:
        ids = shell(name, BOOKS)
        processes = [
            worker(name, some, start, "process_start", size=100)
            for some in (ids, ids[::-1])
        ]
        for process in processes:
            process.expect("ready")
        start.touch()
        assert [process.result() for process in processes] == ["done", "done"]
        rows, [memberships, different] = shell(name, f"IDS = {ids}\n" + COUNT_RUNS)
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("First", "not running", 1),
        ("Second", "not running", 1),
        ("Third", "not running", 1),
    ]
    assert memberships == different > 0
    assert memberships == sum(row[2] for row in rows)
