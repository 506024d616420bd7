"""Odoo 19 out of Debian's own package, unpacked into a private folder.

Debian carries ``odoo-19`` in its suite *sid*. The dependencies of that package
aim at a newer Debian than most machines run, so it is never installed: it is
downloaded with package lists of our own, and unpacked beside the few packages
that it links to. The mirror is the one that this machine's apt already uses.
"""

import shutil
import subprocess

from .console import DevError, run, say, step
from .paths import LOGS

SUITE = "sid"

# Odoo's package links to these fonts and scripts. The two from bookworm moved
# their files in later releases, which would leave broken links.
PACKAGES = (
    "odoo-19/sid",
    "fonts-font-awesome/bookworm",
    "fonts-inconsolata/bookworm",
    "fonts-montserrat/sid",
    "fonts-ocr-b/sid",
    "fonts-roboto-unhinted/sid",
    "libjs-jquery/sid",
    "libjs-jquery-form/sid",
    "libjs-underscore/sid",
)

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Left out by Debian for lack of sources; without it every bundle reports an error.
MISSING_SCRIPT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"

BY_HAND = (
    "Set ODOO_SOURCE to a checkout of Odoo 19 (branch 19.0), or run ./dev with a "
    "Python in which 'import odoo' finds Odoo 19."
)


def python_path(prefix):
    """Return the folder inside an unpacked prefix that holds ``odoo``."""
    return prefix / "usr/lib/python3/dist-packages"


def unpack_odoo(prefix):
    """Download Odoo 19 and what it links to, and unpack all of it into a folder.

    :param pathlib.Path prefix: folder that becomes the root of the packages
    :raise DevError: on a system whose packages we cannot read
    """
    private_apt = prefix.parent / "apt"
    downloads = private_apt / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    options = _private_apt(private_apt)
    log = LOGS / "odoo-download.log"
    with step("Downloading Odoo 19 from Debian (130 MB)"):
        for arguments in (["update"], ["download", *PACKAGES]):
            run(
                ["apt-get", *options, *arguments],
                log=log,
                cwd=downloads,
                problem="Odoo 19 could not be downloaded from the Debian mirror.",
                remedy=f"Check the network. {BY_HAND} The log is {log}",
            )
    with step("Unpacking Odoo 19 (1.2 GB)"):
        for package in sorted(downloads.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, prefix], check=True)
    _mend(prefix)
    shutil.rmtree(private_apt)


def _private_apt(folder):
    """Return the options that keep apt away from the lists of the system."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    mirror = _mirror()
    sources.write_text(
        "".join(
            f"deb [signed-by={KEYRING}] {mirror} {suite} main\n"
            for suite in (SUITE, "bookworm")
        )
    )
    settings = {
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    return [f"-o{key}={value}" for key, value in settings.items()]


def _mirror():
    """Return the address of the Debian mirror that this machine's apt uses."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise DevError("Odoo 19 is not here, and this is not a Debian system.", BY_HAND)
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    for line in listing.splitlines():
        address, _space, component = line.partition(" ")
        if component == "main" and address.rstrip("/").endswith("/debian"):
            return address
    raise DevError("No Debian mirror is configured for apt.", BY_HAND)


def _mend(prefix):
    """Repair what is known to be missing, and refuse a prefix with broken links."""
    script = python_path(prefix) / "odoo/addons" / MISSING_SCRIPT
    script.parent.mkdir(parents=True, exist_ok=True)
    if not script.exists():
        script.unlink(missing_ok=True)
        script.write_text("")
    broken = [p for p in prefix.rglob("*") if p.is_symlink() and not p.exists()]
    if broken:
        say("\n".join(f"  broken link: {path}" for path in broken[:10]))
        raise DevError(
            f"The unpacked Odoo has {len(broken)} broken links.",
            "Debian moved files between packages: adapt devtools/debian.py",
        )
