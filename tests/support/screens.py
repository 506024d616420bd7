"""The backend screens that our addons bring, read from their XML, and opened.

A screen is what a window action shows in one of its modes, or a dialog that a button
opens. Nothing here names screens one by one: what is added to the addons is found.
"""

from dev import ROOT
from lxml import etree

ADDONS = ("crm_cases", "crm_mailgateway", "crm_segmentation")
FOLDERS = ("views", "wizards", "report", "data")
NOT_SHOWN = ("search", "t", "data", "qweb")


def records(addon, model):
    """Yield the records of a model in the XML of an addon."""
    for folder in FOLDERS:
        for path in sorted((ROOT / addon / folder).glob("*.xml")):
            for record in etree.parse(path).iter("record"):
                if record.get("model") == model:
                    yield record


def value(record, field):
    return record.findtext(f"field[@name='{field}']")


def window_actions(addon):
    """Return (xmlid, model, modes, views it insists on) of each window action."""
    found = []
    for record in records(addon, "ir.actions.act_window"):
        chosen = record.find("field[@name='view_ids']")
        chosen = "" if chosen is None else chosen.get("eval")
        modes = (value(record, "view_mode") or "list,form").split(",")
        xmlid = f"{addon}.{record.get('id')}"
        found.append((xmlid, value(record, "res_model"), modes, chosen))
    return found


def views(addon):
    """Return (model, kind) of each view of our own, not of those we extend."""
    found = set()
    for record in records(addon, "ir.ui.view"):
        arch = record.find("field[@name='arch']")
        root = next((c for c in arch if isinstance(c.tag, str)), None)
        extends = record.find("field[@name='inherit_id']") is not None
        if root is not None and not extends and root.tag not in NOT_SHOWN:
            found.add((value(record, "model"), root.tag))
    return found


def screens(addon):
    """Return {(model, mode, views): action}: the same screen is not shown twice."""
    found = {}
    for xmlid, model, modes, chosen in window_actions(addon):
        for mode in modes:
            found.setdefault((model, mode, chosen), xmlid)
    return found


OPEN = """async ([xmlid, mode, resId]) => {
    const { action } = odoo.__WOWL_DEBUG__.root.env.services;
    const props = resId ? { resId } : {};
    await action.doAction(xmlid, { viewType: mode, clearBreadcrumbs: true, props });
}"""
CALL = """async ([model, method, ids]) => {
    const { action, orm } = odoo.__WOWL_DEBUG__.root.env.services;
    const shown = await orm.call(model, method, [ids]);
    await action.doAction({ views: [[false, "form"]], ...shown });
}"""
FIND = """async ([model, domain, limit]) => {
    const { orm } = odoo.__WOWL_DEBUG__.root.env.services;
    const context = { active_test: false };
    return await orm.search(model, domain, { limit, context });
}"""
CLOSE = """() => odoo.__WOWL_DEBUG__.root.env.services.action.doAction({
    type: "ir.actions.act_window_close",
})"""
TRANSIENT = """(model) => odoo.__WOWL_DEBUG__.root.env.services.orm
    .searchCount("ir.model", [["model", "=", model], ["transient", "=", true]])"""
