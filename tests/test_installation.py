"""The addons install, update and leave, alone and together, without a murmur."""

import json
import re
import uuid

import pytest
from dev import dev

ADDONS = ["crm_cases", "crm_mailgateway", "crm_segmentation"]
MURMUR = re.compile(r"^\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) .*$", re.MULTILINE)

UNINSTALL = """
import json
addons = env["ir.module.module"].search([("name", "in", {addons!r})])
addons.button_immediate_uninstall()
env.cr.rollback()
left = env["ir.model"].search([("model", "=like", "crm.case%")])
left |= env["ir.model"].search([("model", "=like", "crm.mailgateway%")])
left |= env["ir.model"].search([("model", "=like", "crm.segmentation%")])
data = env["ir.model.data"].search([("module", "in", {addons!r})])
env.cr.execute("SELECT tablename FROM pg_tables WHERE tablename ~ %s", ("^crm_",))
tables = [name for (name,) in env.cr.fetchall()]
crons = env["ir.cron"].with_context(active_test=False).search([])
env.cr.execute(
    "SELECT column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name ~ %s",
    ("crm_case|crm_mailgateway|segmentation",),
)
columns = [name for (name,) in env.cr.fetchall()]
views = env["ir.ui.view"].with_context(active_test=False).search([])
env.cr.execute("SELECT 1 FROM mail_message WHERE model ~ %s", ("^crm[.]case",))
messages = env.cr.fetchall()
print(json.dumps({{
    "columns": columns,
    "views": [v.name for v in views if "crm_case" in (v.arch_db or "")],
    "messages": len(messages),
    "models": left.mapped("model"),
    "data": data.mapped("complete_name"),
    "tables": tables,
    "partners": env["res.partner"].search_count([]) > 0,
    "crons": [c.name for c in crons if not c.model_id],
}}))
"""

NOTHING_LEFT = {
    "columns": [],
    "views": [],
    "messages": 0,
    "models": [],
    "data": [],
    "tables": [],
    "partners": True,
    "crons": [],
}


@pytest.fixture
def empty():
    """The name of a database that does not exist yet; dropped at the end."""
    name = f"install_{uuid.uuid4().hex[:8]}"
    yield name
    dev("db", "drop", name)


def odoo(name, tmp_path, *arguments):
    """Run Odoo until its initialisation is over and return its log."""
    log = tmp_path / f"{uuid.uuid4().hex}.log"
    options = ["--stop-after-init", "--no-http", f"--logfile={log}"]
    dev("odoo", "-d", name, *arguments, *options)
    return log.read_text()


@pytest.mark.parametrize("addon", ADDONS)
def test_alone_on_an_empty_database(empty, tmp_path, addon):
    assert not MURMUR.findall(odoo(empty, tmp_path, "-i", addon))


def test_all_with_demo_updated_and_uninstalled(empty, tmp_path):
    together = ",".join(ADDONS)
    assert not MURMUR.findall(odoo(empty, tmp_path, "-i", together, "--with-demo"))
    assert not MURMUR.findall(odoo(empty, tmp_path, "-u", together))
    assert uninstalled(empty, ADDONS) == NOTHING_LEFT
    # What is left still starts and updates, and takes us in again.
    assert not MURMUR.findall(odoo(empty, tmp_path, "-u", "mail"))
    assert not MURMUR.findall(odoo(empty, tmp_path, "-i", together))


@pytest.mark.parametrize("addon", ADDONS[1:])
def test_one_leaves_the_others(empty, tmp_path, addon):
    dev("db", "create", empty, "--demo")
    assert uninstalled(empty, [addon])["partners"]
    others = [other for other in ADDONS if other != addon]
    assert not MURMUR.findall(odoo(empty, tmp_path, "-u", ",".join(others)))


def uninstalled(database, addons):
    """Uninstall without a murmur and tell what is left."""
    done = dev("shell", database, input_text=UNINSTALL.format(addons=addons))
    assert not MURMUR.findall(done.stderr), done.stderr
    return json.loads(done.stdout)
