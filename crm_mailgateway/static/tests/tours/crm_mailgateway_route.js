import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("crm_mailgateway_route", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the Cases app",
            trigger: '.o_app[data-menu-xmlid="crm_cases.crm_cases_menu_root"]',
            run: "click",
        },
        {
            content: "See what arrived",
            trigger:
                '.o_menu_sections [data-menu-xmlid="crm_mailgateway.crm_mailgateway_message_menu"]',
            run: "click",
        },
        {
            content: "Open the mail that nobody could read",
            trigger: ".o_data_row:contains(Quarantined) td[name=state]",
            run: "click",
        },
        {
            content: "A person decides where it belongs",
            trigger: ".o_form_statusbar button[name=action_route]:enabled",
            run: "click",
        },
        {
            content: "It becomes a case",
            trigger: ".modal button[name=action_apply]:enabled",
            run: "click",
        },
        {
            content: "The mail is processed",
            trigger: ".o_form_view:not(:has(.modal)) button[name=action_open_document]",
            run: "click",
        },
        {
            content: "And here is its case",
            trigger: ".o_form_view .o_statusbar_status:contains(New)",
        },
    ],
});
