"""Runs one benchmark, shows its figures as a table, and writes them as JSON.

A benchmark is a module here with ``run(env, scale)``. It runs our side and the
other side in turn, several rounds in one call, and returns medians::

    {"title": "…", "columns": ["case", "ours", …], "rows": [{…}, …], "notes": ["…"]}

``./dev bench NAME`` gives it the environment of a throw-away database.
"""

import importlib
import json
import platform
import statistics
import sys
from pathlib import Path


def main(env, name, scale, json_file=None):
    """Run a benchmark and report it.

    :param env: Odoo environment on a database that may be spoilt
    :param str name: module in this folder
    :param str scale: ``small`` or ``full``
    :param str json_file: where to write the figures, if anywhere
    """
    report = importlib.import_module(name).run(env, scale)
    report["machine"] = _machine(env)
    report["scale"] = scale
    sys.stdout.write(table(report))
    if json_file:
        Path(json_file).write_text(json.dumps(report, indent=2) + "\n")


def in_turn(rounds, **sides):
    """Call both sides in turn and return all that they returned.

    In turn, because a machine's speed drifts: each pair sees the same drift.

    :param int rounds: how often each side is called
    :param sides: functions without arguments, by name
    :return: a list of results by side
    """
    results = {side: [] for side in sides}
    for number in range(1, rounds + 1):
        for side, call in sides.items():
            results[side].append(call())
            sys.stderr.write(f"  round {number}/{rounds}: {side}\n")
            sys.stderr.flush()
    return results


def median(results, key):
    """Return the median of one figure over the rounds of a side."""
    return statistics.median(result[key] for result in results)


def table(report):
    """Return a report as an aligned text table."""
    columns = report.get("columns") or list(report["rows"][0])
    rows = [[_cell(row.get(column)) for column in columns] for row in report["rows"]]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in [columns, *rows]
    ]
    notes = [f"- {note}" for note in report.get("notes", [])]
    return "\n".join([report["title"], "", *lines, "", *notes, ""])


def _cell(value):
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return "" if value is None else str(value)


def _machine(env):
    env.cr.execute("SELECT current_setting('server_version'), current_setting('fsync')")
    postgres, fsync = env.cr.fetchone()
    return {
        "python": platform.python_version(),
        "postgresql": postgres,
        "fsync": fsync,
        "processor": platform.machine(),
    }
