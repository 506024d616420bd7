import { useCommand } from "@web/core/commands/command_hook";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

const CLOSED = ["done", "cancel"];

/**
 * What one does all day with a case, in the command palette and by hotkeys. To assign is
 * there already: the field of the responsible brings it.
 */
export class CaseFormController extends FormController {
    setup() {
        super.setup();
        this.caseOrm = useService("orm");
        this.caseActions = useService("action");
        const isSaved = () => Boolean(this.model.root?.resId);
        const isOpen = () => isSaved() && !CLOSED.includes(this.model.root.data.state);
        const add = (name, hotkey, action, isAvailable = isSaved) =>
            useCommand(name, action, {
                category: "smart_action",
                hotkey,
                hotkeyOptions: { bypassEditableProtection: true },
                isAvailable,
            });
        add(_t("Reply to the customer"), "alt+shift+r", () =>
            this.openComposer(".o-mail-Chatter-sendMessage")
        );
        add(_t("Write a note"), "alt+shift+n", () =>
            this.openComposer(".o-mail-Chatter-logNote")
        );
        add(_t("Solve the case"), "alt+shift+s", () => this.runOnCase("action_close"), isOpen);
        add(_t("Next case"), "alt+shift+j", () => this.runOnCase("action_next"));
    }

    async openComposer(selector) {
        // What is being saved renders the conversation anew, which would close it.
        await this.model.mutex.getUnlockedDef();
        await new Promise((resolve) => setTimeout(resolve));
        const button = this.rootRef.el.querySelector(selector);
        if (button && !button.classList.contains("active")) {
            button.click();
        }
    }

    async runOnCase(method) {
        const { root } = this.model;
        if (!(await root.save())) {
            return;
        }
        const action = await this.caseOrm.call("crm.case", method, [[root.resId]]);
        if (action) {
            await this.caseActions.doAction(action, { onClose: () => this.model.load() });
        } else {
            await this.model.load();
        }
    }
}

registry.category("views").add("crm_case_form", {
    ...formView,
    Controller: CaseFormController,
});
