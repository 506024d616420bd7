"""Odoo's own command line, with our configuration and addons."""

import os

from . import runtime
from .console import foreground
from .paths import DATA, LOGS, ROOT, WORK

CONFIG = WORK / "odoo.conf"

SETTINGS = {
    "addons_path": ROOT,
    "data_dir": DATA,
    "http_interface": "127.0.0.1",
    "list_db": "False",
    "server_wide_modules": "base,web",
    # No mail server here on purpose: nothing may leave the machine. ``./dev run``
    # names its catcher; port 9 is the discard port, where nobody listens.
    "smtp_server": "127.0.0.1",
    "smtp_port": "9",
    "max_cron_threads": "1",
}


def config():
    """Write the configuration file of this checkout and return its path."""
    LOGS.mkdir(parents=True, exist_ok=True)
    DATA.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {value}" for key, value in SETTINGS.items()]
    text = "\n".join(["[options]", *lines, ""])
    if not CONFIG.exists() or CONFIG.read_text() != text:
        CONFIG.write_text(text)
        CONFIG.chmod(0o600)
    return CONFIG


def command(odoo_runtime, *arguments):
    """Return the command line that starts Odoo with our configuration.

    A subcommand (``shell``, ``i18n``, …) stays in front of the options.
    """
    arguments = list(arguments)
    subcommand = []
    if arguments and not arguments[0].startswith("-"):
        subcommand = [arguments.pop(0)]
    if subcommand in ([], ["server"], ["shell"]):
        arguments = ["-c", config(), *arguments]
    else:
        config()
    return [*odoo_runtime.odoo, *subcommand, *map(str, arguments)]


def environment():
    """Return the environment of every Odoo process that we start."""
    env = runtime.environment()
    env["ODOO_RC"] = str(config())
    # Odoo reads the time zone of the host for its logs only; tests must not differ.
    env.setdefault("TZ", "UTC")
    return env


def pass_through(odoo_runtime, arguments):
    """Run Odoo's command line on this terminal and return its exit status."""
    return foreground(command(odoo_runtime, *arguments), environment(), os.getcwd())
