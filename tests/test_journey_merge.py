"""Two people merge the same cases at the same moment, on two connections."""

from dev import Database, shell

RACE = """
import json, threading, time
from odoo import api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry

def make(*names):
    cases = env["crm.case"].create([{"name": n, "user_id": False} for n in names])
    for case in cases:
        case.message_post(body=f"Word of {case.name}", message_type="comment")
    env.cr.commit()
    return cases

def race(*id_lists):
    start, outcome = threading.Barrier(2), []

    def merge(ids):
        with Registry(env.cr.dbname).cursor() as cr:
            cases = api.Environment(cr, 1, {})["crm.case"].browse(ids)
            cases.mapped("active")  # each has its snapshot now
            start.wait()
            try:
                cases._merge()
                cases.env.flush_all()
                time.sleep(1)  # the other one tries before this one is done
                cr.commit()
                outcome.append("merged")
            except UserError as error:
                cr.rollback()
                outcome.append(str(error))

    threads = [threading.Thread(target=merge, args=(ids,)) for ids in id_lists]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    env.cr.rollback()
    env.invalidate_all()
    return sorted(outcome)

def picture(cases):
    cases = cases.with_context(active_test=False)
    logs = env["crm.case.merge.log"].search([("case_id", "in", cases.ids)])
    words = env["mail.message"].search([
        ("model", "=", "crm.case"), ("res_id", "in", cases.ids),
        ("body", "like", "Word of"),
    ])
    survivors = cases.filtered("active")
    return {
        "active": len(survivors),
        "logs": len(logs),
        "words": len(words),
        "words of survivors": len(words.filtered(lambda w: w.res_id in survivors.ids)),
    }

same = make("A", "B")
same_outcome = race(same.ids, same.ids)
over = make("C", "D", "E")
over_outcome = race(over.ids[:2], over.ids[1:])
try:
    same._merge()
    late = "merged"
except UserError as error:
    late = str(error)
print(json.dumps({
    "same": [same_outcome, picture(same)],
    "overlapping": [over_outcome, picture(over)],
    "late": late,
}))
"""


def test_two_people_merge_the_same_cases_once():
    with Database() as name:
        outcome = shell(name, RACE)
    for race, survivors, words in (("same", 1, 2), ("overlapping", 2, 3)):
        (refusal, done), picture = outcome[race]
        assert done == "merged"
        assert refusal.startswith("Somebody else is changing"), refusal
        assert picture == {
            "active": survivors,
            "logs": 1,
            "words": words,
            "words of survivors": words,
        }
    assert "was merged already" in outcome["late"]
