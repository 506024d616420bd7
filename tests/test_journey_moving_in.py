"""Moving in from another app of the database: what was there is here, once."""

import json
import subprocess
import sys
import tempfile

import pytest
from dev import ROOT, Database, dev, shell

COMMON = """
import json
from datetime import datetime, timedelta
MAILS = env["mail.mail"].search_count([])
Partner = env["res.partner"]
anna = Partner.create({"name": "Anna", "email": "anna@customer.example.com"})
fan = Partner.create({"name": "Fan", "email": "fan@customer.example.com"})
user = env["res.users"].create(
    {"name": "Una", "login": "una", "email": "una@own.example"})
env.user.group_ids += env.ref("crm_cases.crm_cases_group_manager")

def talk(records):
    for number, record in enumerate(records):
        record.with_context(mail_create_nosubscribe=True).message_post(
            body="<p>Word %d</p>" % number, author_id=anna.id, message_type="email",
            subtype_xmlid="mail.mt_comment", email_from=anna.email,
            date=datetime(2024, 1, 2, 3, 4, 5), message_id="<w%d@old>" % number,
            attachments=[("a%d.txt" % number, b"content")])
        record.message_subscribe(fan.ids)
        record.activity_schedule("mail.mail_activity_data_todo", summary="Call",
                                 user_id=user.id)
    env.flush_all()
    env.cr.execute("UPDATE %s SET create_date = '2023-12-01 08:00:00'" % records._table)
    env.invalidate_all()
    env.cr.precommit.run()

def count(model, domain):
    return {
        "messages": env["mail.message"].search_count(
            [("model", "=", model), ("res_id", "in", domain),
             # what a colleague was told is not in the conversation
             ("message_type", "!=", "user_notification")]),
        "tracking": env["mail.tracking.value"].search_count(
            [("mail_message_id.model", "=", model),
             ("mail_message_id.res_id", "in", domain)]),
        "files": env["ir.attachment"].search_count(
            [("res_model", "=", model), ("res_id", "in", domain)]),
        "followers": len(env["mail.followers"].search(
            [("res_model", "=", model), ("res_id", "in", domain)]).mapped("id")),
        "activities": env["mail.activity"].with_context(active_test=False).search_count(
            [("res_model", "=", model), ("res_id", "in", domain)]),
    }

def convert(source, **values):
    wizard = env["crm.case.move"].create({"source": source, **values})
    counts = wizard.total_count, wizard.moved_count, wizard.todo_count
    before = env["crm.case"].search_count([])
    wizard.action_try()
    tried = wizard.added_count, wizard.failed_count
    problems = wizard.problem_ids.mapped("reason")
    assert env["crm.case"].search_count([]) == before, "a trial run leaves nothing"
    wizard.action_convert()
    env.flush_all()
    env.cr.precommit.run()
    return wizard, {"counts": counts, "tried": tried, "problems": problems,
                    "converted": wizard.added_count}

def look(source, records, **values):
    old = count(records._name, records.ids)
    wizard, report = convert(source, **values)
    cases = wizard.case_ids.sorted("id")
    again = convert(source, **values)[1]
    mail = cases[0].message_ids.filtered(lambda m: m.message_type == "email")
    return cases, {
        "report": report, "again": again, "old": old,
        "left": count(records._name, records.ids),
        "new": count("crm.case", cases.ids),
        "states": cases.mapped("state"),
        "created": sorted(set(map(str, cases.mapped("create_date")))),
        "mail": [str(mail.date), mail.author_id.name, mail.message_id,
                 mail.attachment_ids.raw.decode(), mail.attachment_ids.res_model],
        "sent": env["mail.mail"].search_count([]) - MAILS,
        "sla": cases.sla_status_ids.ids,
        "responsible": cases.user_id.mapped("name"),
        "teams": sorted(set(cases.team_id.mapped("name"))),
    }
"""

LEADS = (
    COMMON
    + """
env.ref("base.user_admin").group_ids += env.ref("sales_team.group_sale_manager")
env.user.group_ids += env.ref("sales_team.group_sale_manager")
team = env["crm.team"].create({"name": "Lamps", "user_id": user.id})
tag = env["crm.tag"].create({"name": "Hot"})
stages = env["crm.stage"].search([])
quiet = env["crm.lead"].with_context(mail_create_nosubscribe=True)
leads = quiet.create([
    {"name": "Lead %d" % number, "type": "lead" if number == 0 else "opportunity",
     "team_id": team.id, "user_id": user.id, "partner_id": anna.id,
     "expected_revenue": 100 * number, "priority": "2", "tag_ids": tag.ids,
     "date_deadline": "2030-05-06", "stage_id": stages[min(number, 1)].id}
    for number in range(5)])
talk(leads)
leads[2].action_set_won()
reason = env["crm.lost.reason"].create({"name": "Too dear"})
leads[3].action_set_lost(lost_reason_id=reason.id)
env.flush_all()
env.cr.precommit.run()
MAILS = env["mail.mail"].search_count([])
cases, seen = look("crm.lead", leads)
later = quiet.create({"name": "Later", "type": "lead"})
seen["third"] = convert("crm.lead")[1]["converted"]
reply = b"From: anna@customer.example.com\\nTo: x@y.example\\nSubject: Re: Lead\\n" \\
    b"Message-ID: <r@new>\\nIn-Reply-To: <w1@old>\\n\\nMore"
env["mail.thread"].message_process("crm.case", reply)
seen["reply"] = [m.body for m in cases[1].message_ids if m.message_id == "<r@new>"]
seen.update(
    outcomes=cases.mapped("outcome"), reasons=cases.close_reason_id.mapped("name"),
    revenue=sum(cases.mapped("planned_revenue")), tags=cases.tag_ids.mapped("name"),
    types=[case.type_id.code for case in cases], active=all(cases.mapped("active")),
    deadline=str(cases[0].date_deadline),
    priorities=sorted(set(cases.mapped("priority"))),
    menu=env.ref("crm_cases.crm_case_move_menu").id in
    env["ir.ui.menu"]._load_menus_blacklist())
print(json.dumps(seen))
"""
)

