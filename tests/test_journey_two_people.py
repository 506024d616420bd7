"""Two people on one case, in two browsers; and a day without a mouse."""

import contextlib

import pytest
from browser import chromium
from dev import Database
from odoo_server import OdooServer
from playwright.sync_api import expect

PEOPLE = ("agent", "leader")


@pytest.fixture(scope="module")
def erp():
    with Database("--demo") as name, OdooServer(name) as server:
        yield server


@contextlib.contextmanager
def at_work(erp, *logins):
    """Windows of several people, each with cookies of his own."""
    with chromium() as browser:
        pages = []
        for login in logins:
            size = {"width": 1400, "height": 900}
            page = browser.new_context(viewport=size).new_page()
            page.set_default_timeout(30_000)
            page.goto(f"{erp.url}/web/login")
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", login)
            page.click("form.oe_login_form button[type=submit]")
            page.wait_for_url("**/odoo**")
            pages.append(page)
        yield pages


def new_case(erp, name):
    [agent] = erp.call("res.users", "search", [["login", "=", "agent"]])
    return erp.call("crm.case", "create", {"name": name, "user_id": agent})


def open_case(erp, page, case_id):
    page.goto(f"{erp.url}/odoo/crm.case/{case_id}")
    page.locator(".o_form_view .o-mail-Chatter").wait_for()


def test_who_else_is_here_and_what_was_begun_stays(erp):
    case_id = new_case(erp, "Two at once")
    with at_work(erp, *PEOPLE) as (agent, leader):
        open_case(erp, agent, case_id)
        agent.wait_for_timeout(3000)  # the bus connects
        open_case(erp, leader, case_id)
        seen_by_agent = agent.locator(".o_case_presence span")
        seen_by_leader = leader.locator(".o_case_presence span")
        expect(seen_by_agent).to_contain_text("is looking", timeout=20_000)
        expect(seen_by_leader).to_contain_text("is looking", timeout=20_000)

        agent.locator(".o-mail-Chatter-sendMessage").click()
        draft = agent.locator(".o-mail-Composer-input").first
        draft.fill("I was just saying")
        expect(seen_by_leader).to_contain_text("is writing", timeout=20_000)

        leader.locator(".o-mail-Chatter-sendMessage").click()
        leader.locator(".o-mail-Composer-input").first.fill("Done already")
        leader.locator(".o-mail-Composer-send").click()
        said = leader.locator(".o-mail-Message", has_text="Done already")
        expect(said).to_be_visible()
        expect(draft).to_have_value("I was just saying")
        agent.locator(".o-mail-Composer-send").click()
        expect(agent.locator(".modal")).to_contain_text("Something new was said")
        agent.locator(".modal button", has_text="Read First").click()
        expect(draft).to_have_value("I was just saying")

        leader.close(run_before_unload=True)
        expect(seen_by_agent).to_have_count(0, timeout=60_000)


def test_a_day_without_a_mouse(erp):
    case_id = new_case(erp, "By keys alone")
    with at_work(erp, "leader") as (page,):
        open_case(erp, page, case_id)
        page.wait_for_timeout(1000)
        press = page.keyboard.press
        press("Alt+Shift+I")
        expect(page.locator("[name=user_id] input")).to_have_value("Leo Leader")
        press("Alt+s")
        saved = page.locator(".o-mail-Message", has_text="The responsible changed")
        expect(saved).to_be_visible()
        press("Alt+Shift+R")
        expect(page.locator(".o-mail-Composer-input").first).to_be_focused()
        page.keyboard.type("We look into it")
        press("Control+Enter")
        said = page.locator(".o-mail-Message", has_text="We look into it")
        expect(said).to_be_visible()
        press("Alt+Shift+N")
        expect(page.locator(".o-mail-Composer-input").first).to_be_focused()
        page.keyboard.type("Ask Nora")
        press("Control+Enter")
        expect(page.locator(".o-mail-Message", has_text="Ask Nora")).to_be_visible()
        press("Control+k")
        palette = page.locator(".o_command_palette")
        page.keyboard.type("solve the case")
        expect(palette.locator(".o_command.focused")).to_contain_text("Solve the case")
        press("Enter")
        expect(page.locator(".o_arrow_button_current")).to_contain_text("Solved")
        press("Alt+Shift+J")
        expect(page).not_to_have_url(f"{erp.url}/odoo/crm.case/{case_id}")
    [case] = erp.call("crm.case", "read", [case_id], ["state", "user_id"])
    assert case["state"] == "done"
    [leader] = erp.call("res.users", "search", [["login", "=", "leader"]])
    assert case["user_id"][0] == leader
