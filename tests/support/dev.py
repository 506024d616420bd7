"""Calling ``./dev`` from tests, as a user would."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

ROOT = Path(os.environ.get("CRM_CASES_ROOT") or Path(__file__).parents[2])


def dev(*arguments, input_text=None, check=True, timeout=600):
    """Run ``./dev`` with arguments and return the finished process.

    :param bool check: fail with all that it printed if it fails
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev"), *arguments],
        input=input_text,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if check and done.returncode:
        raise AssertionError(f"./dev {arguments}\n{done.stdout}\n{done.stderr}")
    return done


def shell(database, script):
    """Run a script in Odoo's shell and return what it printed, as JSON."""
    return json.loads(dev("shell", database, input_text=script).stdout)


class Database:
    """A throw-away database; a context manager that drops it at its end."""

    def __init__(self, *options):
        self.name = f"journey_{uuid.uuid4().hex[:8]}"
        self.options = options

    def __enter__(self):
        dev("db", "create", self.name, *self.options)
        return self.name

    def __exit__(self, *_exception):
        dev("db", "drop", self.name)
