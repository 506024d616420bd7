"""A person who is erased is found nowhere: not in the database, not on the disk, not
inside of what lies there. And Odoo's own search for personal data finds her before.
"""

import base64
import binascii
import email
import io
import re
import zipfile

import pytest
from dev import Database, dev, shell

ADDRESS = "zora.quillfeather@privacy.example.com"

# One shell each, as an administrator would: what one leaves, the next one finds.
ARRIVE = """
import io
import json
import zipfile
from email.message import EmailMessage

ADDRESS = "zora.quillfeather@privacy.example.com"

def pack(text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("letter.txt", "Yours, " + text)
    return buffer.getvalue()

def compose(sender, subject, text, cte="7bit", attached=None, **headers):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@gate.example", subject
    mail["Message-ID"] = "<%s@mua.example>" % subject.replace(" ", "-")
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text, cte=cte)
    if attached:
        mail.add_attachment(pack(attached), "application", "zip", filename="a.zip")
        inner = EmailMessage()
        inner["From"], inner["Subject"] = attached, "Forwarded"
        inner.set_content("Written by " + attached, cte="base64")
        mail.add_attachment(inner)
    return mail.as_bytes()

def receive(*args, **kwargs):
    env["mail.thread"].message_process("crm.case", compose(*args, **kwargs))
    env.cr.commit()
    return env["crm.case"].with_context(active_test=False).search(
        [], limit=1, order="id desc")

def settle():
    env.flush_all()
    env.cr.precommit.run()
    env.cr.commit()

env.user.group_ids += env.ref("crm_cases.crm_cases_group_manager")
Partner = env["res.partner"]
zora = Partner.create({"name": "Zora Quillfeather", "email": ADDRESS,
                       "comment": "<p>%s</p>" % ADDRESS})
other = Partner.create({"name": "Otto", "email": "otto@other.example"})
env.cr.commit()
case = receive(ADDRESS, "Broken bell", "I am " + ADDRESS, "base64", ADDRESS)
cc = receive("otto@other.example", "Her bell", "Look at it", Cc=ADDRESS)
plain = receive("otto@other.example", "About her", "Write to " + ADDRESS)
coded = receive("otto@other.example", "Of her", "Answer " + ADDRESS, "base64")
# The same Message-ID with other bytes: ignored as a duplicate, and made no message
receive("otto@other.example", "Of her", "Once more: " + ADDRESS, "base64")
assert env["crm.mailgateway.message"].search([], limit=1).state == "ignored"
case.description = "<p>Call %s</p>" % ADDRESS
case.message_post(body="Dear %s" % ADDRESS, partner_ids=zora.ids,
                  attachments=[("a.zip", pack(ADDRESS))], message_type="comment",
                  subtype_xmlid="mail.mt_comment")
party = env["crm.case.party"].create(
    {"name": "Ask " + ADDRESS, "case_id": plain.id, "partner_id": zora.id})
env["crm.case.request"].create({"name": "Bell", "email": ADDRESS,
                                "team_id": case.team_id.id})
plain.message_post(body="She is %s" % ADDRESS, message_type="comment")
for record in (case, plain):
    env["mail.scheduled.message"].create({
        "model": "crm.case", "res_id": record.id, "body": "Later to " + ADDRESS,
        "author_id": env.user.partner_id.id, "scheduled_date": "2031-01-01 00:00:00"})
env["crm.mailgateway.blocked"].create({"email": ADDRESS})
tag = env["res.partner.category"].create({"name": "Bells"})
segmentation = env["crm.segmentation"].create({
    "name": "Bells", "categ_id": tag.id, "description": "Not for " + ADDRESS})
segmentation.message_post(body="Pinned for " + ADDRESS)
env["crm.segmentation.event"].create(
    {"name": "Called " + ADDRESS, "partner_id": zora.id, "score": 3})
env["crm.segmentation.event"].create(
    {"name": "With " + ADDRESS, "partner_id": other.id, "score": 3})
for model in ("membership", "pin"):
    env["crm.segmentation." + model].create(
        {"segmentation_id": segmentation.id, "partner_id": zora.id})
settle()

lookup = env["privacy.lookup.wizard"].create(
    {"name": zora.name, "email": ADDRESS})
lookup.action_lookup()
settle()
found = {}
for line in lookup.line_ids:
    found.setdefault(line.res_model, []).append(line.res_id)
lookup.line_ids.unlink()
lookup.unlink()
settle()
print(json.dumps({"found": found, "partner": zora.id, "case": case.id,
                  "party": party.id}))
"""

