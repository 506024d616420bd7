import re

import lxml.html
from lxml import etree
from markupsafe import Markup

from odoo import fields, models
from odoo.tools import html_sanitize

from ..pipeline import preview

# What a reader needs. Anything else may load something from elsewhere, run, or, by
# classes that Odoo's own pages use, cover the screen with something to click on.
_KEPT = {
    *("align", "alt", "border", "cellpadding", "cellspacing", "colspan", "dir"),
    *("height", "lang", "rowspan", "start", "title", "valign", "width"),
}
_LINK = re.compile(r"\s*(?:https?://|mailto:|tel:)", re.IGNORECASE)


class CrmMailgatewayMessage(models.Model):
    """A look at a mail that harms nobody.

    Scripts, forms and styles are gone, and nothing is loaded from elsewhere: a
    picture would tell its sender that, when, and where the mail was opened.
    """

    _inherit = "crm.mailgateway.message"

    preview = fields.Html(compute="_compute_preview", sanitize=False)

    def _compute_preview(self):
        for received in self:
            content = received._read_content()
            received.preview = (
                _safe_html(*preview.readable(content))
                if content
                else (
                    received.env._(
                        "The content was removed: it is not needed any more."
                    )
                )
            )


def _safe_html(text, is_html):
    if not is_html:
        return Markup("<pre style='white-space: pre-wrap'>%s</pre>") % text
    clean = html_sanitize(text, sanitize_form=True, strip_style=True)
    try:
        tree = lxml.html.fragment_fromstring(str(clean), create_parent="div")
    except (etree.LxmlError, ValueError):
        return Markup("<pre style='white-space: pre-wrap'>%s</pre>") % text
    for node in tree.iter(etree.Element):
        _tame(node)
    return Markup(lxml.html.tostring(tree, encoding="unicode"))


def _tame(node):
    """Leave an element its text and its look, and a link its address."""
    link = node.get("href") or ""
    for name in set(node.attrib) - _KEPT:
        del node.attrib[name]
    if node.tag == "a" and _LINK.match(link):
        node.set("href", link)
        node.set("rel", "noopener noreferrer nofollow")
        node.set("target", "_blank")
