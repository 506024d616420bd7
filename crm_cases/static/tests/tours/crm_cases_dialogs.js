import { registry } from "@web/core/registry";

const header = (name) => `.o_form_statusbar button[name=${name}]:enabled`;
const press = (name) => ({ content: `Press ${name}`, trigger: header(name), run: "click" });
const apply = (name = "action_apply") => ({
    content: "Confirm the dialog",
    trigger: `.modal footer button[name=${name}]:enabled`,
    run: "click",
});
const see = (content, trigger) => ({ content, trigger });
const click = (content, trigger) => ({ content, trigger, run: "click" });
const noDialog = see("The dialog is gone", "body:not(:has(.modal))");
const onMessage = (text, name, content) => ({
    content,
    trigger: `.o-mail-Message:contains(${text})`,
    run: `hover && click .o-mail-Message:contains(${text}) button[name=${name}]`,
});

registry.category("web_tour.tours").add("crm_cases_sale", {
    steps: () => [
        press("action_convert"),
        click("A new customer", ".modal input[data-value=create]"),
        apply(),
        noDialog,
        see("It is an opportunity now", header("action_won")),
        see(
            "The customer is a contact",
            ".o_field_widget[name=partner_id] input:value(Yuki Tanaka)"
        ),
        see("The conversation is kept", ".o-mail-Message:contains(twelve cargo bikes)"),

        press("action_lost"),
        apply(),
        see(
            "A loss without a reason is refused",
            ".modal .o_field_widget[name=close_reason_id].o_field_invalid"
        ),
        click("Which reasons", ".modal .o_field_widget[name=close_reason_id] input"),
        click("Too expensive", ".o-autocomplete--dropdown-item:contains(Too expensive)"),
        apply(),
        noDialog,
        see("It is lost", ".ribbon:contains(Lost)"),

        press("action_open"),
        see("It goes on", ".o_arrow_button_current:contains(In Progress)"),
        press("action_won"),
        see("It is won", ".ribbon:contains(Won)"),
    ],
});

registry.category("web_tour.tours").add("crm_cases_links", {
    steps: () => [
        see("Another case looks like it", ".alert:contains(Probably the same matter)"),
        click("Choose what becomes what", ".o_form_view button[name=action_merge]"),
        see("Both are listed", ".modal .o_data_row:contains(The lamp flickers again)"),
        apply("action_merge"),
        noDialog,
        see(
            "The older one is shown, with both conversations",
            ".o-mail-Message:contains(word of the newer one)"
        ),
        click("What was merged", ".o-form-buttonbox button[name=action_view_merged]"),
        click("Open it", ".o_list_view .o_data_row:contains(The lamp flickers again) td[name=name]"),
        see("It says where it goes on", ".alert:contains(this case goes on in)"),
        see(
            "Nothing else is done with it",
            "body:not(:has(.o_form_statusbar button[name=action_open]))"
        ),
        click("Take it back", ".alert button[name=action_unmerge]"),
        click("Surely", ".modal footer .btn-primary"),
        see("It lives again", header("action_open")),
        see("With its own words", ".o-mail-Message:contains(word of the newer one)"),

        onMessage("word of the newer one", "crm-case-split", "Split from the message"),
        see(
            "This message is chosen",
            ".modal .o_data_row:contains(word of the newer one) input:checked"
        ),
        {
            content: "Name the other matter",
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit The chain jumps",
        },
        apply("action_split"),
        noDialog,
        see(
            "The new case is shown",
            ".o_field_widget[name=name] textarea:value(The chain jumps)"
        ),
        see("With the message", ".o-mail-Message:contains(word of the newer one)"),
        see("And the old one", ".o-form-buttonbox button[name=action_view_related]"),
    ],
});

registry.category("web_tour.tours").add("crm_cases_share", {
    steps: () => [
        click("The other parties", ".o_notebook .nav-link:contains(Other Parties)"),
        click("Open the conversation", ".o_data_row:contains(Volta) button[name=action_open]"),
        see("It is another one than the customer's", ".alert:contains(between you and)"),
        onMessage("Batch 7 is bad", "crm-case-party-share", "Share this message"),
        see(
            "It is chosen, not the latest",
            ".modal .o_field_widget[name=message_id] input:value(Batch 7 is bad)"
        ),
        see("The customer would read it", ".modal .odoo-editor-editable:contains(Batch 7)"),
        apply("action_share"),
        noDialog,
        see("It is noted here", ".o-mail-Message:contains(Shared with the customer)"),
        click("Back to the case", ".o_back_button, .o_field_widget[name=case_id] a"),
        see("The customer was told", ".o-mail-Message:contains(Batch 7 is bad)"),
    ],
});
