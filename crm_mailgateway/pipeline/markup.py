"""HTML that cannot be read in reasonable time.

Odoo looks for tags by patterns that run from each ``<`` to the next ``>``. Where none
comes they run to the end, again from each: 100 kB of ``<p <p <p`` take 20 seconds, 1 MB
takes half an hour. A handful of such mails would keep all others waiting.
"""

import re

# What takes about a second. A newsletter of 200 kB comes to a hundredth of it.
MAX_COST = 100_000_000
_ANGLE = re.compile("[<>]")
_WORD = re.compile(r"[\w-]+")


class HostileMarkup(ValueError):
    """The HTML of a mail is made to keep its reader busy."""


def is_hostile(message):
    """Tell whether a parsed mail has HTML that is not to be read.

    :param email.message.EmailMessage message: with charsets that can be decoded
    """
    parts = [part for part in message.walk() if _is_html(part, message)]
    # Encoded text is never shorter, but for charsets that no mail is written in.
    length = sum(len(part.get_payload() or "") for part in parts)
    if length * length / 2 < MAX_COST:
        return False
    # One after the other: so they become one text.
    return cost("".join(map(_read, parts))) > MAX_COST


def cost(text):
    """Return how many characters are looked at, some of them very often."""
    return _cost_of_tags(text) + _cost_of_styles(text)


def _cost_of_styles(text):
    """A property of a style is a word before a colon; in a long word without one, each
    letter may be its first."""
    if "style" not in text.lower():
        return 0
    return sum(length * length // 2 for length in map(len, _WORD.findall(text)))


def _cost_of_tags(text):
    """Return how many characters lie between each ``<`` and the next ``>``."""
    total, opened, positions = 0, 0, 0
    for match in _ANGLE.finditer(text):
        if match[0] == "<":
            opened += 1
            positions += match.start()
        elif opened:
            total += opened * match.start() - positions
            opened = positions = 0
    return total + opened * len(text) - positions


def _is_html(part, message):
    kind = part.get_content_type()
    # Odoo takes for HTML what a mail without parts is, unless it is plain text.
    odd = part is message and kind.startswith("text/") and kind != "text/plain"
    return (odd or kind == "text/html") and not part.is_multipart()


def _read(part):
    try:
        return part.get_content()
    except Exception:  # noqa: BLE001 the parser raises what it likes, and so again
        return ""
