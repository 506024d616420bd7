import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { user } from "@web/core/user";
import { formatFloat } from "@web/views/fields/formatters";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { TrendChart } from "./trend_chart";

const BLOCKS = ["trend", "ages", "risk", "sla", "load", "satisfaction"];
// The server computes a block at most once a minute: asking more often tells nothing.
const MINUTE = 60 * 1000;
// What a list behind a figure can be looked at as.
const VIEWS = {
    "crm.case": ["list", "kanban", "form"],
    "crm.case.sla.status": ["list", "pivot"],
    "rating.rating": ["kanban", "list"],
};
const TEAM_KEY = "crm_cases.dashboard.team";

/**
 * What a leader sees at a glance. Each block is one call; each figure opens the list
 * behind it. News of the bus only say that something changed, then the blocks are
 * read again, once a minute at most.
 */
export class CasesDashboard extends Component {
    static template = "crm_cases.Dashboard";
    static components = { Layout, TrendChart };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.bus = useService("bus_service");
        this.display = { controlPanel: {} };
        this.state = useState({ teams: [], teamId: 0, blocks: {}, readAt: "" });
        this.onChanged = () => this.refreshSoon();
        this.bus.subscribe("crm_cases.changed", this.onChanged);
        onWillStart(() => this.start());
        onWillUnmount(() => this.stop());
    }

    async start() {
        this.state.teams = await this.orm.call("crm.case.dashboard", "get_teams", []);
        const kept = Number(sessionStorage.getItem(TEAM_KEY) || 0);
        const isThere = this.state.teams.some((team) => team.id === kept);
        this.state.teamId = isThere ? kept : 0;
        await this.refresh();
    }

    stop() {
        this.bus.unsubscribe("crm_cases.changed", this.onChanged);
        clearTimeout(this.timer);
        this.isStopped = true;
    }

    /** Read once the minute of the server's figures is over. */
    refreshSoon() {
        if (!this.timer) {
            const wait = MINUTE - (Date.now() % MINUTE) + 1000;
            this.timer = setTimeout(() => this.refresh(), wait);
        }
    }

    async refresh() {
        clearTimeout(this.timer);
        this.timer = undefined;
        const teamId = this.state.teamId;
        const read = (name) =>
            this.orm.silent.call("crm.case.dashboard", "get_block", [name, teamId]);
        const blocks = await Promise.all(BLOCKS.map(read));
        if (this.isStopped || teamId !== this.state.teamId) {
            return; // the answer to a question that nobody asks any more
        }
        BLOCKS.forEach((name, index) => (this.state.blocks[name] = blocks[index]));
        this.state.readAt = new Date().toLocaleTimeString(user.lang, {
            hour: "2-digit",
            minute: "2-digit",
        });
    }

    onTeam(event) {
        this.state.teamId = Number(event.target.value);
        sessionStorage.setItem(TEAM_KEY, this.state.teamId);
        return this.refresh();
    }

    // What the template shows

    get days() {
        return this.state.blocks.trend?.days || [];
    }

    get backlog() {
        return this.days.at(-1)?.backlog ?? 0;
    }

    total(key) {
        return this.days.reduce((sum, day) => sum + day[key], 0);
    }

    /** How long a bar is, in per cent of the longest of its block. */
    share(count, rows) {
        const most = Math.max(1, ...rows.map((row) => row.count));
        return Math.round((count / most) * 100);
    }

    /** Per cent, whole: nobody decides on tenths of them. */
    percent(rate) {
        return formatFloat(rate, { digits: [3, 0] }) + " %";
    }

    get average() {
        return formatFloat(this.state.blocks.satisfaction.average, { digits: [3, 1] });
    }

    // What lies behind

    open(name, domain, model = "crm.case") {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: model,
            domain,
            views: VIEWS[model].map((kind) => [false, kind]),
            context: {},
        });
    }

    openDay(day, key) {
        const name = key === "came" ? _t("Came on %s", day.label) : _t("Went on %s", day.label);
        return this.open(name, day[`${key}_domain`]);
    }

    openTotal(key) {
        const first = this.days[0][`${key}_domain`];
        const field = key === "came" ? "create_date" : "date_closed";
        // The domain of the first day begins where the month begins.
        const begin = first.find((leaf) => leaf[0] === field && leaf[1] === ">=");
        const name = key === "came" ? _t("Came in 30 days") : _t("Went in 30 days");
        return this.open(name, [...this.teamDomain, [field, ">=", begin[2]]]);
    }

    openTargets() {
        const domain = this.state.blocks.sla.domain;
        return this.open(_t("SLA targets of 30 days"), domain, "crm.case.sla.status");
    }

    openRatings() {
        const domain = this.state.blocks.satisfaction.domain;
        return this.open(_t("Satisfaction"), domain, "rating.rating");
    }

    openBacklog() {
        const domain = [["state", "in", ["draft", "open", "pending"]]];
        return this.open(_t("Backlog"), [...this.teamDomain, ...domain]);
    }

    get teamDomain() {
        return this.state.teamId ? [["team_id", "child_of", this.state.teamId]] : [];
    }
}

registry.category("actions").add("crm_cases.dashboard", CasesDashboard);
