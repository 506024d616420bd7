import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const button = (name, content) => ({
    content,
    trigger: `.o_form_statusbar button[name=${name}]:enabled`,
    run: "click",
});

const reached = (stage) => ({
    content: `The case stands in ${stage}`,
    trigger: `.o_statusbar_status .o_arrow_button_current:contains(${stage})`,
});

const logged = (stage) => ({
    content: `The chatter says that it went to ${stage}`,
    trigger: `.o-mail-Chatter .o-mail-Message:contains(${stage})`,
});

registry.category("web_tour.tours").add("crm_cases_workflow", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the Cases app",
            trigger: '.o_app[data-menu-xmlid="crm_cases.crm_cases_menu_root"]',
            run: "click",
        },
        {
            content: "My Work is a board; switch to the list",
            trigger: ".o_kanban_view",
        },
        {
            content: "Show the list",
            trigger: "button.o_switch_view.o_list",
            run: "click",
        },
        {
            content: "Create a case",
            trigger: ".o_list_view .o_list_button_add",
            run: "click",
        },
        {
            content: "Say what it is about",
            trigger: ".o_field_widget[name=name] textarea",
            run: "edit The bell does not ring",
        },
        {
            content: "It is of high priority",
            trigger: ".o_field_widget[name=priority] .o_priority_star[aria-label=High]",
            run: "click",
        },
        button("action_open", "Open it"),
        reached("In Progress"),
        {
            content: "It got a number",
            trigger: ".o_field_widget[name=number]:contains(CASE-)",
        },
        {
            content: "The caller has it",
            trigger: ".o_field_widget[name=user_id] input:value(Mia Member)",
        },
        logged("In Progress"),
        button("action_pending_until", "Wait for the customer"),
        {
            content: "Until somebody resumes it",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        reached("Waiting"),
        logged("Waiting"),
        button("action_open", "Go on"),
        reached("In Progress"),
        button("action_close", "Solve it"),
        reached("Solved"),
        logged("Solved"),
        {
            content: "A solved case offers to be reopened",
            trigger: ".o_form_statusbar button[name=action_open]:contains(Reopen)",
        },
    ],
});
