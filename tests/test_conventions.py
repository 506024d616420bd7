"""What holds for every addon and every file, checked instead of remembered."""

import ast
import re
import statistics
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from dev import ROOT

ADDONS = ["crm_cases", "crm_mailgateway", "crm_segmentation"]
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 40
MEDIAN_FUNCTION_LINES = 8
FORBIDDEN = {
    r"self\._(cr|uid|context)\b": "deprecated: use self.env",
    r"_sql_constraints\b": "use models.Constraint",
    r"\bfrom odoo import .*\b_\b": "use self.env._",
    r"\bcr\.commit\(\)(?!.*#)": "a commit says why in a comment on its line",
    r"@api\.(one|multi|returns|onchange)\b": "not an idiom of Odoo 19",
}
FORBIDDEN_XML = {
    r"<tree\b": "use <list>",
    r"\b(attrs|states)=": "use invisible, readonly, required",
    r"kanban-box": 'use t-name="card"',
}


def tracked(*patterns):
    listing = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True
    )
    names = filter(None, listing.stdout.decode().split("\0"))
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def manifest(addon):
    return ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())


def functions(paths):
    """Yield name and number of lines of each function, docstring not counted."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                yield f"{path.relative_to(ROOT)}:{node.name}", lines


@pytest.mark.parametrize("addon", ADDONS)
class TestAddon:
    def test_manifest(self, addon):
        values = manifest(addon)
        assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", values["version"])
        assert values["license"] == "LGPL-3"
        assert (ROOT / addon / "static/description/icon.png").exists()
        assert (ROOT / addon / "static/description/index.html").exists()
        assert (ROOT / addon / "README.rst").exists()
        assert (ROOT / addon / f"i18n/{addon}.pot").exists()

    def test_every_data_file_is_loaded(self, addon):
        values = manifest(addon)
        loaded = {*values.get("data", []), *values.get("demo", [])}
        folders = ["data", "demo", "report", "security", "views", "wizards"]
        files = {
            str(path.relative_to(ROOT / addon))
            for folder in folders
            for path in (ROOT / addon / folder).rglob("*")
            if path.suffix in (".xml", ".csv")
        }
        assert files == loaded

    def test_every_test_is_imported(self, addon):
        imported = (ROOT / addon / "tests/__init__.py").read_text()
        for path in (ROOT / addon / "tests").glob("test_*.py"):
            assert re.search(rf"\b{path.stem}\b", imported), path

    def test_every_test_class_is_tagged(self, addon):
        for path in (ROOT / addon / "tests").glob("test_*.py"):
            source = path.read_text()
            assert source.count("class Test") == source.count('"-at_install"'), path

    def test_every_model_has_access_rights(self, addon):
        rights = (ROOT / addon / "security/ir.model.access.csv").read_text()
        for path in (ROOT / addon).glob("[mw]*/*.py"):
            source = path.read_text()
            if "AbstractModel" in source:
                continue
            for name in re.findall(r'^    _name = "([a-z.]+)"', source, re.MULTILINE):
                if f'_inherit = ["{name}"' in source:
                    continue  # an extension of a model that has its rights already
                assert f"model_{name.replace('.', '_')}," in rights, name

    def test_every_class_of_models_says_what_it_is(self, addon):
        for path in (ROOT / addon / "models").glob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    assert ast.get_docstring(node), f"{path}: {node.name}"

    def test_xmlids_are_unique_and_without_prefix(self, addon):
        seen = set()
        for path in (ROOT / addon).rglob("*.xml"):
            if "static" in path.parts:
                continue
            for node in ElementTree.parse(path).iter():
                xmlid = node.get("id")
                if node.tag in ("record", "template", "menuitem") and xmlid:
                    assert not xmlid.startswith(f"{addon}."), f"{path}: {xmlid}"
                    assert xmlid not in seen, f"{path}: {xmlid} twice"
                    seen.add(xmlid)


@pytest.mark.parametrize("pattern", ["*.py", "*.js", "*.xml", "*.scss"])
def test_no_file_is_too_long(pattern):
    long = {
        str(path): count
        for path in tracked(pattern)
        if (count := len(path.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert not long


def test_functions_are_short():
    paths = [p for p in tracked("*.py") if "tests" not in p.relative_to(ROOT).parts]
    sizes = dict(functions(paths))
    assert not {n: lines for n, lines in sizes.items() if lines > MAX_FUNCTION_LINES}
    assert statistics.median(sizes.values()) <= MEDIAN_FUNCTION_LINES


@pytest.mark.parametrize(
    "pattern, forbidden", [("py", FORBIDDEN), ("xml", FORBIDDEN_XML)]
)
def test_no_idioms_of_the_past(pattern, forbidden):
    found = [
        f"{path.relative_to(ROOT)}: {why}"
        for path in tracked(*(f"{addon}/*.{pattern}" for addon in ADDONS))
        if "static" not in path.parts  # templates of components are no views
        for expression, why in forbidden.items()
        if re.search(expression, path.read_text())
    ]
    assert not found


def test_namespace_packages_stay_so():
    for name in ("odoo/__init__.py", "odoo/addons/__init__.py", "tests/__init__.py"):
        assert not (ROOT / name).exists()
    assert not (ROOT / "__init__.py").exists()


def test_no_machine_or_registry_is_named():
    """The sources work anywhere: mirrors are read from the machine's settings."""
    hosts = re.compile(r"(deb|registry|files)\.(debian|npmjs|pythonhosted)\.|pypi\.")
    for path in tracked():
        if path.suffix in (".png", ".ico", ".eml", ".xlsx") or path == Path(__file__):
            continue
        text = path.read_text()
        assert not hosts.search(text), path
        assert str(ROOT) + "/" not in text, path
