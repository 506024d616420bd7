"""A real Odoo server process on a database of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xmlrpc.client

from dev import ROOT
from dovecot import free_port


def processes_of(session):
    """Return the command lines of the processes of a session that still live."""
    found = subprocess.run(
        ["ps", "-o", "args=", "--sid", str(session)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in found.stdout.splitlines() if "defunct" not in line]


class OdooServer:
    """Serves one database; calls go through XML-RPC as the administrator.

    :param str database: an existing database, without demo data
    :param int smtp_port: where its outgoing mail goes
    """

    def __init__(self, database, smtp_port=9, log_file=None):
        self.database = database
        self.port = free_port()
        self.smtp_port = smtp_port
        self.log_file = log_file
        self.uid = None
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exception):
        self.stop()

    def start(self):
        """Start the server and wait until it answers."""
        log = (
            ["--logfile", str(self.log_file)] if self.log_file else ["--log-level=warn"]
        )
        command = [sys.executable, str(ROOT / "dev"), "odoo"]
        command += ["-d", self.database, f"--db-filter=^{self.database}$"]
        command += [f"--http-port={self.port}", f"--smtp-port={self.smtp_port}", *log]
        # A session of its own: the whole of it can be killed at once.
        self.process = subprocess.Popen(command, start_new_session=True)
        self._wait_until_ready()
        common = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common")
        self.uid = common.authenticate(self.database, "admin", "admin", {})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _wait_until_ready(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "Odoo stopped at its start"
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{self.url}/web/login", timeout=60).close()
                return
            time.sleep(0.2)
        raise AssertionError("Odoo does not answer")

    def stop(self):
        """Stop the server as an administrator would."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        assert not processes_of(self.process.pid), "nothing may be left running"

    def kill(self):
        """Kill the server without any warning."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def call(self, model, method, *arguments, **keywords):
        """Call a method as the administrator."""
        proxy = xmlrpc.client.ServerProxy(
            f"{self.url}/xmlrpc/2/object", allow_none=True
        )
        return proxy.execute_kw(
            self.database, self.uid, "admin", model, method, list(arguments), keywords
        )

    def wait_for(self, model, domain, fields, count=1, seconds=60):
        """Return records that match, oldest first, once there are enough."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.call(model, "search_read", domain, fields=fields, order="id")
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"no {count} {model} match {domain}: {found}")
            time.sleep(0.3)

    def run_cron(self, xmlid, seconds=60):
        """Let the scheduler run a job now, as the administrator's button does.

        While it runs by itself, that is refused: the run that is meant comes after.
        """
        module, name = xmlid.split(".")
        [row] = self.call(
            "ir.model.data",
            "search_read",
            [("module", "=", module), ("name", "=", name)],
            fields=["res_id"],
        )
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.call("ir.cron", "method_direct_trigger", [row["res_id"]])
            except xmlrpc.client.Fault as fault:
                busy = "already executing" in fault.faultString
                if not busy or time.monotonic() > deadline:
                    raise
            time.sleep(0.3)
