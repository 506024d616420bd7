import { registry } from "@web/core/registry";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";

/**
 * A selection whose choices, and their labels, come from another field of the record:
 * pairs of value and label.
 */
export class ChoiceField extends SelectionField {
    static props = { ...SelectionField.props, choicesField: { type: String } };

    get options() {
        return this.props.record.data[this.props.choicesField] || super.options;
    }

    get string() {
        const value = this.props.record.data[this.props.name];
        const chosen = this.options.find((option) => option[0] === value);
        return chosen ? chosen[1] : "";
    }
}

registry.category("fields").add("segmentation_choice", {
    ...selectionField,
    component: ChoiceField,
    supportedTypes: ["selection"],
    fieldDependencies: ({ options }) => [
        { name: options.choices, type: "json", readonly: true },
    ],
    extractProps: (info, dynamicInfo) => ({
        ...selectionField.extractProps(info, dynamicInfo),
        choicesField: info.options.choices,
    }),
});
