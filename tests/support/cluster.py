"""A PostgreSQL cluster of a test's own, that may be crashed, restarted and filled."""

import getpass
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

# Real durability: this is what the tests are about.
SETTINGS = "-c fsync=on -c listen_addresses='' -c shared_buffers=64MB"


class Cluster:
    """Runs as an account without rights where the test runs as root."""

    def __init__(self):
        self.account = "nobody" if os.geteuid() == 0 else getpass.getuser()
        self.folder = Path(tempfile.mkdtemp(prefix="cluster-"))
        self.data = self.folder / "data"

    def __enter__(self):
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam(self.account).pw_uid, -1)
        self._run(f"initdb -D {self.data} -A trust -U odoo -E UTF8 --locale=C.UTF-8")
        self.start()
        return self

    def __exit__(self, *_exception):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, largest_file_mb=None):
        """Start the server; with a limit no file of it grows beyond that."""
        limit = f"ulimit -f {largest_file_mb * 1024}; " if largest_file_mb else ""
        options = f"-k {self.folder} {SETTINGS}"
        log = self.folder / "log"
        self._run(f'{limit}pg_ctl start -w -D {self.data} -l {log} -o "{options}"')

    def stop(self, mode="fast"):
        """Stop the server; ``immediate`` is what a power failure does."""
        self._run(f"pg_ctl stop -w -m {mode} -D {self.data}")

    def copy(self, database):
        """Copy a database of the usual server, under the same name."""
        here = {**os.environ, "PGHOST": str(self.folder), "PGUSER": "odoo"}
        subprocess.run(["createdb", database], env=here, check=True)
        dump = subprocess.run(
            ["pg_dump", "-Fc", "-Z0", database], capture_output=True, check=True
        )
        restore = ["pg_restore", "-d", database, "--no-owner"]
        subprocess.run(restore, input=dump.stdout, env=here, check=True)

    def _run(self, command):
        programs = max(glob.glob("/usr/lib/postgresql/*/bin"), default="")
        script = f"umask 077; PATH={programs}:$PATH; {command}"
        prefix = ["runuser", "-u", self.account, "--"] if os.geteuid() == 0 else []
        # Its output may stay open in the server, which outlives the command.
        subprocess.run(
            [*prefix, "bash", "-c", script],
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
        )
