"""Which pictures of a mail lie elsewhere?

To load one tells its sender that, when and where the mail was read. So they are
replaced by addresses of ours, which load nothing until somebody asks for it.
"""

import re

import lxml.html
from lxml import etree

_REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_HINT = re.compile(r"<img\b|url\s*\(", re.IGNORECASE)
_STYLE_URL = re.compile(r"[^;]*url\s*\([^;]*;?", re.IGNORECASE)
MAX_URL = 2_000


def withhold(html, address_of):
    """Replace the remote pictures of a mail.

    :param str html: a sanitised body
    :param address_of: returns the address that stands for a remote one
    :return: the body, and whether there were any
    """
    if not _HINT.search(html or ""):
        return html, False
    try:
        tree = lxml.html.fragment_fromstring(html, create_parent="div")
    except (etree.LxmlError, ValueError):
        return html, False
    found = False
    for node in tree.iter(etree.Element):
        found |= _withhold_source(node, address_of) | _withhold_style(node)
    if not found:
        return html, False
    inner = lxml.html.tostring(tree, encoding="unicode")
    return inner[len("<div>") : -len("</div>")], True


def _withhold_source(node, address_of):
    source = node.get("src") or ""
    if not _REMOTE.match(source):
        return False
    source = source.strip()
    if source.startswith("//"):
        source = f"https:{source}"
    node.set("src", address_of(source) if len(source) <= MAX_URL else "")
    return True


def _withhold_style(node):
    """Drop the parts of a style that load something: mere decoration."""
    style = node.get("style") or ""
    if "url" not in style.lower():
        return False
    node.set("style", _STYLE_URL.sub("", style))
    return True
