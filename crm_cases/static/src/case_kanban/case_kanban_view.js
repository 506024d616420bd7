import { useService } from "@web/core/utils/hooks";
import { registry } from "@web/core/registry";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { onWillUnmount } from "@odoo/owl";

const NEW_CASES = "crm_cases/new";
// Many boards hear the same news, and news come in bursts: each waits a little, and none
// asks at the same moment as all the others.
const WAIT = 500;
const SPREAD = 1500;

/** Shows new cases without being reloaded, unless a card is just being written. */
export class CaseKanbanController extends KanbanController {
    setup() {
        super.setup();
        const bus = useService("bus_service");
        const hear = () => this.scheduleReload();
        const look = () => this.missed && this.scheduleReload();
        bus.subscribe(NEW_CASES, hear);
        document.addEventListener("visibilitychange", look);
        onWillUnmount(() => {
            bus.unsubscribe(NEW_CASES, hear);
            document.removeEventListener("visibilitychange", look);
            clearTimeout(this.reloading);
        });
    }

    scheduleReload() {
        clearTimeout(this.reloading);
        this.reloading = setTimeout(() => this.reload(), WAIT + Math.random() * SPREAD);
    }

    async reload() {
        this.missed = document.hidden;
        if (this.missed) {
            return;
        }
        if (this.isBusy) {
            this.scheduleReload();
            return;
        }
        await this.model.load();
    }

    get isBusy() {
        return Boolean(
            this.quickCreateState.groupId || document.querySelector(".o_dragged")
        );
    }
}

registry.category("views").add("crm_case_kanban", {
    ...kanbanView,
    Controller: CaseKanbanController,
});
