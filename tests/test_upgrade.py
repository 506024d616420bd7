"""A database that an earlier version filled goes on with this one.

Needs the history of the repository, from which the earlier version is taken, with the
demo data that it made.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest
from dev import ROOT

ADDONS = "crm_cases,crm_mailgateway,crm_segmentation"
DATABASE = "earlier"
# The last commit of each version that was published.
EARLIER = {"1.2": "d9f131a", "1.3": "ef9c0b4", "1.4": "66bde9d"}

COUNT = """
import json
def told(model, *fields):
    records = env[model].sudo().with_context(active_test=False).search([], order="id")
    return [len(records), *(sorted(map(str, records.mapped(f))) for f in fields)]
print("COUNTED", json.dumps({
    "crm.case": told("crm.case", "number", "name", "state", "user_id.login"),
    "crm.case.team": told("crm.case.team", "name", "reopen_policy"),
    "crm.case.party": told("crm.case.party", "partner_id.name"),
    "crm.case.checklist": told("crm.case.checklist", "name"),
    "crm.case.sla.status": told("crm.case.sla.status", "state", "deadline"),
    "crm.case.rule": told("crm.case.rule", "name", "active"),
    "crm.mailgateway.message": told("crm.mailgateway.message", "sha256", "state"),
    "crm.mailgateway.rule": told("crm.mailgateway.rule", "name"),
    "crm.segmentation": told("crm.segmentation", "name", "state"),
    "crm.segmentation.event": told("crm.segmentation.event", "name"),
    "messages": env["mail.message"].search_count([("model", "=", "crm.case")]),
    "files": env["ir.attachment"].search_count([("res_model", "=", "crm.case")]),
    "members": env["crm.segmentation.membership"].search_count([]),
    "ratings": env["rating.rating"].search_count([]),
}))
"""

WORK = """
mail = (b"From: Una Upgrade <una@upgrade.example.com>\\r\\n"
        b"Subject: After the upgrade\\r\\n"
        b"Message-ID: <up@upgrade.example.com>\\r\\n\\r\\nHi")
env["mail.thread"].message_process(False, mail)
env.cr.commit()
case = env["crm.case"].search([("name", "=", "After the upgrade")])
case.action_open()
case.message_post(
    body="Welcome", message_type="comment", subtype_xmlid="mail.mt_comment"
)
case.action_close()
found = env["crm.case"].search([("search_text", "ilike", "upgrade")])
segmentations = env["crm.segmentation"].search([("state", "=", "not running")])
segmentations.process_start()
env["crm.case.rule"]._cron_run()
report = env["crm.case.report"].search_count([])
print("WORKED", case.state, len(case), case in found,
      set(segmentations.mapped("state")), report == env["crm.case"].search_count([]))
"""


class Checkout:
    """A clone of the repository with a database of its own."""

    def __init__(self, folder):
        self.folder = folder
        # A cluster of its own, as the database has a plain name.
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "CRM_CASES", "PYTEST"))
        }
        subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)

    def switch(self, commit):
        subprocess.run(["git", "checkout", "-q", commit], cwd=self.folder, check=True)

    def dev(self, *arguments, script=None):
        """Call the ``./dev`` of the clone, and return what it said."""
        result = subprocess.run(
            [sys.executable, str(self.folder / "dev"), *arguments],
            cwd=self.folder,
            env=self.environment,
            input=script,
            text=True,
            capture_output=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def count(self):
        said = self.dev("shell", DATABASE, script=COUNT)
        return json.loads(re.search("^COUNTED (.*)$", said, re.MULTILINE)[1])


def _lost(before, after):
    """What was there and is not any more; the demo of today may tell of more."""
    if isinstance(before, int):
        return max(0, before - after)
    values = zip(before[1:], after[1:], strict=True)
    return [lost for old, new in values if (lost := Counter(old) - Counter(new))]


@pytest.mark.slow
@pytest.mark.parametrize("version", EARLIER)
def test_upgrade(version, tmp_path):
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    checkout = Checkout(tmp_path / "checkout")
    checkout.switch(EARLIER[version])
    checkout.dev("db", "create", DATABASE, "--demo")
    try:
        before = checkout.count()
        assert before["crm.case"][0] > 20, "the demo tells a story"
        checkout.switch(head)
        said = checkout.dev("odoo", "-d", DATABASE, "-u", ADDONS, "--stop-after-init")
        assert not [line for line in said.splitlines() if " WARNING " in line]
        assert " ERROR " not in said
        after = checkout.count()
        for what, told in before.items():
            assert not _lost(told, after[what]), what
        worked = checkout.dev("shell", DATABASE, script=WORK)
        assert "WORKED done 1 True {'not running'} True" in worked, worked[-2000:]
    finally:
        checkout.dev("db", "drop", DATABASE)
