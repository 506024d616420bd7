"""Odoo's own gateway tests, with our addon installed: other apps notice nothing."""

import os
import subprocess
import sys

from dev import ROOT, Database, dev

SUITE = "odoo.addons.test_mail.tests.test_mail_gateway"


def test_other_apps_receive_mail_as_before():
    with Database() as name:
        dev("odoo", "-d", name, "-i", "test_mail", "--stop-after-init", "--no-http")
        command = [sys.executable, "-m", "pytest", "--pyargs", SUITE, "-q"]
        command += [f"--odoo-database={name}", f"--odoo-config={os.environ['ODOO_RC']}"]
        command += ["-p", "no:cacheprovider", "-c", os.devnull]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout
