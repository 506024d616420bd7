"""The wheel holds the addons and nothing that would disturb Odoo."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from dev import ROOT

ADDONS = ["crm_cases", "crm_mailgateway", "crm_segmentation"]


def tracked_files(*folders):
    listing = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, check=True
    )
    return {name for name in listing.stdout.decode().split("\0") if name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the checkout, which stays clean."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in tracked_files():
        source, target = ROOT / name, copy / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    folder = tmp_path_factory.mktemp("wheel")
    # No isolation: setuptools of the runtime builds it, nothing is downloaded.
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
        + ["--quiet", "--wheel-dir", folder, copy],
        check=True,
    )
    [built] = folder.glob("*.whl")
    return built


def test_every_tracked_file_of_the_addons_is_inside(wheel):
    inside = {
        name.removeprefix("odoo/addons/")
        for name in zipfile.ZipFile(wheel).namelist()
        if name.startswith("odoo/addons/")
    }
    assert inside == {n for n in tracked_files(*ADDONS) if (ROOT / n).exists()}


def test_namespaces_stay_namespaces(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "odoo/__init__.py" not in names
    assert "odoo/addons/__init__.py" not in names


def test_odoo_finds_installed_addons_without_an_addons_path(wheel, tmp_path):
    """In a second environment, so that the one under test is not changed."""
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True, with_pip=False)
    [site] = (folder / "lib").glob("python3.*/site-packages")
    [current] = [Path(p) for p in sys.path if p.endswith("site-packages")][:1]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        + ["--no-index", "--target", site, wheel],
        check=True,
    )
    # Odoo and its requirements come from the environment that runs the tests.
    (site / "runtime.pth").write_text(
        f"import site; site.addsitedir({str(current)!r})\n"
    )
    script = (
        "import odoo.init\n"
        "from odoo.modules.module import Manifest, initialize_sys_path\n"
        "from odoo.tools import config\n"
        "config.parse_config(['--addons-path', ''])\n"
        "initialize_sys_path()\n"
        f"for name in {ADDONS!r}:\n"
        "    print(Manifest.for_addon(name).path)\n"
    )
    env = {k: v for k, v in os.environ.items() if k not in ("ODOO_RC", "PYTHONPATH")}
    done = subprocess.run(
        [folder / "bin/python", "-c", script],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = done.stdout.split()
    assert found == [str(site / "odoo/addons" / name) for name in ADDONS]
