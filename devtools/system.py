"""Packages of the operating system, through apt where that is possible."""

import functools
import os
import shutil
import subprocess

from .console import DevError, run, step
from .paths import LOGS


def is_root():
    return os.geteuid() == 0


def apt_prefix():
    """Return how to call apt-get with the rights it needs, or None if we cannot."""
    if not shutil.which("apt-get"):
        return None
    if is_root():
        return ["apt-get"]
    sudo = shutil.which("sudo")
    if (
        sudo
        and not subprocess.run([sudo, "-n", "true"], capture_output=True).returncode
    ):
        return [sudo, "-n", "apt-get"]
    return None


def install(packages, what):
    """Install packages of the operating system.

    :param packages: names as Debian spells them
    :param str what: what they are for, as shown to the user
    :raise DevError: naming the packages, if we may not install them ourselves
    """
    names = " ".join(packages)
    apt = apt_prefix()
    if apt is None:
        raise DevError(
            f"{what} is missing and cannot be installed from here.",
            f"Install it yourself (on Debian: sudo apt-get install {names}).",
        )
    log = LOGS / "apt.log"
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with step(f"Installing {what} ({names})"):
        _update_lists(tuple(apt), log)
        run(
            [*apt, "install", "-y", "--no-install-recommends", *packages],
            log=log,
            env=env,
            problem=f"apt could not install {names}.",
            remedy=f"Install it by hand, then repeat the command. The log is {log}",
        )


@functools.cache
def _update_lists(apt, log):
    run(
        [*apt, "update"],
        log=log,
        problem="apt could not read its package lists.",
        remedy="Check the network and /etc/apt/sources.list",
    )
