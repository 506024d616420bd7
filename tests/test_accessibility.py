"""The pages of customers and the dashboard, examined by axe-core in a real browser.

axe-core comes with a Python package that is fetched by its name; nothing of it is part
of this repository.
"""

import shutil
import subprocess
import sys
import zipfile

import pytest
from dev import Database
from odoo_server import OdooServer
from playwright.sync_api import sync_playwright

PACKAGE = "axe-playwright-python"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
SERIOUS = ("serious", "critical")
# Pages of a customer of the demo: address, and what must be there.
CUSTOMER_PAGES = ("/my/cases", "/my/cases?groupby=status", "/my/cases/new")


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core."""
    folder = tmp_path_factory.mktemp("axe")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", PACKAGE]
    subprocess.run([*command, "-d", str(folder)], check=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [n for n in archive.namelist() if n.endswith("axe.min.js")]
        return archive.read(name).decode()


@pytest.fixture(scope="module")
def server():
    with Database("--demo") as name, OdooServer(name) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


class Visitor:
    """A browser window in which pages are examined."""

    def __init__(self, browser, url, axe, scheme):
        context = browser.new_context(color_scheme=scheme)
        self.page = context.new_page()
        self.url, self.axe = url, axe

    def login(self, user):
        self.page.goto(f"{self.url}/web/login")
        self.page.fill("input[name=login]", user)
        self.page.fill("input[name=password]", user)
        self.page.click("button[type=submit]")
        self.page.wait_for_load_state("load")

    def examine(self, path=None, ready="main"):
        """Findings of serious or critical impact on a page."""
        if path:
            self.page.goto(self.url + path)
        self.page.wait_for_selector(ready)
        self.page.evaluate(self.axe)
        result = self.page.evaluate("axe.run()")
        assert result["passes"], "axe has looked at something"
        return [
            (finding["id"], [node["target"] for node in finding["nodes"]])
            for finding in result["violations"]
            if finding["impact"] in SERIOUS
        ]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_customers_meet_no_barrier(server, browser, axe, scheme):
    visitor = Visitor(browser, server.url, axe, scheme)
    visitor.login("customer")
    for path in CUSTOMER_PAGES:
        assert not visitor.examine(path), path
    visitor.page.goto(f"{server.url}/my/cases")
    visitor.page.click(".o_case_table a >> nth=0")
    assert not visitor.examine(ready="#case_conversation")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_meets_no_barrier(server, browser, axe, scheme):
    domain = [("form_access", "=", "public")]
    [team, *_more] = server.call("crm.case.team", "search", domain)
    visitor = Visitor(browser, server.url, axe, scheme)
    assert not visitor.examine(f"/cases/new/{team}", "#form_email")
    visitor.page.click("button[type=submit]")
    assert not visitor.examine("/cases/confirm/1-x")


@pytest.mark.slow
def test_leaders_meet_no_barrier(server, browser, axe):
    """What is ours of the dashboard; the frame around it is the framework's."""
    visitor = Visitor(browser, server.url, axe, "light")
    visitor.login("leader")
    found = visitor.examine("/odoo/cases-dashboard", ".o_cases_figure")
    ours = [f for f in found if any("o_cases" in str(t) for t in f[1])]
    assert not ours
