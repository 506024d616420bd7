"""Does a mail name somebody, in whatever its bytes are wrapped?

Parsing a mail costs milliseconds, and this is asked of every stored one when a person
is erased. So nothing is parsed: what looks like base64, quoted-printable, an encoded
word or an entity is decoded wherever it stands, base64 again if it was wrapped twice.
"""

import binascii
import html
import re

DEPTH = 3
# What unfolds to more than this is looked at no further.
MAX_UNFOLDED = 64 * 1024 * 1024
# A block ends where it is padded: what follows is another one.
_BASE64 = re.compile(
    rb"^[ \t>]*[A-Za-z0-9+/]{8}(?:[A-Za-z0-9+/]|\r?\n[ \t>]*(?=[A-Za-z0-9+/]))*", re.M
)
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_WORD = re.compile(rb"=\?[^?\s]{1,40}\?([bBqQ])\?([^?\s]*)\?=(?:\s+(?==\?))?")
_QUOTED = re.compile(rb"=(?:[0-9A-Fa-f]{2}|[ \t]*\r?\n)")
_ENTITY = re.compile(rb"&(?:#\w{1,8}|commat|period|lowbar|plus|hyphen);")
# Pictures, documents and archives: no text, and large
_BINARY = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"RIFF")


def get_finder(addresses, get_pattern):
    """Return a function that tells whether bytes name one of these addresses.

    :param addresses: normalised
    :param get_pattern: gives the regular expression of an address as a whole
    """
    needles = {}
    for address in addresses:
        for charset in ("utf-8", "latin-1"):
            needle = address.lower().encode(charset, "replace")
            pattern = get_pattern(address).encode(charset, "replace")
            needles[needle] = re.compile(pattern, re.IGNORECASE)

    def stands_in(text):
        lowered = text.lower()
        return any(
            needle in lowered and whole.search(text)
            for needle, whole in needles.items()
        )

    return lambda content: any(map(stands_in, unfold(content)))


def unfold(content, depth=DEPTH, budget=None):
    """Yield the bytes, and what they say once they are decoded."""
    budget = [MAX_UNFOLDED] if budget is None else budget
    budget[0] -= len(content)
    if budget[0] < 0:
        return
    yield content
    if content.startswith(_BINARY):
        return
    if b"\0" in content:  # UTF-16 and UTF-32
        content = content.replace(b"\0", b"")
        yield content
    readable = _decode_text(content)
    if readable is not content:
        yield readable
    if depth:
        for block in _BASE64.finditer(content):
            yield from unfold(_decode_base64(block[0]), depth - 1, budget)


def _decode_text(content):
    """Undo what stands between words: encoded ones, quoted-printable and entities."""
    if b"=?" in content:
        content = _WORD.sub(_decode_word, content)
    if _QUOTED.search(content):
        content = binascii.a2b_qp(content)
    if _ENTITY.search(content):
        content = _ENTITY.sub(_decode_entity, content)
    return content


def _decode_word(match):
    kind, text = match.groups()
    if kind in b"qQ":
        return binascii.a2b_qp(text, header=True)
    return _decode_base64(text)


def _decode_entity(match):
    return html.unescape(match[0].decode()).encode("utf-8", "replace")


def _decode_base64(text):
    """What base64 says, even if its end is missing."""
    plain = _NO_BASE64.sub(b"", text)
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))
