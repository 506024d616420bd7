import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { useService } from "@web/core/utils/hooks";
import { Sparkline } from "./sparkline_field";

/**
 * The state of mind of a partner: score, its course, and the events behind it. Asked
 * for when it is shown, so that it costs nothing elsewhere.
 */
export class SegmentationMood extends Component {
    static template = "crm_segmentation.Mood";
    static components = { Sparkline };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ mood: null });
        onWillStart(() => this.load(this.props.record.resId));
        onWillUpdateProps((next) => this.load(next.record.resId));
    }

    async load(resId) {
        this.state.mood = resId
            ? await this.orm.call("res.partner", "get_state_of_mind", [[resId]])
            : null;
    }

    get scores() {
        return this.state.mood.points.map(([, score]) => score);
    }

    formatScore(score) {
        return score === null ? "–" : score.toFixed(1);
    }

    formatDay(day) {
        return formatDate(deserializeDate(day));
    }

    async logEvent() {
        const resId = this.props.record.resId;
        const action = await this.orm.call("res.partner", "action_log_event", [[resId]]);
        await this.action.doAction(action, { onClose: () => this.load(resId) });
    }

    open(event) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: event.model,
            res_id: event.res_id,
            views: [[false, "form"]],
        });
    }
}

registry.category("view_widgets").add("segmentation_mood", {
    component: SegmentationMood,
});
