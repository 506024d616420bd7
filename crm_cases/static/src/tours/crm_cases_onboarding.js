import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

import { markup } from "@odoo/owl";

registry.category("web_tour.tours").add("crm_cases_onboarding", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='crm_cases.crm_cases_menu_root']",
            content: markup(_t("Customers wait for answers: open <b>Cases</b>.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_crm_case_kanban .o_kanban_group",
        },
        {
            trigger: ".o_crm_case_kanban .o-kanban-button-new",
            content: markup(
                _t("Mails become cases by themselves. For a phone call, <b>create</b> one.")
            ),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_kanban_quick_create .o_field_widget[name='name'] input",
            content: markup(_t("Say in a few words <b>what it is about</b>.")),
            tooltipPosition: "right",
            run: "edit The battery does not charge",
        },
        {
            trigger: ".o_kanban_quick_create .o_kanban_add",
            content: markup(_t("<b>Add</b> it to your board.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger:
                ".o_crm_case_kanban:not(:has(.o_view_sample_data)) .o_kanban_record:contains(battery)",
            content: markup(_t("<b>Open</b> the case.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_form_view .o-mail-Chatter-sendMessage",
            content: markup(
                _t(
                    "<b>Send message</b> writes to the customer. <b>Log note</b> stays among you."
                )
            ),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name='action_open']",
            content: markup(_t("And then: <b>start work</b> on it.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name='action_close']",
            content: markup(_t("And when the customer is happy: <b>solve</b> it.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name='action_reset']",
        },
    ],
});
