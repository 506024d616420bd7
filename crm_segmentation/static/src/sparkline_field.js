import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * A small line of numbers, as wide as its place.
 */
export class Sparkline extends Component {
    static template = "crm_segmentation.Sparkline";
    static props = {
        values: Array,
        title: { type: String, optional: true },
        min: { type: Number, optional: true },
        max: { type: Number, optional: true },
    };

    get points() {
        const values = this.props.values.map((value, index) => [index, value]);
        const known = values.filter(([, value]) => value !== null && value !== false);
        const numbers = known.map(([, value]) => value);
        const low = this.props.min ?? Math.min(...numbers);
        const high = this.props.max ?? Math.max(...numbers);
        const width = Math.max(values.length - 1, 1);
        return known.map(([index, value]) => [
            2 + (96 * index) / width,
            high > low ? 28 - (26 * (value - low)) / (high - low) : 15,
        ]);
    }

    get line() {
        return this.points.map((point) => point.join(",")).join(" ");
    }

    get area() {
        const points = this.points;
        const first = points[0][0];
        const last = points[points.length - 1][0];
        return `${first},30 ${this.line} ${last},30`;
    }
}

export class SparklineField extends Component {
    static template = "crm_segmentation.SparklineField";
    static components = { Sparkline };
    static props = { ...standardFieldProps };

    get values() {
        return this.props.record.data[this.props.name] || [];
    }

    get title() {
        return _t("Members after the last runs: %s", this.values.join(", "));
    }
}

registry.category("fields").add("segmentation_sparkline", {
    component: SparklineField,
    supportedTypes: ["json"],
});
