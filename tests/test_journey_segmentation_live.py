"""A long computation is watched in the form: it moves, stops and goes on by itself."""

import re
import time

import pytest
from browser import logged_in
from dev import Database, shell
from odoo_server import OdooServer
from playwright.sync_api import expect

# A range of ids holds one of them, so that few partners take long …
PARTNERS = """
import json
env.cr.execute('''
    INSERT INTO res_partner (id, name, complete_name, active, is_company, type,
                             autopost_bills, create_date)
    SELECT 1000000 + 50000 * i, 'Live ' || i, 'Live ' || i, TRUE, TRUE, 'contact',
           'ask', now() FROM generate_series(%s, %s) i
''')
env.cr.execute("UPDATE res_partner SET commercial_partner_id = id"
               " WHERE commercial_partner_id IS NULL")
"""
# … and each of them takes a while.
BOOKS = """
env.cr.execute('''
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END';
    CREATE TRIGGER slow AFTER INSERT ON res_partner_res_partner_category_rel
    FOR EACH STATEMENT EXECUTE FUNCTION slow();
''')
env.cr.execute("SELECT setval('res_partner_id_seq', (SELECT MAX(id) FROM res_partner))")
segmentation = env["crm.segmentation"].create({
    "name": "Live customers",
    "categ_id": env["res.partner.category"].create({"name": "Live"}).id,
    "exclusif": True,
    "segmentation_line": [(0, 0, {"expr_name": "domain", "expr_operator": "set",
                                  "domain": "[('name', 'like', 'Live')]"})],
})
env.cr.commit()
print(json.dumps(segmentation.id))
"""


class Form:
    """The form of the segmentation, which must not be loaded anew by hand."""

    def __init__(self, page, url, segmentation_id):
        self.page = page
        action = "action-crm_segmentation.crm_segmentation_action"
        page.goto(f"{url}/odoo/{action}/{segmentation_id}")
        page.evaluate("window.isTheSamePage = true")
        self.bar = page.locator(".o_segmentation_progress [role=progressbar]")
        self.text = page.locator(".o_segmentation_progress")

    def press(self, name):
        self.page.click(f".o_statusbar_buttons button[name={name}]")

    def percent(self):
        return float(self.bar.get_attribute("aria-valuenow"))

    def watch(self, times):
        """Return the shares that were shown, until the bar has moved so often."""
        seen = [self.percent()]
        while len(seen) <= times:
            before = f"{seen[-1]:g}"
            expect(self.bar).not_to_have_attribute(
                "aria-valuenow", before, timeout=20_000
            )
            seen.append(self.percent())
        return seen

    def expect_state(self, label, seconds=10):
        current = self.page.locator(".o_statusbar_status .o_arrow_button_current")
        expect(current).to_have_text(label, timeout=1000 * seconds)


@pytest.fixture(scope="module")
def opened():
    """A server and a segmentation that takes long, for all that is watched here."""
    with Database() as database:
        segmentation_id = shell(database, PARTNERS % (1, 40) + BOOKS)
        with OdooServer(database) as server, logged_in(server.url) as page:
            yield Form(page, server.url, segmentation_id), server


def count_written(server):
    """Return how much a computation would have written."""
    return [
        server.call("crm.segmentation.membership", "search_count", []),
        server.call("crm.segmentation.run", "search_count", []),
        server.call("res.partner", "search_count", [("category_id", "!=", False)]),
    ]


def get_looked_at(server):
    [row] = server.call("crm.segmentation.preview", "search_read", [], ["looked_at"])
    return row["looked_at"]


def test_long_computation_is_watched_stopped_and_continued(opened):
    form, server = opened
    form.press("action_compute")
    expect(form.text).to_contain_text("a second")
    # Who saves something meanwhile is neither refused nor kept waiting for long.
    [[id_]] = [server.call("crm.segmentation", "search", [])]
    begun = time.monotonic()
    server.call("crm.segmentation", "write", [id_], {"description": "Watched"})
    assert time.monotonic() - begun < 5
    seen = form.watch(times=2)
    assert seen == sorted(seen)
    expect(form.text).to_contain_text(re.compile(r"\d s left"))

    form.press("action_process_stop")
    form.expect_state("Stopped")
    stopped = form.percent()
    assert seen[-1] <= stopped < 100
    form.page.wait_for_timeout(2000)
    assert form.percent() == stopped, "nothing goes on behind one's back"

    form.press("action_process_continue")
    form.expect_state("Running")
    assert form.watch(times=1)[0] >= stopped, "it goes on where it was"
    form.expect_state("Not Running", seconds=60)
    expect(form.text).to_be_hidden()
    members = form.page.locator("button[name=action_view_members] .o_stat_value")
    expect(members).to_have_text("40")
    assert form.page.evaluate("window.isTheSamePage")


def test_long_preview_is_cancelled_and_writes_nothing(opened):
    form, server = opened
    # Looking is faster than writing.
    more = PARTNERS % (41, 8000) + "env.cr.commit(); print(json.dumps(0))"
    shell(server.database, more)
    before = count_written(server)
    form.press("action_preview")
    page = form.page
    look = page.locator(".modal .o_segmentation_look")
    expect(look).to_contain_text("so far")
    bar = look.locator("[role=progressbar]")
    first = bar.get_attribute("aria-valuenow")
    expect(bar).not_to_have_attribute("aria-valuenow", first, timeout=20_000)

    look.get_by_role("button", name="Stop").click()
    expect(look).to_contain_text("Stopped: the numbers are of")
    matching = page.locator(".modal [name=matching_count]")
    assert 0 < int(matching.inner_text().replace(",", "")) < 8000
    page.locator(".modal footer").get_by_role("button", name="Close").click()
    expect(page.locator(".modal")).to_have_count(0)
    assert count_written(server) == before
    page.wait_for_timeout(1500)  # the second's worth that was asked for last
    looked_at = get_looked_at(server)
    page.wait_for_timeout(1500)
    assert get_looked_at(server) == looked_at, "nobody looks any further"
    form.expect_state("Not Running")
