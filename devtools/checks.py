"""``./dev test``, ``./dev lint`` and ``./dev bench``."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import databases, odoo, system, xmlstyle
from .console import DevError, foreground, say, step
from .paths import ADDONS, ROOT

# What the tests need beyond the runtime: program, Debian's packages.
TEST_PROGRAMS = (
    (("chromium", "chromium-browser", "google-chrome"), ["chromium"]),
    (("dovecot",), ["dovecot-imapd", "dovecot-pop3d"]),
)

PYTHON_SOURCES = (*ADDONS, "devtools", "tests", "bench", "docs", "dev", "setup.py")


def test(odoo_runtime, arguments):
    """Run pytest on a fresh database and return its exit status.

    :param list arguments: for pytest; none means the whole suite
    """
    _provide_test_programs()
    name = f"test_{os.getpid()}"
    databases.create(odoo_runtime, name)
    try:
        command = [odoo_runtime.python, "-m", "pytest", "-p", "strict_skips"]
        command += [f"--odoo-database={name}", "--odoo-http"]
        command += [f"--odoo-config={odoo.config()}", *arguments]
        return foreground(command, _test_environment(), ROOT)
    finally:
        databases.drop(name)


def _test_environment():
    env = odoo.environment()
    env["PYTHONPATH"] = str(ROOT / "tests/support")
    # Debian keeps servers where the PATH of a plain user does not look.
    env["PATH"] += os.pathsep + "/usr/sbin"
    return env


def _provide_test_programs():
    path = os.environ["PATH"] + os.pathsep + "/usr/sbin"
    missing = [
        package
        for programs, packages in TEST_PROGRAMS
        if not any(shutil.which(program, path=path) for program in programs)
        for package in packages
    ]
    if missing:
        system.install(missing, "what the tests need")


def lint(odoo_runtime, fix):
    """Check the style of everything; return 0 if all is clean."""
    if importlib.util.find_spec("ruff") is None and not odoo_runtime.provisioned:
        say("Note: ruff and pylint-odoo must be in the Python that runs Odoo.")
    python = str(odoo_runtime.python)
    sources = [name for name in PYTHON_SOURCES if (ROOT / name).exists()]
    format_check = [] if fix else ["--check"]
    checks = {
        "ruff": [python, "-m", "ruff", "check", *(["--fix"] if fix else []), *sources],
        "ruff format": [python, "-m", "ruff", "format", *format_check, *sources],
        # R8180 wants one class per model; ours are one class per concern.
        "pylint-odoo": [python, "-m", "pylint", "--disable=R8180", *ADDONS],
    }
    failed = [name for name, command in checks.items() if not _passes(name, command)]
    problems = xmlstyle.check(ROOT, ADDONS, fix)
    if problems:
        say("\n".join(problems))
        failed.append("XML")
    say(f"✗ not clean: {', '.join(failed)}" if failed else "✓ clean")
    return 1 if failed else 0


def _passes(name, command):
    with step(name):
        return not subprocess.run(command, cwd=ROOT, check=False).returncode


def bench(odoo_runtime, name, scale, json_file, kept=None):
    """Run a benchmark and return its exit status.

    :param str kept: a database to use and to keep; without it a throw-away one. Filling
        it beforehand keeps the time short in which nobody else may use the machine.
    """
    known = sorted(
        path.stem for path in (ROOT / "bench").glob("*.py") if path.stem != "harness"
    )
    if name not in known:
        raise DevError(f"There is no benchmark '{name}'.", f"Known: {', '.join(known)}")
    database = kept or f"bench_{os.getpid()}"
    if not databases.exists(database):
        databases.create(odoo_runtime, database)
    json_path = str(Path(json_file).resolve()) if json_file else None
    script = (
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT / 'bench')!r})\n"
        "import harness\n"
        f"harness.main(env, {name!r}, {scale!r}, {json_path!r})\n"
    )
    try:
        return _run_script(odoo_runtime, database, script)
    finally:
        if not kept:
            databases.drop(database)


def _run_script(odoo_runtime, database, script):
    with tempfile.TemporaryFile() as stdin:
        stdin.write(script.encode())
        stdin.seek(0)
        command = odoo.command(odoo_runtime, "shell", "-d", database, "--no-http")
        command += ["--log-level=warn", "--max-cron-threads=0"]
        return subprocess.run(
            command, env=odoo.environment(), stdin=stdin, check=False
        ).returncode
