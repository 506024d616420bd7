import { Component, onWillUnmount, useEffect, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { formatInteger } from "@web/views/fields/formatters";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { useService } from "@web/core/utils/hooks";

const PAUSE = 1500; // milliseconds between two questions

/**
 * How far the computation is, asked again and again while it runs. When it ends the
 * form is loaded anew, unless somebody is editing it.
 */
export class SegmentationProgress extends Component {
    static template = "crm_segmentation.Progress";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ progress: null });
        this.timer = null;
        this.resId = null;
        useEffect(
            (resId, state) => {
                this.stop();
                if (resId !== this.resId) {
                    // Of another one; of the same one the last answer stays, so that
                    // nothing flickers between Stop and the next answer.
                    this.state.progress = null;
                    this.resId = resId;
                }
                if (resId && state !== "not running") {
                    this.ask();
                }
            },
            () => [this.record.resId, this.record.data.state]
        );
        onWillUnmount(() => this.stop());
    }

    get record() {
        return this.props.record;
    }

    stop() {
        clearTimeout(this.timer);
        this.asked = null;
    }

    async ask() {
        const resId = this.record.resId;
        const asked = (this.asked = {});
        const progress = await this.orm.silent.call("crm.segmentation", "get_progress", [
            [resId],
        ]);
        if (this.asked !== asked) {
            return; // the form shows something else by now
        }
        this.state.progress = progress;
        if (progress.state === "running") {
            this.timer = setTimeout(() => this.ask(), PAUSE);
        } else if (progress.state !== this.record.data.state && !(await this.record.isDirty())) {
            await this.record.load();
        }
    }

    get text() {
        const { processed, total, rate } = this.state.progress;
        const values = { processed: formatInteger(processed), total: formatInteger(total) };
        if (!rate) {
            return _t("%(processed)s of %(total)s partners", values);
        }
        values.rate = formatInteger(rate);
        return _t("%(processed)s of %(total)s partners · %(rate)s a second", values);
    }

    get remaining() {
        const { state, remaining } = this.state.progress;
        if (state !== "running" || remaining === null) {
            return "";
        }
        if (remaining < 90) {
            return _t("%s s left", Math.max(remaining, 1));
        }
        return _t("%s min left", Math.round(remaining / 60));
    }

    get isShown() {
        const running = this.record.data.state !== "not running";
        return running && this.state.progress && this.state.progress.state !== "not running";
    }

    get waiting() {
        const { state, processed } = this.state.progress;
        return state === "running" && !processed;
    }
}

registry.category("view_widgets").add("segmentation_progress", {
    component: SegmentationProgress,
    fieldDependencies: [{ name: "state", type: "selection" }],
});
