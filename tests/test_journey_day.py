"""The day of an agent and of a manager, by real clicks."""

import zipfile

import pytest
from browser import logged_in
from dev import Database
from odoo_server import OdooServer
from playwright.sync_api import expect

ADDRESS = "zora@journey.example.com"


@pytest.fixture(scope="module")
def erp():
    with Database("--demo") as name, OdooServer(name) as server:
        yield server


def new_case(erp, name, **values):
    [agent] = erp.call("res.users", "search", [["login", "=", "agent"]])
    return erp.call(
        "crm.case",
        "create",
        {"name": name, "user_id": agent, "email_from": ADDRESS, **values},
    )


def say(erp, case_id, text):
    said = {"body": text, "message_type": "comment"}
    erp.call("crm.case", "message_post", [case_id], **said)


def read_case(erp, case_id):
    [case] = erp.call("crm.case", "read", [case_id], ["state", "active", "is_spam"])
    return case


def open_case(erp, page, case_id):
    page.goto(f"{erp.url}/odoo/crm.case/{case_id}")
    page.locator(".o_form_view .o-mail-Chatter-sendMessage").wait_for()


def choose(page, label):
    """An entry of the cog menu."""
    page.locator(".o_cp_action_menus .fa-cog").first.click()
    page.locator(".o-dropdown--menu .o-dropdown-item", has_text=label).first.click()


def answer(page, text=None):
    """Begin an answer and open the menu beside *Send*."""
    page.locator(".o-mail-Chatter-sendMessage").click()
    if text:
        page.locator(".o-mail-Composer-input").first.fill(text)
    page.locator(".o-case-SendAnd").click()


def send_and_show_the_next(erp, page):
    case_id = new_case(erp, "First of all", priority="3")
    new_case(erp, "Second", priority="3")
    open_case(erp, page, case_id)
    answer(page, "It is on its way")
    page.locator(".o-case-Next").click()
    page.locator(".o-case-Move[data-move=done]").click()
    expect(page).not_to_have_url(f"{erp.url}/odoo/crm.case/{case_id}")
    expect(page.locator(".o_form_view .o-mail-Chatter")).to_be_visible()
    assert read_case(erp, case_id)["state"] == "done"
    assert count_answers(erp, case_id, "It is on its way") == 1


def count_answers(erp, case_id, text):
    said = [("model", "=", "crm.case"), ("res_id", "=", case_id)]
    return erp.call("mail.message", "search_count", [*said, ("body", "ilike", text)])


def click_twice(erp, page):
    case_id = new_case(erp, "In a hurry")
    open_case(erp, page, case_id)
    answer(page, "Right away")
    # Two clicks of one event loop, as a nervous finger does
    page.locator(".o-case-Move[data-move=done]").evaluate("e => (e.click(), e.click())")
    expect(page.locator(".o_arrow_button_current")).to_contain_text("Solved")
    assert count_answers(erp, case_id, "Right away") == 1


def send_without_connection(erp, page):
    """What could not be sent stays, and is sent once; what was sent is told."""
    case_id = new_case(erp, "In a tunnel")
    open_case(erp, page, case_id)
    answer(page, "Through the tunnel")
    page.route("**/mail/message/post", lambda route: route.abort())
    page.locator(".o-case-Move[data-move=done]").click()
    expect(page.locator(".o_notification", has_text="Connection lost")).to_be_visible()
    page.unroute("**/mail/message/post")
    written = page.locator(".o-mail-Composer-input").first
    expect(written).to_have_value("Through the tunnel")
    assert read_case(erp, case_id)["state"] == "draft"
    page.route("**/action_after_send", lambda route: route.abort())
    page.locator(".o-case-SendAnd").click()
    page.locator(".o-case-Move[data-move=done]").click()
    told = page.locator(".o_notification", has_text="Your answer was sent, but")
    expect(told).to_be_visible()
    page.unroute("**/action_after_send")
    assert count_answers(erp, case_id, "Through the tunnel") == 1
    expect(page.locator(".o-mail-Composer-input")).to_have_count(0)
    told.locator(".o_notification_close").click()


