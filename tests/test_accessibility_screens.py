"""Every backend screen of ours, examined by axe-core, wide and narrow.

The screens come from the XML of the addons: one that is added is examined from then on,
or the first test here fails. There is no dark look: Odoo's community edition has none.
"""

import pytest
from axe import visitors
from dev import Database, shell
from odoo_server import OdooServer
from screens import ADDONS, Screens, screens, views, window_actions

LOOKS = [(addon, width) for addon in ADDONS for width in (1400, 390)]
# What demo data leave empty, in all states; and the administrator has work of his own.
FILL = """
import json
Case = env["crm.case"]
admin = env.ref("base.user_admin")
Case.search([("state", "!=", "draft")]).user_id = admin
known = [("state", "=", "open"), ("partner_id", "!=", False)]
case, other = Case.search(known, limit=2)
other.write({"email_from": case.email_from, "name": case.name})
case.write({"date_deadline": "2020-01-01", "escalation_level": 1})
case.copy({"name": "Win", "email_from": "prize@win.example.com"}).action_spam()
rule = env["crm.case.rule"].search([("level_ids", "!=", False)], limit=1)
box = env["fetchmail.server"].create({
    "name": "Support", "server_type": "imap", "server": "imap.example.com",
    "user": "support", "password": "support", "state": "done",
})
Run = env["crm.case.rule.run"]
for number, (state, _name) in enumerate(Run._fields["state"].selection):
    Run.create({
        "rule_id": rule.id, "level_id": rule.level_ids[0].id, "case_id": case.id,
        "reference": case.create_date, "iteration": number, "state": state,
        "message": "The server does not answer.",
    })
for state, _name in env["crm.mailgateway.roundtrip"]._fields["state"].selection:
    env["crm.mailgateway.roundtrip"].create({
        "mailbox_id": box.id, "sent_on": case.create_date, "state": state,
        "error": state == "failed" and "Nothing came.",
    })
for state, _name in env["crm.segmentation.reaction"]._fields["state"].selection:
    env["crm.segmentation.reaction"].create({
        "segmentation_id": env["crm.segmentation"].search([], limit=1).id,
        "partner_id": case.partner_id.id, "event": "enter", "state": state,
    })
ruled = env["crm.segmentation"].search([("segmentation_line", "!=", False)], limit=3)
for segmentation, state in zip(ruled, ("running", "stopped", "failed")):
    segmentation.state = state
env.cr.commit()
print(json.dumps(case.id))
"""
# Window actions that are not opened, and why.
LEFT_OUT = {
    "crm_cases.base_automation_action": "Odoo's own views, of which we filter records",
    "crm_cases.crm_case_report_action_satisfaction": "Odoo's own views of ratings",
}
OPEN_CASE = [("state", "=", "open")]
HELD = [("state", "=", "quarantined")]
RULED = [("segmentation_line", "!=", False)]
# What buttons open: whose button, which, on what, and on how many.
BUTTONS = {
    "crm_cases": {
        "crm.case.close": (
            "crm.case",
            "action_close",
            [("type_id.use_outcome", "=", True), *OPEN_CASE],
            1,
        ),
        "crm.case.convert": (
            "crm.case",
            "action_convert",
            [("type_id.convert_type_id", "!=", False), ("state", "=", "draft")],
            1,
        ),
        "crm.case.merge": ("crm.case", "action_merge", OPEN_CASE, 2),
        "crm.case.pending": ("crm.case", "action_pending_until", OPEN_CASE, 1),
        "crm.case.split": ("crm.case", "action_split", OPEN_CASE, 1),
        "crm.case.party.ask": ("crm.case", "action_ask_party", OPEN_CASE, 1),
        "crm.case.party.share": (
            "crm.case.party",
            "action_share",
            [("status", "=", "answered")],
            1,
        ),
    },
    "crm_mailgateway": {
        "crm.mailgateway.ignore": ("crm.mailgateway.message", "action_ignore", HELD, 1),
        "crm.mailgateway.route": ("crm.mailgateway.message", "action_route", HELD, 1),
    },
    "crm_segmentation": {
        "crm.segmentation.line": (
            "crm.segmentation.line",
            "get_formview_action",
            [],
            1,
        ),
        "crm.segmentation.why": (
            "res.partner",
            "action_segmentation_why",
            [("segmentation_ids", "!=", False)],
            1,
        ),
        "crm.segmentation.day": ("crm.segmentation", "action_members_on_day", [], 1),
        "crm.segmentation.member.action": (
            "crm.segmentation",
            "action_member_actions",
            [],
            1,
        ),
        "crm.segmentation.preview": ("crm.segmentation", "action_preview", RULED, 1),
        "res.partner": (
            "res.partner",
            "action_view_state_of_mind",
            [("segmentation_ids", "!=", False)],
            1,
        ),
    },
}
# Forms of others that show something of ours.
EXTENDED = {
    "crm_cases": {"res.users": [], "digest.digest": []},
    "crm_mailgateway": {"fetchmail.server": [], "mail.alias.domain": []},
    "crm_segmentation": {
        "res.partner": [("segmentation_ids", "!=", False)],
        "res.partner.category": [],
    },
}
# Views that are only ever seen inside a form, which is examined with them.
INSIDE = {
    ("crm.segmentation.line", "list"): "crm.segmentation",
    ("crm.segmentation.line", "kanban"): "crm.segmentation",
}
# What a form shows in some states only: buttons, ribbons, badges, alerts.
STATES = {
    "crm_cases.crm_case_action": [
        [("is_spam", "=", True)],
        [("escalation_level", ">", 0)],
        [("is_overdue", "=", True)],
        [("state", "=", "pending")],
        [("state", "=", "done")],
        [("state", "=", "cancel")],
        [("sla_status_ids.state", "=", "failed")],
        [("party_ids", "!=", False)],
    ],
    "crm_cases.crm_case_rule_run_action": [[("state", "=", "parked")]],
    "crm_mailgateway.crm_mailgateway_message_action": [
        [("state", "=", "ignored")],
        HELD,
    ],
    "crm_mailgateway.crm_mailgateway_roundtrip_action": [
        [("state", "=", "failed")],
        [("state", "=", "done")],
    ],
    "crm_segmentation.crm_segmentation_action": [
        RULED,
        [("state", "=", "running")],
        [("state", "=", "stopped")],
        [("state", "=", "failed")],
    ],
}


