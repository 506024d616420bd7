/* global Chart */

import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";

/**
 * What came and went as bars, the backlog as a line. Who cannot see it reads the same
 * figures in a table beside it.
 */
export class TrendChart extends Component {
    static template = "crm_cases.TrendChart";
    static props = { days: Array, onDay: Function };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.days]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        const style = getComputedStyle(this.canvas.el);
        const color = (name) => style.getPropertyValue(name).trim();
        const days = this.props.days;
        const data = (key) => days.map((day) => day[key]);
        this.chart = new Chart(this.canvas.el, {
            data: {
                labels: data("label"),
                datasets: [
                    {
                        type: "line",
                        label: _t("Backlog"),
                        data: data("backlog"),
                        borderColor: color("--case-line"),
                        backgroundColor: color("--case-line"),
                        pointRadius: 1,
                        tension: 0.2,
                        yAxisID: "backlog",
                    },
                    this.bars("came", _t("Came"), color("--case-came")),
                    this.bars("went", _t("Went"), "transparent", color("--case-went")),
                ],
            },
            options: this.getOptions(color("--case-text"), color("--case-grid")),
        });
    }

    /** Some filled, some hollow: who sees no colours tells them apart too. */
    bars(key, label, backgroundColor, borderColor) {
        const data = this.props.days.map((day) => day[key]);
        const borderWidth = borderColor ? 2 : 0;
        return { type: "bar", label, data, backgroundColor, borderColor, borderWidth, key };
    }

    getOptions(text, grid) {
        const axis = (position) => ({
            position,
            beginAtZero: true,
            ticks: { precision: 0, color: text },
            grid: { color: grid, drawOnChartArea: position === "left" },
        });
        return {
            animation: false,
            maintainAspectRatio: false,
            interaction: { mode: "index", intersect: false },
            onClick: (event, elements) => this.onClick(elements),
            plugins: { legend: { labels: { color: text } } },
            scales: {
                x: { ticks: { color: text, maxRotation: 0, autoSkipPadding: 12 }, grid: { display: false } },
                y: { ...axis("left"), title: { display: true, text: _t("per day"), color: text } },
                backlog: { ...axis("right"), title: { display: true, text: _t("backlog"), color: text } },
            },
        };
    }

    onClick(elements) {
        const bar = elements.find((element) => this.chart.data.datasets[element.datasetIndex].key);
        if (bar) {
            const { key } = this.chart.data.datasets[bar.datasetIndex];
            this.props.onDay(this.props.days[bar.index], key);
        }
    }
}