def use_a_macro(erp, page):
    case_id = new_case(erp, "Thanks a lot", partner_name="Zora Zebra")
    open_case(erp, page, case_id)
    answer(page)
    page.locator(".o-case-Macro", has_text="Glad it works").click()
    page.locator(".o-mail-Composer-send").click()
    said = page.locator(".o-mail-Message", has_text="glad to hear that it works")
    expect(said).to_contain_text("Dear Zora Zebra")
    expect(page.locator(".o_arrow_button_current")).to_contain_text("Solved")
    assert read_case(erp, case_id)["state"] == "done"


def mark_spam_and_undo(erp, page):
    case_id = new_case(erp, "Cheap watches", email_from="watches@spam.example.com")
    open_case(erp, page, case_id)
    choose(page, "Mark as Spam")
    told = page.locator(".o_notification", has_text="Marked as spam")
    expect(told).to_contain_text("watches@spam.example.com")
    assert read_case(erp, case_id)["is_spam"]
    page.locator(".o_menu_sections button", has_text="Cases").click()
    page.locator(".o-dropdown--menu .o-dropdown-item", has_text="Spam").click()
    page.locator(".o_data_row", has_text="Cheap watches").locator("[name=name]").click()
    expect(page.locator(".ribbon:visible")).to_have_text("Spam")
    page.locator("button[name=action_not_spam]").click()
    expect(page.locator(".o_notification", has_text="may write again")).to_be_visible()
    case = read_case(erp, case_id)
    assert (case["state"], case["active"], case["is_spam"]) == ("draft", True, False)
    assert not erp.call("crm.mailgateway.blocked", "search_count", [])


def search(erp, page):
    case_id = new_case(erp, "About animals")
    say(erp, case_id, "A quagga stood in the hall")
    page.goto(f"{erp.url}/odoo/cases?view_type=list")
    page.locator(".o_data_row").first.wait_for()
    page.locator(".o_searchview_input").fill("quagg hall")
    page.keyboard.press("Enter")
    expect(page.locator(".o_data_row")).to_have_count(1)
    expect(page.locator(".o_data_row")).to_contain_text("About animals")


def test_the_day_of_an_agent(erp):
    with logged_in(erp.url, "agent") as page:
        send_and_show_the_next(erp, page)
        use_a_macro(erp, page)
        mark_spam_and_undo(erp, page)
        search(erp, page)


def test_an_answer_is_sent_once(erp):
    with logged_in(erp.url, "agent") as page:
        click_twice(erp, page)
        send_without_connection(erp, page)


def test_a_person_is_exported_and_erased(erp):
    person = erp.call("res.partner", "create", {"name": "Zora Zebra", "email": ADDRESS})
    case_id = new_case(erp, "Where is my bell?", partner_id=person)
    say(erp, case_id, "It rang like a quagga")
    with logged_in(erp.url, "admin") as page:
        page.goto(f"{erp.url}/odoo/res.partner/{person}")
        page.locator(".o_form_view .o_field_widget[name=name]").first.wait_for()
        with page.expect_download() as download:
            choose(page, "Export All We Know")
        with zipfile.ZipFile(download.value.path()) as archive:
            texts = [archive.read(name).decode() for name in archive.namelist()]
        assert any("It rang like a quagga" in text for text in texts)
        assert any(ADDRESS in text for text in texts)

        choose(page, "Erase a Person")
        preview = page.locator(".modal .o_field_widget[name=preview]")
        expect(preview).to_contain_text("Cases: ")
        expect(page.locator(".modal button[name=action_erase]")).to_have_count(0)
        page.locator(".modal [name=is_sure] input").check()
        page.locator(".modal button[name=action_erase]").click()
        expect(page.locator(".o_breadcrumb")).to_contain_text("Erased Cases")
    assert not erp.call("res.partner", "search", [["email", "=", ADDRESS]])
    assert not erp.call("crm.case", "search", [["email_from", "ilike", ADDRESS]])
    about = [["model", "=", "crm.case"], ["body", "ilike", "like a quagga"]]
    assert not erp.call("mail.message", "search", about)
