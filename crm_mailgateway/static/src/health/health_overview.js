import { Component, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/** What stands above the mailboxes: late actions, dead mailboxes, who waits longest. */
export class HealthOverview extends Component {
    static template = "crm_mailgateway.HealthOverview";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ crons: [], stopped: [], troubled: [], oldest: false });
        onWillStart(async () => {
            Object.assign(
                this.state,
                await this.orm.call("crm.mailgateway.health", "get_overview", [])
            );
        });
    }

    get late() {
        return this.state.crons.filter((cron) => cron.late);
    }

    openOldest() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "crm.case",
            res_id: this.state.oldest.id,
            views: [[false, "form"]],
        });
    }
}

export class HealthListRenderer extends ListRenderer {
    static template = "crm_mailgateway.HealthListRenderer";
    static components = { ...ListRenderer.components, HealthOverview };
}

export class HealthKanbanRenderer extends KanbanRenderer {
    static template = "crm_mailgateway.HealthKanbanRenderer";
    static components = { ...KanbanRenderer.components, HealthOverview };
}

registry.category("views").add("crm_mailgateway_health_list", {
    ...listView,
    Renderer: HealthListRenderer,
});
registry.category("views").add("crm_mailgateway_health_kanban", {
    ...kanbanView,
    Renderer: HealthKanbanRenderer,
});
