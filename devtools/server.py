"""``./dev run``: a demo server on loopback whose outgoing mail is caught."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import databases, odoo
from .catcher import Catcher
from .console import DevError, say, step, tail
from .paths import LOGS, OUTBOX, WORK

STATE = WORK / "run.json"
START_SECONDS = 300

LOGINS = (
    ("agent", "agent", "answers cases"),
    ("leader", "leader", "leads a team"),
    ("admin", "admin", "sets everything up"),
    ("marketer", "marketer", "segments customers"),
    ("customer", "customer", "a customer, in the portal"),
)

TO_TRY = (
    "./dev mail --to care@velora.example.com   then look at the new case as 'agent'",
    "as 'agent', answer it; then ./dev outbox     shows what the customer reads",
    "as 'marketer', open Gold customers and press Compute",
)


def serve(odoo_runtime, port, database, demo):
    """Create the database if need be, and serve it until interrupted.

    :return: Odoo's exit status, 0 after Ctrl-C
    :raise DevError: if the port is taken or the server does not start
    """
    _check_port(port)
    databases.check_name(database)
    if not databases.exists(database):
        databases.create(odoo_runtime, database, demo)
    else:
        databases.update_if_stale(odoo_runtime, database)
    databases.set_address(database, f"http://127.0.0.1:{port}")
    with Catcher(OUTBOX) as catcher:
        process = _start(odoo_runtime, port, database, catcher.port)
        try:
            _wait_until_ready(process, port)
            state = {"port": port, "database": database, "pid": process.pid}
            STATE.write_text(json.dumps(state))
            _greet(port, database)
            return _wait(process)
        finally:
            _stop(process)
            _forget(process.pid)


def _forget(pid):
    """Remove the note about the running server, unless it is about another one."""
    with contextlib.suppress(OSError, ValueError):
        if json.loads(STATE.read_text())["pid"] == pid:
            STATE.unlink()


def _check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise DevError(
                f"Port {port} cannot be used: {error}.",
                f"Choose another one: ./dev run --port {port % 60000 + 1}",
            ) from error


def _start(odoo_runtime, port, database, smtp_port):
    log = LOGS / "run.log"
    command = odoo.command(
        odoo_runtime,
        *("-d", database, f"--db-filter=^{database}$"),
        f"--http-port={port}",
        f"--smtp-port={smtp_port}",
        f"--logfile={log}",
    )
    return subprocess.Popen(command, env=odoo.environment(), stdin=subprocess.DEVNULL)


def _wait_until_ready(process, port):
    deadline = time.monotonic() + START_SECONDS
    with step("Starting Odoo"):
        while time.monotonic() < deadline:
            if process.poll() is not None:
                say(tail(LOGS / "run.log"))
                raise DevError("Odoo stopped at its start.", f"Read {LOGS}/run.log")
            try:
                address = f"http://127.0.0.1:{port}/web/login"
                with urllib.request.urlopen(address, timeout=60):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.3)
    raise DevError("Odoo does not answer.", f"Read {LOGS}/run.log")


def _greet(port, database):
    demo = databases.has_user(database, "agent")
    logins = LOGINS if demo else LOGINS[2:3]
    to_try = TO_TRY if demo else TO_TRY[:1]
    lines = [
        "",
        f"  Ready:  http://127.0.0.1:{port}     (database '{database}')",
        "",
        "  Log in as      password",
        *(f"    {login:<12} {password:<12} {what}" for login, password, what in logins),
        "",
        "  Three things to try",
        *(f"    {number}. {thing}" for number, thing in enumerate(to_try, 1)),
        "",
        "  Outgoing mail is caught, nothing leaves: ./dev outbox",
        "  Stop with Ctrl-C.",
        "",
    ]
    say("\n".join(lines))


def _wait(process):
    """Wait for the end of the server, or for Ctrl-C."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        say("\nStopping …")
        return 0


def _stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def running():
    """Return port and database of the running server.

    :raise DevError: if there is none
    """
    try:
        state = json.loads(STATE.read_text())
        with socket.create_connection(("127.0.0.1", state["port"]), 5):
            return state["port"], state["database"]
    except (OSError, ValueError) as error:
        raise DevError(
            "There is no running server.", "Start one in another terminal: ./dev run"
        ) from error
