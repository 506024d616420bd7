"""A mail as a person may look at it without danger, whatever its bytes are."""

import email
import email.policy
import re

from .limits import header_bytes, reason_to_quarantine
from .markup import MAX_COST, cost

MAX_SOURCE = 16 * 1024
MAX_TEXT = 200 * 1024
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def readable(content):
    """Return the text of a mail, and whether it is HTML.

    :param bytes content: the mail as it was received
    :return: a pair ``(text, is_html)``; of a mail that must not be parsed, or cannot
        be, the beginning of its source
    """
    if reason_to_quarantine(content):
        return source(content), False
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        part = message.get_body(("html", "plain"))
        if part is None:
            return source(content), False
        text = part.get_content()[:MAX_TEXT]
        if cost(text) > MAX_COST:
            return source(content), False
    except Exception:  # noqa: BLE001 the parser raises whatever it likes
        return source(content), False
    return clean(text), part.get_content_subtype() == "html"


def source(content):
    """Return the beginning of the source: some header lines, and some of the body."""
    header = header_bytes(content)
    body = content[len(header) :][:MAX_SOURCE]
    excerpt = header[:MAX_SOURCE] + (b"\n[...]" if len(header) > MAX_SOURCE else b"")
    return clean((excerpt + body).decode("utf-8", "replace"))


def clean(text):
    """Drop control characters, which neither a screen nor a database wants."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