QUIET = """() => !document.querySelector(".o_loading_indicator, .o_blockUI")"""
WIDER = """() => document.documentElement.scrollWidth > innerWidth"""
# axe's own words for what it found, without what the framework brings.
EXAMINE = """async ([include, framework]) => {
    const result = await axe.run({ include });
    const ours = (rule, node) => {
        const element = document.querySelector(node.target[0]);
        return !(framework[rule] || []).some((known) => element?.closest(known));
    };
    const found = [];
    for (const { id, impact, nodes } of result.violations) {
        for (const node of nodes) {
            if (["serious", "critical"].includes(impact) && ours(id, node)) {
                const [why] = [...node.any, ...node.all, ...node.none];
                found.push([id, node.target.join(" "), why?.message || node.html]);
            }
        }
    }
    return found;
}"""
# What Odoo's own widgets do wrong, rule by rule. All else on a screen is examined.
FRAMEWORK = {
    "accesskeys": [".o-kanban-button-new"],
    "aria-allowed-attr": [
        ".o-dropdown",
        ".o-dropdown-item",
        ".o_tag",
        ".o-autocomplete--input",
    ],
    "aria-command-name": [".o-mail-Activity-avatarContainer"],
    "aria-prohibited-attr": [".o_tag", ".o-mail-Message-avatarContainer"],
    "aria-required-parent": [".o_notebook_headers", ".o_colorlist", ".settings_tab"],
    "autocomplete-valid": [".o_select_menu_input"],
    "button-name": [".o_optional_columns_dropdown", ".oi-panel-right"],
    "color-contrast": [
        ".o_form_label",
        ".o_date_item_cell",
        ".o_kanban_header",
        ".o_pivot_measure_row",
        ".o-mail-Message-header",
        ".o-mail-DateSection",
        ".o-mail-Activity",
        ".o_activity_summary_cell",
        ".o-mail-Message-tracking",
        ".o_setting_right_pane > .text-muted",
        ".app_settings_block h3",
    ],
    "image-alt": [".o_avatar", ".o-mail-Message-avatar"],
    "list": [".o-mail-Message"],
    "label": [
        ".o_list_record_selector",
        ".o_data_cell .o-checkbox",
        ".o-mail-RecipientsInput",
        ".o_calendar_sidebar",
    ],
    "role-img-alt": [".o-mail-Chatter-topbar", ".o-mail-ActivityButton"],
    "scrollable-region-focusable": [".o_list_renderer", ".o_pivot"],
}


class Screens:
    """Opens backend screens in one window, one after the other.

    :param Visitor visitor: logged in
    """

    def __init__(self, visitor):
        self.visitor, self.page, self.found = visitor, visitor.page, []

    def check(self):
        """Fail with all that was found, one barrier a line."""
        if self.found:
            raise AssertionError("\n".join(self.found))

    def start(self):
        self.page.goto(f"{self.visitor.url}/odoo/action-crm_cases.crm_case_tag_action")
        # The first visitor waits until the server has built its bundles.
        shown = ".o_action_manager .o_view_controller"
        self.page.wait_for_selector(shown, timeout=180_000)
        self.page.evaluate(self.visitor.script)

    def needs_record(self, model, mode):
        """Dialogs and settings open on nothing; other forms on what there is."""
        return mode == "form" and not self.page.evaluate(TRANSIENT, model)

    def find(self, model, domain=(), limit=1):
        found = self.page.evaluate(FIND, [model, list(domain), limit])
        assert found, f"no {model} to show that matches {domain}"
        return found

    def open(self, xmlid, mode, record=None):
        self.page.evaluate(OPEN, [xmlid, mode, record])
        self.settle()

    def call(self, model, method, ids):
        """Press the button of a record; what it returns is shown."""
        self.page.evaluate(CALL, [model, method, ids])
        self.settle()

    def settle(self):
        self.page.wait_for_selector(".o_view_controller, .modal .o_form_view")
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(QUIET)

    def close(self):
        """Close a dialog, if there is one."""
        while self.page.locator(".modal-content").count():
            self.page.evaluate(CLOSE)
            self.page.wait_for_timeout(100)

    def examine(self, name, part=None):
        """Keep findings of serious or critical impact in what is ours.

        :param name: of the screen
        :param str part: selector of what is looked at: a dialog, or else the content
        """
        if not part:
            dialog = self.page.locator(".modal-content").count()
            part = ".modal-content" if dialog else ".o_action_manager .o_content"
        found = self.page.evaluate(EXAMINE, [[[part]], FRAMEWORK])
        if self.page.evaluate(WIDER):
            found.append("wider than the window")
        self.found += [f"{name}: {barrier}" for barrier in found]