ERASE = """
import json
env.user.group_ids += env.ref("crm_cases.crm_cases_group_manager")
zora = env["res.partner"].search([("email", "=", %r)])
wizard = env["crm.case.erase"].with_context(
    active_model="res.partner", active_ids=zora.ids).create({"is_sure": True})
preview = wizard.preview
wizard.action_erase()
env.flush_all()
env.cr.precommit.run()
env.cr.commit()
env["ir.attachment"]._gc_file_store()
env.cr.commit()
other = env["crm.case"].search([("name", "=", "About her")])
print(json.dumps({"preview": preview, "other": other.email_from,
                  "said": other.message_ids.mapped("body")}))
"""

DUMP = """
import base64
import json
from pathlib import Path
from odoo.tools import config
needle = %r
env.cr.execute('''
    SELECT c.table_name, c.column_name, c.data_type
      FROM information_schema.columns c
      JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
''')
texts, contents = [], {}
for table, column, kind in env.cr.fetchall():
    if kind == "bytea":
        env.cr.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
        for number, row in enumerate(env.cr.fetchall()):
            contents[f"{table}.{column} {number}"] = bytes(row[0])
    else:
        env.cr.execute(f'SELECT count(*) FROM "{table}"'
                       f' WHERE position(%%s IN lower("{column}"::text)) > 0', [needle])
        if env.cr.fetchone()[0]:
            texts.append(f"{table}.{column}")
for path in Path(config.filestore(env.cr.dbname)).rglob("*"):
    if path.is_file() and path.stat().st_size < 2 ** 20:
        contents[f"file {path.name}"] = path.read_bytes()
print(json.dumps({"texts": texts, "contents": {
    name: base64.b64encode(content).decode() for name, content in contents.items()}}))
"""


def holds(content, needle):
    """Whether a text stands in bytes, or in anything packed into them."""
    if needle in content.lower():
        return True
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(holds(archive.read(name), needle) for name in archive.namelist())
    if re.match(rb"[\w-]+: ", content):
        mail = email.message_from_bytes(content)
        parts = [part.get_payload(decode=True) or b"" for part in mail.walk()]
        return any(holds(part, needle) for part in parts if part != content)
    try:
        return needle in base64.b64decode(content, validate=True).lower()
    except binascii.Error:
        return False


def look(database):
    """Where the address stands."""
    dump = shell(database, DUMP % ADDRESS)
    places = set(dump["texts"])
    for name, content in dump["contents"].items():
        if holds(base64.b64decode(content), ADDRESS.encode()):
            places.add(name.split()[0])
    return places


@pytest.fixture(scope="module")
def database():
    with Database() as name:
        install = ["-d", name, "-i", "privacy_lookup", "--stop-after-init", "--no-http"]
        dev("odoo", *install)
        yield name


def test_a_person_is_found_by_odoo_and_then_nowhere(database):
    there = shell(database, ARRIVE)
    found = there["found"]
    assert found["res.partner"] == [there["partner"]]
    assert there["case"] in found["crm.case"]
    assert found["crm.case.party"] == [there["party"]]
    for model in ("crm.case.request", "crm.mailgateway.message"):
        assert found[model], model
    assert found["crm.mailgateway.blocked"]

    before = look(database)
    assert {"crm_mailgateway_raw.content", "file"} <= before
    assert {"mail_message.body", "crm_segmentation.description"} <= before

    gone = shell(database, ERASE % ADDRESS)
    assert look(database) == set()
    assert gone["other"] == "otto@other.example", "whose case it is stays"
    assert any("Write to" in body for body in gone["said"])
