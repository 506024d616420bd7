"""The runtime: Odoo 19 and the Python that it runs in.

Used as it is when you have it: ``ODOO_SOURCE=/path/to/odoo``, or a Python in
which ``import odoo`` is version 19. Otherwise provisioned into the user's cache
folder, under a name made of all pins, so that other pins never disturb it.
"""

import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import debian, system
from .console import DevError, run, step
from .paths import LOGS, REQUIREMENTS, ROOT, cache


@dataclasses.dataclass(frozen=True)
class Runtime:
    """A Python interpreter that can ``import odoo``.

    :param python: the interpreter
    :param provisioned: whether it is ours, so that we may add packages to it
    """

    python: Path
    provisioned: bool

    @functools.cached_property
    def version(self):
        """Name what runs here; part of the key of database templates."""
        code = "import odoo.release as r; print(r.version)"
        found = subprocess.run(
            [self.python, "-c", code], capture_output=True, text=True, check=False
        )
        return found.stdout.strip()

    @property
    def odoo(self):
        """Return the command that starts Odoo."""
        return [str(self.python), "-m", "odoo"]


def provide():
    """Return a usable runtime; build one first if there is none.

    :raise DevError: if nothing is there and nothing can be built
    """
    source = os.environ.get("ODOO_SOURCE")
    if source:
        return _from_source(Path(source).expanduser().resolve())
    if _imports_odoo_19(sys.executable):
        return Runtime(Path(sys.executable), provisioned=False)
    return _provisioned(REQUIREMENTS.read_bytes(), source=None)


def _from_source(source):
    if not (source / "odoo").is_dir():
        raise DevError(
            f"ODOO_SOURCE={source} holds no 'odoo' folder.",
            "Point it at a checkout of Odoo 19 (branch 19.0).",
        )
    return _provisioned(REQUIREMENTS.read_bytes() + str(source).encode(), source)


def _imports_odoo_19(python):
    code = "import odoo.release as r; print(r.version_info[0])"
    found = subprocess.run([python, "-c", code], capture_output=True, check=False)
    return found.returncode == 0 and found.stdout.split() == [b"19"]


def _provisioned(pins, source):
    python_version = "{}.{}".format(*sys.version_info)
    key_material = pins + repr(debian.PACKAGES).encode() + python_version.encode()
    key = hashlib.sha256(key_material).hexdigest()[:12]
    home = cache() / f"runtime-{key}"
    python = home / "venv/bin/python"
    ready = home / "ready"
    if not ready.exists():
        with _only_one(home):
            if not ready.exists():
                _build(home, source)
                ready.touch()
    return Runtime(python, provisioned=True)


@contextlib.contextmanager
def _only_one(home):
    """Let one process build while others wait for it."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(home, source):
    # What an interrupted attempt left behind is not to be trusted.
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if source is None:
        debian.unpack_odoo(home / "odoo")
        source = debian.python_path(home / "odoo")
    _make_venv(home / "venv")
    _link_odoo(home / "venv", source)


def _make_venv(folder):
    if not _can_make_venv():
        system.install(["python3-venv"], "Python's venv")
    log = LOGS / "venv.log"
    with step("Creating the virtual environment"):
        run(
            [sys.executable, "-m", "venv", folder],
            log=log,
            problem="The virtual environment could not be created.",
        )
    pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    with step("Installing the pinned Python packages (90, about a minute)"):
        # ``wheel`` first: two of Odoo's requirements are old source packages.
        for arguments in (["wheel", "setuptools"], ["-r", REQUIREMENTS]):
            run(
                [*pip, *arguments],
                log=log,
                problem="The Python packages could not be installed.",
                remedy=f"Check the network; the log is {log}",
            )


def _can_make_venv():
    code = "import venv, ensurepip"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False
    )
    return found.returncode == 0


def _link_odoo(venv, source):
    site = next((venv / "lib").glob("python3.*/site-packages"))
    (site / "odoo19.pth").write_text(f"{source}\n")
    if not _imports_odoo_19(venv / "bin/python"):
        raise DevError(
            f"'import odoo' does not find Odoo 19 in {source}.",
            f"Delete {venv.parent} and run ./dev setup again.",
        )


def environment():
    """Return the environment variables for programs of the runtime."""
    env = dict(os.environ)
    env.pop("PYTHONPATH", None)
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["CRM_CASES_ROOT"] = str(ROOT)
    return env
