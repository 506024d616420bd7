"""Two workers assign the same cases at the same moment, on two connections."""

from dev import Database, shell

RACE = """
import json, threading, time
from odoo import api
from odoo.modules.registry import Registry
from odoo.tests import new_test_user
import psycopg2

groups = "crm_cases.crm_cases_group_own"
members = [new_test_user(env, f"member{n}", groups=groups).id for n in range(3)]
team = env["crm.case.team"].create({"name": "Race", "member_ids": [(6, 0, members)]})
vals = [{"name": f"Race {n}", "team_id": team.id, "user_id": False} for n in range(6)]
cases = env["crm.case"].create(vals)
team.assign_method = "round_robin"
env.cr.commit()

assigned, refused = [], []
start = threading.Barrier(2)

def work():
    first = True
    while True:
        with Registry(env.cr.dbname).cursor() as cr:
            mine = api.Environment(cr, 1, {})["crm.case"].browse(cases.ids)
            mine.mapped("user_id")  # each worker has its snapshot now
            if first:
                start.wait()
            first = False
            try:
                done = mine._assign()
                mine.env.flush_all()
                time.sleep(0.5)
                cr.commit()
                assigned.append(len(done))
                return
            except psycopg2.errors.SerializationFailure:
                refused.append(1)
                cr.rollback()

threads = [threading.Thread(target=work) for _worker in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
env.cr.rollback()
env.invalidate_all()
subtype = env.ref("crm_cases.mt_case_assigned")
told = [len(c.message_ids.filtered(lambda m: m.subtype_id == subtype)) for c in cases]
print(json.dumps({
    "assigned": sorted(assigned),
    "refused": len(refused),
    "users": [members.index(case.user_id.id) for case in cases],
    "told": told,
}))
"""


def test_two_workers_assign_each_case_once():
    with Database() as name:
        outcome = shell(name, RACE)
    assert outcome == {
        "assigned": [0, 6],
        "refused": 1,
        "users": [0, 1, 2, 0, 1, 2],
        "told": [1] * 6,
    }
