"""The style of XML files: well formed, indented by four spaces, no stray blanks."""

import re
import xml.etree.ElementTree as ElementTree

DECLARATION = '<?xml version="1.0" encoding="utf-8" ?>'
INDENT = 4


def check(root, folders, fix=False):
    """Return one line for each problem in the XML files below some folders.

    :param pathlib.Path root: the checkout
    :param folders: names of folders in it
    :param bool fix: mend trailing blanks, the declaration and the last line end
    """
    problems = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*.xml")):
            if fix:
                path.write_text(_mended(path.read_text()))
            name = path.relative_to(root)
            problems += [f"{name}:{line}" for line in _problems(path.read_text())]
    return problems


def _mended(text):
    text = re.sub(r"[ \t]+$", "", text.replace("\t", " " * INDENT), flags=re.MULTILINE)
    text = re.sub(r"\A<\?xml[^>]*\?>\n*", "", text)
    return f"{DECLARATION}\n{text.strip()}\n"


def _problems(text):
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        return [f"{error.position[0]}: not well formed: {error}"]
    found = []
    if not text.startswith(DECLARATION + "\n"):
        found.append(f"1: the first line should be {DECLARATION}")
    if not text.endswith(">\n") or text.endswith("\n\n"):
        found.append(f"{text.count(chr(10))}: the file should end with one line end")
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip() or "\t" in line:
            found.append(f"{number}: stray blanks or tabs")
        elif re.match(r" *<[a-z/]", line) and (len(line) - len(line.lstrip())) % INDENT:
            found.append(
                f"{number}: a tag should be indented by a multiple of {INDENT}"
            )
    return found
