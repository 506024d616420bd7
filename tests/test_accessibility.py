"""What customers, suppliers and leaders see, examined by axe-core in a real browser,
in light and dark, wide and narrow, and walked through with the keyboard alone.
"""

import pytest
from axe import visitors
from dev import Database, shell
from odoo_server import OdooServer

LOOKS = [("light", 1400), ("dark", 1400), ("light", 390), ("dark", 390)]
ADDRESSES = """
import json
env["crm.case.team"].search([], limit=1).form_access = "public"
team = env["crm.case.team"].search([("form_access", "=", "public")], limit=1)
party = env["crm.case.party"].search([], limit=1)
customer = env["res.users"].search([("login", "=", "customer")]).partner_id
cases = env["crm.case"].search([("partner_id", "=", customer.id)])
closed = cases.filtered(lambda case: case.state == "done")[:1] or cases[:1]
if closed.state != "done":
    closed.state = "done"
request = env["crm.case.request"].create(
    {"name": "Bell", "email": "bell@x.example.com", "team_id": team.id}
)
rating = f"/cases/rate/{closed._rating_get_access_token()}"
addresses = {
    "form": f"/cases/new/{team.id}",
    "confirm": f"/cases/confirm/{request._get_token()}",
    "expired": "/cases/confirm/1-x",
    "customer": customer.id,
    "supplier": party.get_portal_url(),
    "case by link": cases[:1].get_portal_url(),
    "rating": rating,
    "rating chosen": f"{rating}?rate=1",
    "print": f"/report/html/crm_cases.report_case/{cases[:1].id}",
}
env.cr.commit()
print(json.dumps(addresses))
"""
# What is ours in a dialog: the fields and their labels are the framework's.
DIALOG = """{
    include: [[".modal-content"], [".modal-content .o_field_html"]],
    exclude: [[".o_field_widget"], [".o_form_label"], [".o_notebook_headers"]],
}"""
CUSTOMER_PAGES = ("/my", "/my/cases", "/my/cases?groupby=status", "/my/cases/new")


@pytest.fixture(scope="module")
def addresses():
    with Database("--demo") as name:
        found = shell(name, ADDRESSES)
        with OdooServer(name) as server:
            yield {**found, "server": server.url}


@pytest.fixture
def enter(addresses):
    with visitors(addresses["server"]) as opened:
        yield opened


def examine_public(visitor, addresses):
    for name in ("form", "confirm", "expired", "supplier", "case by link", "rating"):
        assert not visitor.examine(addresses[name]), name
    assert not visitor.examine(addresses["rating chosen"])


def examine_answers(visitor, addresses):
    """What the forms say to bad and to good input."""
    page = visitor.page
    page.goto(visitor.url + addresses["form"])
    page.evaluate("document.querySelector('.o_case_form form').noValidate = true")
    page.click(".o_case_form button[type=submit]")
    assert not visitor.examine(ready=".is-invalid")
    page.fill("#form_email", "vera@visitor.example.com")
    page.fill("#form_name", "A question")
    page.fill("#form_description", "How long?")
    page.click(".o_case_form button[type=submit]")
    page.wait_for_selector("h1")
    assert not visitor.examine()


def examine_customer(visitor):
    visitor.login("customer")
    for path in CUSTOMER_PAGES:
        assert not visitor.examine(path), path
    visitor.page.goto(f"{visitor.url}/my/cases?filterby=open")
    visitor.page.click(".o_case_table a >> nth=0")
    assert not visitor.examine(ready="#case_conversation")


def examine_dashboard(visitor):
    """What is ours; the frame around it is the framework's."""
    visitor.login("leader")
    ours = "document.querySelector('.o_cases_blocks')"
    found = visitor.examine("/odoo/cases-dashboard", ".o_cases_figure", ours)
    assert not found
    figure = "[data-figure=backlog]"
    visitor.tab_to(figure)
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_selector(".o_list_view, .o_view_nocontent")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 390])
def test_no_barrier_on_the_dashboard(enter, width):
    examine_dashboard(enter(width=width))


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_no_barrier_in_any_look(enter, addresses, scheme, width):
    visitor = enter(scheme, width)
    examine_public(visitor, addresses)
    examine_answers(visitor, addresses)
    examine_customer(enter(scheme, width))


def examine_dialogs(visitor, customer):
    """Those that only managers see."""
    visitor.login("admin")
    erase = "/odoo/action-crm_cases.crm_case_erase_action_partner"
    for path, ready in (
        (f"/odoo/res.partner/{customer}{erase[5:]}", ".modal .o_field_html ul"),
        ("/odoo/action-crm_cases.crm_case_import_mail_action", ".modal p"),
    ):
        assert not visitor.examine(path, ready, DIALOG), path


@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 390])
def test_no_barrier_in_dialogs(enter, addresses, width):
    examine_dialogs(enter(width=width), addresses["customer"])


@pytest.mark.slow
def test_paper_has_no_barrier(enter, addresses):
    visitor = enter()
    visitor.login("leader")
    assert not visitor.examine(addresses["print"], "h1, h2")


@pytest.mark.slow
def test_every_page_names_its_language(enter, addresses):
    visitor = enter()
    for name in ("form", "supplier", "case by link", "rating", "expired"):
        visitor.page.goto(visitor.url + addresses[name])
        assert visitor.page.get_attribute("html", "lang"), name


@pytest.mark.slow
def test_customer_needs_no_mouse(enter, addresses):
    """From the list to an answer, by keyboard alone; each stop can be seen."""
    visitor = enter()
    visitor.login("customer")
    page = visitor.page
    page.goto(f"{visitor.url}/my/cases?filterby=open")
    visitor.tab_to(".o_case_table a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#case_conversation")
    visitor.tab_to("#case_text")
    page.keyboard.type("Written without a mouse")
    visitor.tab_to("#case_answer button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-success")
    assert page.locator(".o_case_message", has_text="without a mouse").count() == 1


@pytest.mark.slow
def test_visitor_needs_no_mouse(enter, addresses):
    visitor = enter()
    page = visitor.page
    page.goto(visitor.url + addresses["form"])
    for field, text in (
        ("#form_partner_name", "Kim"),
        ("#form_email", "kim@keys.example.com"),
        ("#form_name", "By keys"),
        ("#form_description", "No mouse here"),
    ):
        visitor.tab_to(field)
        page.keyboard.type(text)
    visitor.tab_to(".o_case_form button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('One more step')")
