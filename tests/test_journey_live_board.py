"""A board that somebody looks at shows what comes in, without being reloaded."""

from browser import logged_in
from playwright.sync_api import expect


def test_new_cases_appear_and_what_is_being_written_stays(erp):
    with logged_in(erp.url) as page:
        page.goto(f"{erp.url}/odoo/cases?view_type=kanban")
        page.locator(".o_crm_case_kanban").wait_for()
        page.wait_for_timeout(2000)  # the bus connects
        erp.call("crm.case", "create", {"name": "It came by itself"})
        card = page.locator(".o_kanban_record", has_text="It came by itself")
        expect(card).to_be_visible(timeout=20_000)

        page.locator(".o-kanban-button-new").click()
        subject = page.locator(".o_kanban_quick_create [name=name] input")
        subject.fill("I am just writing")
        erp.call("crm.case", "create", {"name": "In between"})
        page.wait_for_timeout(3000)
        expect(subject).to_have_value("I am just writing")

        page.locator(".o_kanban_quick_create .o_kanban_cancel").click()
        between = page.locator(".o_kanban_record", has_text="In between")
        expect(between).to_be_visible(timeout=20_000)
