"""A pytest plugin: where ``CI`` is set, a skipped test is a failed one.

Odoo skips its browser tests when it finds no browser, which would be a green run
that proves nothing. ``./dev test`` loads this plugin.
"""

import os

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed here: {report.longrepr}"