TICKETS = (
    COMMON
    + """
env.user.group_ids += env.ref("helpdesk_mgmt.group_helpdesk_manager")
team = env["helpdesk.ticket.team"].create({"name": "Hall", "user_ids": user.ids})
parent = env["helpdesk.ticket.category"].create({"name": "Light"})
category = env["helpdesk.ticket.category"].create(
    {"name": "Lamps", "parent_id": parent.id})
tag = env["helpdesk.ticket.tag"].create({"name": "Hot"})
stages = env["helpdesk.ticket.stage"].search([])
tickets = env["helpdesk.ticket"].with_context(mail_create_nosubscribe=True).create([
    {"name": "Ticket %d" % number, "description": "<p>Dark</p>", "team_id": team.id,
     "user_id": user.id, "partner_id": anna.id, "partner_email": anna.email,
     "category_id": category.id, "tag_ids": tag.ids, "priority": "3",
     "stage_id": stage.id}
    for number, stage in enumerate(stages)])
talk(tickets)
env.flush_all()
env.cr.precommit.run()
MAILS = env["mail.mail"].search_count([])
cases, seen = look("helpdesk.ticket", tickets)
seen.update(
    numbers=[cases.mapped("number"), tickets.sorted("id").mapped("number")],
    stages=stages.mapped("name"), category=cases.category_id.complete_name,
    tags=cases.tag_ids.mapped("name"))
print(json.dumps(seen))
"""
)


def check_same(seen, total):
    assert seen["report"] == {
        "counts": [total, 0, total],
        "tried": [total, 0],
        "problems": [],
        "converted": total,
    }
    assert seen["again"]["counts"] == [total, total, 0]
    assert seen["again"]["converted"] == 0
    assert seen["new"] == seen["old"] == seen["left"]
    assert all(seen["old"][kind] for kind in ("messages", "files", "activities"))
    assert seen["created"] == ["2023-12-01 08:00:00"]
    assert seen["mail"][:3] == ["2024-01-02 03:04:05", "Anna", "<w0@old>"]
    assert seen["mail"][3:] == ["content", "crm.case"]
    assert seen["sent"] == 0
    assert seen["sla"] == []
    assert seen["responsible"] == ["Una"]


def test_leads_become_cases():
    with Database() as database:
        install = ["-d", database, "-i", "crm", "--stop-after-init", "--no-http"]
        dev("odoo", *install)
        seen = shell(database, LEADS)
    check_same(seen, 5)
    assert seen["states"] == ["draft", "open", "done", "cancel", "open"]
    assert seen["outcomes"] == [False, False, "won", "lost", False]
    assert seen["reasons"] == ["Too dear"]
    assert seen["revenue"] == 1000
    assert seen["types"] == ["lead", *["opportunity"] * 4]
    assert seen["deadline"] == "2030-05-06 12:00:00"
    assert seen["priorities"] == ["2"]
    assert (seen["tags"], seen["teams"]) == (["Hot"], ["Lamps"])
    assert seen["active"] and not seen["menu"]
    assert seen["third"] == 1
    assert seen["reply"], "an answer to an old mail finds the case"


@pytest.mark.slow
def test_tickets_become_cases():
    """The helpdesk of the OCA comes from the package index. Slow: two minutes, most of
    them installing."""
    with Database() as database, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
        command += ["--target", folder, "odoo-addon-helpdesk_mgmt>=19.0,<19.1"]
        subprocess.run(command, check=True)
        places = ["--addons-path", f"{ROOT},{folder}/odoo/addons", "--no-http"]
        install = ["-d", database, "-i", "helpdesk_mgmt", "--stop-after-init"]
        dev("odoo", *install, *places)
        options = ["shell", "-d", database, "--log-level=warn", *places]
        done = dev("odoo", *options, input_text=TICKETS)
    seen = json.loads(done.stdout.splitlines()[-1])
    check_same(seen, len(seen["stages"]))
    meaning = dict(zip(seen["stages"], seen["states"], strict=True))
    assert meaning["New"] == "draft"
    assert meaning["In Progress"] == "open"
    assert meaning["Awaiting"] == "pending"
    assert meaning["Done"] == "done"
    assert meaning["Cancelled"] == meaning["Rejected"] == "cancel"
    assert seen["numbers"][0] == seen["numbers"][1]
    assert seen["category"] == "Light / Lamps"
    assert (seen["tags"], seen["teams"]) == (["Hot"], ["Hall"])