@pytest.fixture(scope="module")
def server():
    with Database("--demo") as name:
        case = shell(name, FILL)
        with OdooServer(name) as running:
            yield running.url, case


@pytest.fixture
def enter(server):
    with visitors(server[0]) as opened:

        def start(width, login="admin"):
            visitor = opened(width=width)
            visitor.login(login)
            shown = Screens(visitor)
            shown.start()
            return shown

        yield start


def test_every_screen_is_examined_or_named():
    """Views that no action and no button shows would never be looked at."""
    known = {action[0] for addon in ADDONS for action in window_actions(addon)}
    assert set(LEFT_OUT) | set(STATES) <= known
    for addon in ADDONS:
        seen = {(model, mode) for model, mode, _views in screens(addon)}
        seen |= {(model, "form") for model in BUTTONS[addon]} | set(INSIDE)
        assert views(addon) <= seen, addon


@pytest.mark.slow
@pytest.mark.parametrize(("addon", "width"), LOOKS)
def test_no_barrier_on_screens(enter, addon, width):
    shown = enter(width)
    for (model, mode, _views), xmlid in screens(addon).items():
        if xmlid in LEFT_OUT:
            continue
        record = shown.needs_record(model, mode) and shown.find(model)[0]
        shown.open(xmlid, mode, record)
        shown.examine((xmlid, mode))
        shown.close()
    shown.check()


@pytest.mark.slow
@pytest.mark.parametrize(("addon", "width"), LOOKS)
def test_no_barrier_behind_buttons(enter, addon, width):
    shown = enter(width)
    for dialog, (model, method, domain, number) in BUTTONS[addon].items():
        shown.call(model, method, shown.find(model, domain, number))
        shown.examine(dialog)
        shown.close()
    shown.check()


@pytest.mark.slow
@pytest.mark.parametrize(("addon", "width"), LOOKS)
def test_no_barrier_in_any_state(enter, addon, width):
    shown = enter(width)
    models = {xmlid: model for xmlid, model, *_rest in window_actions(addon)}
    for xmlid, domains in STATES.items():
        for domain in domains if xmlid in models else []:
            shown.open(xmlid, "form", shown.find(models[xmlid], domain)[0])
            shown.examine((xmlid, domain))
    shown.check()


@pytest.mark.slow
@pytest.mark.parametrize(("addon", "width"), LOOKS)
def test_no_barrier_in_forms_of_others(enter, addon, width):
    shown = enter(width)
    for model, domain in EXTENDED[addon].items():
        shown.call(model, "get_formview_action", shown.find(model, domain))
        shown.examine(model)
    shown.check()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 390])
def test_no_barrier_in_settings_of_mail(enter, width):
    """The settings of one app are seen at a time; those of cases come first."""
    shown = enter(width)
    shown.open("crm_cases.res_config_settings_action", "form")
    shown.page.click(".settings_tab [data-key=crm_mailgateway]")
    shown.page.wait_for_selector("#crm_mailgateway_max_size_0")
    shown.examine("settings of mail")
    shown.check()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 390])
def test_no_barrier_while_answering(enter, server, width):
    """Who else is here, the menu beside *Send*, and the macro that waits."""
    shown, case = enter(width), server[1]
    page = shown.page
    shown.open("crm_cases.crm_case_action", "form", case)
    enter(width, "leader").open("crm_cases.crm_case_action", "form", case)
    page.wait_for_selector(".o_case_presence span")
    page.click(".o-mail-Chatter-sendMessage")
    page.click(".o-case-SendAnd")
    page.wait_for_selector(".o-case-Macro")
    shown.examine("menu", ".o-dropdown--menu")
    page.click(".o-case-Macro >> nth=0")
    page.wait_for_selector(".o-case-MacroChip")
    shown.examine("macro chosen")
    shown.check()
