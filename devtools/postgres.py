"""A PostgreSQL server: the one your ``PG*`` variables name, or a private one.

The private cluster listens on a Unix socket only. It runs while at least one
``./dev`` command needs it: every command holds a shared lock, and the one that
finds itself alone at its end stops the server.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import system
from .console import DevError, run, say, step
from .paths import LOGS, ROOT, WORK, cache

SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
}

OUTSIDE = Path("/var/tmp")
LOST_AFTER_SECONDS = 24 * 3600

VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSERVICE")


@contextlib.contextmanager
def server():
    """Make sure that a server answers, and point ``PG*`` at it for our children.

    :raise DevError: if there is no server and none can be started
    """
    if any(os.environ.get(name) for name in VARIABLES):
        _check_given_server()
        yield
        return
    cluster = Cluster()
    with cluster.used():
        before = {name: os.environ.get(name) for name in VARIABLES}
        os.environ.update(PGHOST=str(cluster.socket), PGPORT="5432", PGUSER="odoo")
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)


def _check_given_server():
    if os.environ.get("PGUSER") == "postgres":
        raise DevError(
            "Odoo refuses to work as the database user 'postgres'.",
            "Create another role with the right CREATEDB and set PGUSER to it.",
        )
    try:
        query("SELECT 1", database="postgres")
    except DevError as error:
        raise DevError(
            f"The server that your PG* variables name does not answer: {error.problem}",
            "Correct PGHOST, PGPORT, PGUSER, PGPASSWORD, or unset them all.",
        ) from error


def query(statement, database):
    """Run one statement and return its rows as lists of text.

    :raise DevError: with the server's own words
    """
    found = subprocess.run(
        [program("psql"), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        + ["-d", database, "-c", statement],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise DevError(found.stderr.strip() or "psql failed")
    return [line.split("\t") for line in found.stdout.splitlines()]


def program(name):
    """Return the path of one of PostgreSQL's programs, installing it if need be."""
    found = _find_program(name)
    if not found:
        system.install(["postgresql"], "PostgreSQL")
        found = _find_program(name)
    if not found:
        raise DevError(
            f"PostgreSQL's program {name} is not on this machine.",
            "Install PostgreSQL 13 or newer, or set PGHOST and PGUSER to a server.",
        )
    return found


def _find_program(name):
    def version(path):
        return float(Path(path).parts[-3])

    places = glob.glob(f"/usr/lib/postgresql/*/bin/{name}")
    return max(places, key=version, default=None) or shutil.which(name)


class Cluster:
    """The private cluster of this checkout.

    PostgreSQL refuses to run as root, so as root it runs as an account without
    rights, which may not be able to enter the checkout (``/root``, a private
    temporary folder): then the data lies in ``/var/tmp`` and is linked to.
    """

    def __init__(self):
        self.account = self._account() if system.is_root() else None
        self.key = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
        # A socket's path may have 107 characters: never below the checkout.
        self.socket = Path(tempfile.gettempdir()) / f"odoo19-cases-{self.key}"
        self.log = LOGS / "postgres.log"
        WORK.mkdir(exist_ok=True)

    @staticmethod
    def _account():
        program("initdb")  # installing PostgreSQL creates its account
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise DevError("There is no account that PostgreSQL could run as.")

    @contextlib.contextmanager
    def used(self):
        """Run the server while at least one caller is inside."""
        with (WORK / "postgres.users").open("w") as users:
            with self._turn():
                fcntl.flock(users, fcntl.LOCK_SH)
                if not self._running():
                    self._start()
            try:
                yield
            finally:
                with self._turn(), contextlib.suppress(BlockingIOError):
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._stop()

    @contextlib.contextmanager
    def _turn(self):
        """Serialise starting and stopping."""
        with (WORK / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def data(self):
        """Return the data directory, created on first use."""
        place = WORK / "postgres"
        if not place.exists():
            place.unlink(missing_ok=True)  # a link whose target is gone
            target = place if self._reachable(WORK) else self._outside()
            self._make_folder(target)
            if target != place:
                place.symlink_to(target)
        return place.resolve()

    def _outside(self):
        """Return a folder outside the checkout; those of lost checkouts go away."""
        notes = cache() / "clusters"
        notes.mkdir(parents=True, exist_ok=True)
        for note in notes.iterdir():
            if self._is_lost(note):
                say(f"  removing {OUTSIDE / note.name}: {note.read_text()} is gone")
                shutil.rmtree(OUTSIDE / note.name, ignore_errors=True)
                note.unlink()
        name = f"odoo19-cases-{self.key}"
        (notes / name).write_text(str(ROOT))
        return OUTSIDE / name

    @staticmethod
    def _is_lost(note):
        """Tell whether a checkout is gone for good, and not merely unmounted."""
        stopped = not (OUTSIDE / note.name / "postmaster.pid").exists()
        old = time.time() - note.stat().st_mtime > LOST_AFTER_SECONDS
        return old and stopped and not Path(note.read_text()).exists()

    def _reachable(self, folder):
        return (
            not self.account or not self._as_account(["test", "-x", folder]).returncode
        )

    def _make_folder(self, folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            owner = self.account.pw_uid if self.account else None
            if folder.is_symlink() or folder.stat().st_uid != owner:
                raise DevError(f"{folder} belongs to somebody else.", "Remove it.")
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _as_account(self, command):
        prefix = ["runuser", "-u", self.account.pw_name, "--"] if self.account else []
        return subprocess.run(
            [*prefix, *map(str, command)], capture_output=True, cwd="/", check=False
        )

    def _running(self):
        status = self._as_account([program("pg_ctl"), "status", "-D", self.data])
        return status.returncode == 0

    def _start(self):
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._make_folder(self.socket)
        options = [f"-c{key}={value}" for key, value in SETTINGS.items()]
        options.append(f"-k {self.socket}")
        # The account cannot write into our log folder: pg_ctl logs beside the data.
        started = self._as_account(
            [program("pg_ctl"), "start", "-w", "-D", self.data]
            + ["-l", self.data / "server.log", "-o", " ".join(options)]
        )
        if started.returncode:
            say(started.stdout.decode(errors="replace"))
            raise DevError(
                "The private PostgreSQL server does not start.",
                f"Read {self.data}/server.log; deleting {WORK}/postgres starts anew.",
            )

    def _initialise(self):
        prefix = ["runuser", "-u", self.account.pw_name, "--"] if self.account else []
        with step("Creating a private PostgreSQL cluster"):
            run(
                [*prefix, program("initdb"), "-D", self.data, "-A", "trust"]
                + ["-U", "odoo", "-E", "UTF8", "--locale=C.UTF-8"],
                log=self.log,
                cwd="/",
                problem="The private PostgreSQL cluster could not be created.",
            )

    def _stop(self):
        self._as_account(
            [program("pg_ctl"), "stop", "-w", "-m", "fast", "-D", self.data]
        )
        shutil.rmtree(self.socket, ignore_errors=True)
