"""axe-core in a real browser: looks for barriers on a page.

The script comes with a Python package, named with its version in ``axe.txt``. It is
fetched on first use and kept in the work folder of the checkout.
"""

import contextlib
import subprocess
import sys
import zipfile
from pathlib import Path

from browser import chromium
from dev import ROOT

SERIOUS = ("serious", "critical")
PINS = Path(__file__).with_name("axe.txt")
FOLDER = ROOT / ".dev" / "axe"


def script():
    """Return the source of axe-core."""
    pin = PINS.read_text().split()[-1]
    kept = FOLDER / f"{pin}.js"
    if not kept.exists():
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q"]
        target = FOLDER / pin
        subprocess.run([*command, "-r", str(PINS), "-d", str(target)], check=True)
        [wheel] = target.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            [name] = [n for n in archive.namelist() if n.endswith("axe.min.js")]
            kept.write_bytes(archive.read(name))
    return kept.read_text()


class Visitor:
    """A browser window in which pages are examined.

    :param page: Playwright's
    :param str url: of the server
    """

    def __init__(self, page, url):
        self.page, self.url, self.script = page, url, script()

    def login(self, user):
        self.page.goto(f"{self.url}/web/login")
        self.page.fill("input[name=login]", user)
        self.page.fill("input[name=password]", user)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_url(lambda url: "/web/login" not in url, wait_until="commit")

    def examine(self, path=None, ready="main", part="document"):
        """Findings of serious or critical impact.

        :param str path: where to go first
        :param str ready: what must be there
        :param str part: JavaScript for what is looked at
        :return: list of (rule, elements)
        """
        if path:
            self.page.goto(self.url + path)
        self.page.wait_for_selector(ready)
        self.page.evaluate(self.script)
        result = self.page.evaluate(f"axe.run({part})")
        assert result["passes"], "axe has looked at something"
        return [
            (finding["id"], [node["target"] for node in finding["nodes"]])
            for finding in result["violations"]
            if finding["impact"] in SERIOUS
        ]

    def tab_to(self, selector, most=80):
        """Walk with the Tab key alone; return how many steps it took.

        :raise AssertionError: if it is not reached, or cannot be seen to have focus
        """
        for step in range(1, most + 1):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => !!document.activeElement.closest(s)", selector):
                shown = self.page.evaluate(FOCUS)
                assert shown, f"{selector} does not show that it has focus"
                return step
        raise AssertionError(f"{selector} is not reached with the keyboard")


FOCUS = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


@contextlib.contextmanager
def visitors(url):
    """Give a function that opens windows: ``open(scheme)`` returns a Visitor."""
    with chromium() as browser:

        def enter(scheme="light", width=1400):
            size = {"width": width, "height": 900}
            context = browser.new_context(color_scheme=scheme, viewport=size)
            context.set_default_timeout(60_000)  # a first page builds its bundles
            return Visitor(context.new_page(), url)

        yield enter
