import { registry } from "@web/core/registry";

const openMenu = (content) => ({
    content,
    trigger: ".o-mail-Chatter .o-case-SendAnd",
    run: "click",
});

registry.category("web_tour.tours").add("crm_cases_composer", {
    steps: () => [
        {
            content: "Answer the customer",
            trigger: ".o-mail-Chatter-sendMessage",
            run: "click",
        },
        openMenu("See what goes with sending"),
        {
            content: "Nothing can be sent yet",
            trigger: ".o-case-Move[data-move=pending].disabled",
        },
        {
            content: "Take the words of a macro",
            trigger: ".o-case-Macro:contains(Ask for the number)",
            run: "click",
        },
        {
            content: "Its text stands in the answer",
            trigger:
                ".o-mail-Composer-input:value(Dear Carla Customer, which number?), .o-mail-Composer .odoo-editor-editable:contains(Dear Carla Customer, which number?)",
        },
        {
            content: "What it will do is said",
            trigger: ".o-case-MacroChip:contains(High)",
        },
        openMenu("Send it"),
        {
            content: "And wait",
            trigger: ".o-case-Move[data-move=pending]:not(.disabled)",
            run: "click",
        },
        {
            content: "The answer is in the conversation",
            trigger: ".o-mail-Message:contains(Dear Carla Customer, which number?)",
        },
        {
            content: "The case waits",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Waiting)",
        },
        {
            content: "It has become urgent",
            trigger: ".o_field_widget[name=priority] .o_priority_star.fa-star[aria-label=High]",
        },
        {
            content: "Answer once more",
            trigger: ".o-mail-Chatter-sendMessage:not(.active)",
            run: "click",
        },
        {
            content: "Write",
            trigger: ".o-mail-Composer-input",
            run: "edit Forget it",
        },
        {
            content: "Send",
            trigger: ".o-mail-Composer-send:enabled",
            run: "click",
        },
        {
            content: "That is told first",
            trigger: ".modal:contains(Carla Customer wrote) .btn-secondary",
            run: "click",
        },
        {
            content: "The draft is still there",
            trigger: ".o-mail-Composer-input:value(Forget it)",
        },
    ],
});
