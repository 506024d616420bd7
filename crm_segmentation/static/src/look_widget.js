import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { useService } from "@web/core/utils/hooks";

/**
 * Has the preview look at more and more partners, and shows the numbers grow, until all
 * were looked at, or somebody stops it or closes the dialog.
 */
export class SegmentationLook extends Component {
    static template = "crm_segmentation.Look";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ looking: false });
        onMounted(() => this.look());
        onWillUnmount(() => this.stop());
    }

    get record() {
        return this.props.record;
    }

    get percent() {
        return Math.floor(this.record.data.looked_at_percent);
    }

    get isDone() {
        return this.record.data.looked_at_percent >= 100;
    }

    stop() {
        this.state.looking = false;
        this.token = null;
    }

    async look() {
        const token = (this.token = {});
        this.state.looking = !this.isDone;
        while (this.token === token && !this.isDone) {
            await this.orm.silent.call("crm.segmentation.preview", "look_further", [
                [this.record.resId],
            ]);
            if (this.token) {
                await this.show();
            }
        }
        if (this.token === token) {
            this.stop();
        }
    }

    /** Load the new numbers, and keep what was chosen meanwhile. */
    async show() {
        if (await this.record.isDirty()) {
            await this.record.save();
        } else {
            await this.record.load();
        }
    }
}

registry.category("view_widgets").add("segmentation_look", {
    component: SegmentationLook,
    fieldDependencies: [{ name: "looked_at_percent", type: "float" }],
});
