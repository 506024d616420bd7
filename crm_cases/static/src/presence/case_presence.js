import { Composer } from "@mail/core/common/composer";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { isHtmlEmpty } from "@web/core/utils/html";
import { useBus, useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, useEffect, useState } from "@odoo/owl";

const HERE = "crm_cases/here";
const WRITING = "CRM_CASES:WRITING";
// Who was not heard for so long is gone.
const BEAT = 15_000;
const GONE = 40_000;
// The channel is subscribed to a little after it was asked for.
const SETTLE = 1_500;

/** Who else has this case open, in words; whoever is alone sees nothing. */
export class CasePresence extends Component {
    static template = "crm_cases.CasePresence";
    static props = { ...standardWidgetProps };

    setup() {
        this.bus = useService("bus_service");
        this.orm = useService("orm");
        this.tab = Math.random().toString(36).slice(2, 14);
        this.writing = {};
        this.state = useState({ tabs: {} });
        useBus(this.env.bus, WRITING, ({ detail }) => this.noteWriting(detail));
        useEffect(
            (caseId) => caseId && this.enter(caseId),
            () => [this.props.record.resId]
        );
    }

    /** Come to a case; what is returned leaves it. */
    enter(caseId) {
        const hear = (message) => this.hear(caseId, message);
        const leave = () => this.leave(caseId);
        const channel = `crm_case_here_${caseId}`;
        this.bus.subscribe(HERE, hear);
        this.bus.addChannel(channel);
        const asking = browser.setTimeout(() => this.tell(caseId, { asking: true }), SETTLE);
        const beat = browser.setInterval(() => this.beat(caseId), BEAT);
        browser.addEventListener("pagehide", leave);
        return () => {
            browser.clearTimeout(asking);
            browser.clearInterval(beat);
            browser.removeEventListener("pagehide", leave);
            this.bus.unsubscribe(HERE, hear);
            this.bus.deleteChannel(channel);
            leave();
            this.state.tabs = {};
        };
    }

    tell(caseId, words = {}) {
        const writing = Boolean(this.writing[caseId]);
        return this.orm.silent
            .call("crm.case", "tell_presence", [[caseId], this.tab], { writing, ...words })
            .catch(() => {}); // the case may be gone; that is said elsewhere
    }

    /** Only who has company goes on talking. */
    beat(caseId) {
        for (const [tab, { since }] of Object.entries(this.state.tabs)) {
            if (Date.now() - since > GONE) {
                delete this.state.tabs[tab];
            }
        }
        if (this.people.length) {
            this.tell(caseId);
        }
    }

    /** A closing window has no time to wait for an answer. */
    leave(caseId) {
        if (!this.people.length) {
            return;
        }
        const params = {
            model: "crm.case",
            method: "tell_presence",
            args: [[caseId], this.tab],
            kwargs: { leaving: true },
        };
        const body = JSON.stringify({ jsonrpc: "2.0", method: "call", params });
        browser.navigator.sendBeacon(
            "/web/dataset/call_kw/crm.case/tell_presence",
            new Blob([body], { type: "application/json" })
        );
    }

    hear(caseId, message) {
        if (message.case_id !== caseId || message.user_id === user.userId) {
            return;
        }
        if (message.leaving) {
            delete this.state.tabs[message.tab];
            return;
        }
        this.state.tabs[message.tab] = { ...message, since: Date.now() };
        if (message.asking) {
            this.tell(caseId);
        }
    }

    noteWriting({ caseId, writing }) {
        if (Boolean(this.writing[caseId]) === writing) {
            return;
        }
        this.writing[caseId] = writing;
        if (caseId === this.props.record.resId && this.people.length) {
            this.tell(caseId);
        }
    }

    /** Each person once, however many windows there are. */
    get people() {
        const people = {};
        for (const { user_id, name, writing } of Object.values(this.state.tabs)) {
            const before = people[user_id]?.writing;
            people[user_id] = { id: user_id, name, writing: writing || before };
        }
        return Object.values(people);
    }

    getWords({ name, writing }) {
        return writing ? _t("%s is writing", name) : _t("%s is looking at this case", name);
    }
}

registry.category("view_widgets").add("crm_case_presence", { component: CasePresence });

patch(Composer.prototype, {
    setup() {
        super.setup();
        const tell = (caseId, writing) =>
            caseId && this.env.bus.trigger(WRITING, { caseId, writing });
        useEffect(
            (caseId, writing) => {
                tell(caseId, writing);
                return () => writing && tell(caseId, false);
            },
            () => [
                this.isForCase && this.thread.id,
                !isHtmlEmpty(this.props.composer.composerHtml),
            ]
        );
    },
});
