import { Chatter } from "@mail/chatter/web_portal/chatter";
import { Composer } from "@mail/core/common/composer";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { isHtmlEmpty } from "@web/core/utils/html";
import { toRaw, useEffect, useState } from "@odoo/owl";

const NEXT = "crm_cases.send_and_next";
const LABELS = {
    open: _t("Send and Open"),
    pending: _t("Send and Wait"),
    until: _t("Send and Wait Until…"),
    done: _t("Send and Solve"),
};

/**
 * Next to *Send*, on cases: send and move the case, macros, and a warning when others
 * have spoken since the answer was begun.
 */
patch(Composer.prototype, {
    setup() {
        super.setup();
        this.caseOrm = useService("orm");
        this.caseActions = useService("action");
        this.caseDialogs = useService("dialog");
        this.caseNotifications = useService("notification");
        this.caseMenu = useState({
            moves: [],
            macros: [],
            macro: null,
            next: Boolean(localStorage.getItem(NEXT)),
        });
        useEffect(
            (begun) => {
                this.caseSeen = begun ? this.caseNewestMessage : undefined;
            },
            () => [this.isForCase && !isHtmlEmpty(this.props.composer.composerHtml)]
        );
    },

    get isForCase() {
        return (
            this.thread?.model === "crm.case" &&
            Boolean(this.thread.id) &&
            !this.props.composer.message
        );
    },

    get caseNewestMessage() {
        return Math.floor(this.thread.newestPersistentMessage?.id || 0);
    },

    /** Asked for when the menu opens, so that it fits the case as it is then. */
    async loadCaseMenu() {
        const menu = await this.caseOrm.call("crm.case", "get_answer_menu", [
            [this.thread.id],
        ]);
        Object.assign(this.caseMenu, menu);
    },

    get caseMoves() {
        const moves = this.caseMenu.moves.map((state) => ({ state, label: LABELS[state] }));
        const pending = moves.findIndex(({ state }) => state === "pending");
        if (pending >= 0) {
            moves.splice(pending + 1, 0, { state: "until", label: LABELS.until });
        }
        return moves;
    },

    toggleCaseNext() {
        this.caseMenu.next = !this.caseMenu.next;
        if (this.caseMenu.next) {
            localStorage.setItem(NEXT, "1");
        } else {
            localStorage.removeItem(NEXT);
        }
    },

    async sendAnd(state) {
        if (this.caseMove) {
            return; // clicked twice
        }
        this.caseMove = { state };
        try {
            await this.sendMessage();
        } finally {
            this.caseMove = undefined;
        }
    },

    /** An answer that could not be sent can be sent again. */
    async processMessage() {
        try {
            return await super.processMessage(...arguments);
        } catch (error) {
            if (this.isForCase) {
                this.state.active = true;
            }
            throw error;
        }
    },

    async sendMessage() {
        if (!this.isForCase || !this.caseSeen) {
            return super.sendMessage(...arguments);
        }
        const authors = await this.caseOrm.call("crm.case", "get_late_news", [
            [this.thread.id],
            this.caseSeen,
        ]);
        if (authors.length && !(await this.confirmLateNews(authors))) {
            return;
        }
        return super.sendMessage(...arguments);
    },

    confirmLateNews(authors) {
        this.thread.fetchNewMessages();
        return new Promise((resolve) => {
            this.caseDialogs.add(
                ConfirmationDialog,
                {
                    title: _t("Something new was said"),
                    body: _t("%s wrote on this case since you began your answer.", authors.join(", ")),
                    confirmLabel: _t("Send Anyway"),
                    cancelLabel: _t("Read First"),
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    },

    async _sendMessage() {
        const { thread } = this;
        const isForCase = this.isForCase;
        const message = await super._sendMessage(...arguments);
        if (isForCase && message && (this.caseMove || this.caseMenu.macro)) {
            // It is sent, whatever becomes of the case: an error is shown, but must not
            // leave the answer in the composer, to be sent once more.
            await this.moveCase(thread).catch((error) => {
                this.caseNotifications.add(
                    _t("Your answer was sent, but what was to happen then did not."),
                    { type: "warning", sticky: true }
                );
                Promise.reject(error);
            });
        }
        return message;
    },

    async moveCase(thread) {
        const { macro, next } = this.caseMenu;
        const state = this.caseMove?.state || false;
        this.caseMenu.macro = null;
        const action = await this.caseOrm.call(
            "crm.case",
            "action_after_send",
            [[thread.id]],
            { state, macro_id: macro?.id || false, move_next: Boolean(this.caseMove) && next }
        );
        await this.showCase(action);
    },

    /** Show what is asked for, or what has changed. */
    async showCase(action) {
        const reload = () => this.env.inChatter?.reloadForm?.();
        if (action) {
            await this.caseActions.doAction(action, { onClose: reload });
        } else {
            await reload();
        }
    },

    async useMacro(macro) {
        if (!macro.text) {
            const action = await this.caseOrm.call("crm.case", "action_after_send", [[this.thread.id]], {
                macro_id: macro.id,
            });
            return this.showCase(action);
        }
        this.caseMenu.macro = macro.effects ? macro : null;
        this.insertCaseText(macro.text);
    },

    editMacros() {
        return this.caseActions.doAction("crm_cases.crm_case_macro_action");
    },

    insertCaseText(text) {
        const composer = toRaw(this.props.composer);
        if (this.editor) {
            const fragment = document.createDocumentFragment();
            text.split("\n").forEach((line, index) => {
                if (index) {
                    fragment.append(document.createElement("br"));
                }
                fragment.append(line);
            });
            this.editor.shared.dom.insert(fragment);
            this.editor.shared.history.addStep();
        } else {
            composer.insertText(text, composer.selection.start, { moveCursorToEnd: false });
        }
        composer.autofocus++;
    },
});

patch(Chatter.prototype, {
    get childSubEnv() {
        const env = super.childSubEnv;
        env.inChatter.reloadForm = () => this.reloadParentView();
        return env;
    },
});
