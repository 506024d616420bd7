import { registry } from "@web/core/registry";

const fill = (content, trigger, text) => ({ content, trigger, run: `edit ${text}` });
const click = (content, trigger, more = {}) => ({ content, trigger, run: "click", ...more });

// A customer asks, writes once more, says that it is solved, and comes back.
registry.category("web_tour.tours").add("crm_cases_portal_customer", {
    steps: () => [
        click("Open the cases", '.o_portal_my_home a[href="/my/cases"]', { expectUnloadPage: true }),
        click("Ask for something", 'a[href="/my/cases/new"]', { expectUnloadPage: true }),
        fill("Say what about", "#form_name", "The saddle is loose"),
        fill("Tell the story", "#form_description", "Since Monday."),
        click("Send", ".o_case_form button[type=submit]", { expectUnloadPage: true }),
        { content: "It was received", trigger: ".alert-success:contains(received your request)" },
        { content: "The story is there", trigger: ".o_case_message:contains(Since Monday.)" },
        fill("Write once more", "#case_text", "It is the left bolt."),
        click("Send it", "#case_answer button[type=submit]:contains(Send answer)", {
            expectUnloadPage: true,
        }),
        { content: "It is there", trigger: ".o_case_message:contains(left bolt)" },
        click("It is solved", ".o_case_close", { expectUnloadPage: true }),
        { content: "It says so", trigger: ".o_case_badge:contains(Solved)" },
        fill("No, it is not", "#case_text", "Loose again."),
        click("Reopen", "#case_answer button:contains(Reopen)", { expectUnloadPage: true }),
        { content: "Work goes on", trigger: ".o_case_badge:contains(In progress)" },
        click("Back to the list", '.breadcrumb a[href="/my/cases"]', { expectUnloadPage: true }),
        fill("Look for it", "#case_search", "saddle"),
        click("Apply", ".o_case_choices button[type=submit]", { expectUnloadPage: true }),
        { content: "Found", trigger: ".o_case_table a:contains(The saddle is loose)" },
    ],
});

// Somebody without an account writes to a team.
registry.category("web_tour.tours").add("crm_cases_public_form", {
    steps: () => [
        fill("Name", "#form_partner_name", "Robin Rider"),
        fill("Address", "#form_email", "robin@rider.example.com"),
        fill("Subject", "#form_name", "A public question"),
        fill("Text", "#form_description", "How long does it take?"),
        click("Send", ".o_case_form button[type=submit]", { expectUnloadPage: true }),
        { content: "One more step", trigger: "h1:contains(One more step)" },
    ],
});

registry.category("web_tour.tours").add("crm_cases_public_confirm", {
    steps: () => [
        click("Confirm", ".o_case_form button[type=submit]", { expectUnloadPage: true }),
        { content: "The case", trigger: "h1:contains(A public question)" },
        { content: "The text", trigger: ".o_case_message:contains(How long)" },
    ],
});

// A leader looks at the figures and opens what is behind one.
registry.category("web_tour.tours").add("crm_cases_dashboard", {
    steps: () => [
        { content: "The backlog", trigger: "[data-figure=backlog] .o_cases_number:contains(3)" },
        { content: "The chart", trigger: ".o_cases_chart canvas" },
        { content: "The load", trigger: ".o_cases_load:contains(Mia Member)" },
        { content: "Late ones", trigger: "[data-figure=overdue] .o_cases_number:contains(1)" },
        click("Open them", "[data-figure=overdue]"),
        { content: "One row", trigger: ".o_list_view .o_data_row:contains(Late case)" },
        {
            content: "No other",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(Other case)))",
        },
        click("Back", ".o_breadcrumb .o_back_button, .breadcrumb-item a"),
        {
            content: "Only another team",
            trigger: "#cases_team",
            run: "selectByLabel Sales",
        },
        { content: "Nothing there", trigger: "[data-figure=backlog] .o_cases_number:contains(0)" },
    ],
});
