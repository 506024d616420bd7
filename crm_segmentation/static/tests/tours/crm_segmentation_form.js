import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const DIALOG = ".modal:not(.o_inactive_modal)";

function choose(field, label) {
    return [
        {
            content: `Open the choices of ${field}`,
            trigger: `${DIALOG} div[name=${field}] input`,
            run: "click",
        },
        {
            content: `Choose ${label}`,
            trigger: `.o_select_menu_item:contains(/^${label}$/)`,
            run: "click",
        },
    ];
}

/**
 * A kind shows its operators, its unit and its window, and no others; the rule is read
 * as a sentence all the while.
 */
registry.category("web_tour.tours").add("crm_segmentation_form", {
    steps: () => [
        { trigger: ".o_kanban_view, .o_list_view" },
        { trigger: ".o-kanban-button-new, .o_list_button_add", run: "click" },
        { trigger: "div[name=name] textarea", run: "edit Tour customers" },
        { trigger: "div[name=categ_id] input", run: "edit Tour tag" },
        { trigger: ".o_m2o_dropdown_option_create a", run: "click" },
        { trigger: "div[name=mandatory_line_ids] .o_field_x2many_list_row_add a", run: "click" },
        { trigger: `${DIALOG} .modal-title:contains(/^Create Criterion$/)` },
        { trigger: `${DIALOG} div[name=unit]:contains($)` },
        { trigger: `${DIALOG} div[name=window_type]` },
        ...choose("expr_name", "Number of Invoices"),
        { trigger: `${DIALOG} div[name=unit]:contains(invoices)` },
        ...choose("expr_operator", "is at least"),
        { trigger: `${DIALOG} div[name=expr_value] input`, run: "edit 3" },
        ...choose("window_type", "In the Last"),
        { trigger: `${DIALOG} div[name=window_number] input` },
        { trigger: `${DIALOG} div[name=clause]:contains(is at least 3 in the last 12 months)` },
        ...choose("expr_name", "Products Bought"),
        { trigger: `${DIALOG}:not(:has(div[name=expr_value]))` },
        {
            trigger: `${DIALOG} div[name=expr_operator] input`,
            run: "click",
        },
        {
            content: "Only the operators of the kind are offered",
            trigger: ".o_select_menu_item:contains(were never bought)",
            run() {
                const items = [...document.querySelectorAll(".o_select_menu_item")];
                const labels = items.map((item) => item.textContent.trim());
                if (labels.length !== 2) {
                    throw new Error(`Other operators are offered: ${labels}`);
                }
            },
        },
        { trigger: ".o_select_menu_item:contains(were never bought)", run: "click" },
        { trigger: `${DIALOG} div[name=clause]:contains(never bought)` },
        ...choose("expr_name", "Amount Overdue"),
        { trigger: `${DIALOG}:not(:has(div[name=window_type]))` },
        {
            content: "An operator of the other kind does not stay",
            trigger: `${DIALOG} div[name=clause]:contains(amount to more than)`,
        },
        { trigger: `${DIALOG} div[name=expr_value] input`, run: "edit 250" },
        { trigger: `${DIALOG} .o_form_button_save`, run: "click" },
        {
            content: "The whole rule reads as a sentence",
            trigger: "p[name=sentence]:contains(whose overdue invoices amount to more than)",
        },
        ...stepUtils.saveForm(),
        { trigger: "button[name=action_preview]", run: "click" },
        { trigger: `${DIALOG} div[name=counts]:contains(match now)` },
        { trigger: `${DIALOG} footer button:contains(Close)`, run: "click" },
        { trigger: "button[name=action_why]:enabled" },
    ],
});
