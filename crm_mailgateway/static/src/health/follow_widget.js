import { Component, onMounted, onWillUnmount, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const PAUSE = 2000;

/** Follows a round-trip test until it has ended: asks, and shows what is new. */
export class FollowRoundtrip extends Component {
    static template = xml`
        <span t-if="running" class="fa fa-spinner fa-spin text-muted" role="img" aria-label="Running"/>`;
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        onMounted(() => this.plan());
        onWillUnmount(() => clearTimeout(this.timer));
    }

    get running() {
        return !["done", "failed"].includes(this.props.record.data.state);
    }

    plan() {
        if (this.running && this.props.record.resId) {
            this.timer = setTimeout(() => this.refresh(), PAUSE);
        }
    }

    async refresh() {
        const { resModel, resId } = this.props.record;
        await this.orm.silent.call(resModel, "action_refresh", [[resId]]);
        await this.props.record.load();
        this.plan();
    }
}

registry.category("view_widgets").add("crm_mailgateway_follow", {
    component: FollowRoundtrip,
    fieldDependencies: [{ name: "state", type: "selection" }],
});
