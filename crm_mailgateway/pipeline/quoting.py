"""What of an answer is new, and what is the history quoted below it?

Rules look at the new part only: an old order number quoted three mails down must
not route today's complaint.
"""

import re

_MAX_LINES = 5_000
# "On Monday Ada wrote:" in the languages of common mail programs, on up to 3 lines.
_INTRODUCTION = re.compile(
    r"(?:on\b.{4,200}\bwrote|am\b.{4,200}\bschrieb\b.{0,120}|le\b.{4,200}\ba écrit"
    r"|el\b.{4,200}\bescribió|il\b.{4,200}\bha scritto|op\b.{4,200}\bschreef\b.{0,120}"
    r"|em\b.{4,200}\bescreveu|den\b.{4,200}\bskrev\b.{0,120}|.{4,200}\bkirjoitti"
    r"|.{4,200}\bnapisał\(?a?\)?|.{4,200}\bпишет|.{4,200}\bнаписал\(?а?\)?|在.{4,200}写道"
    r"|.{4,200}のメール)\s*[:：]\s*",
    re.IGNORECASE | re.DOTALL,
)
_SEPARATOR = re.compile(
    r"\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine"
    r"|message original|mensaje original|messaggio originale|oorspronkelijk bericht"
    r"|mensagem original|ursprungligt meddelande|oprindelig meddelelse"
    r"|alkuperäinen viesti|wiadomość oryginalna|исходное сообщение|原始邮件"
    r"|forwarded message|weitergeleitete nachricht|message transféré"
    r"|mensaje reenviado).{0,20}-{2,}|_{20,}"
    r"|#{2,}-\s*please type your reply above.*)\s*",
    re.IGNORECASE,
)
_HEADER_BLOCK = re.compile(
    r"[*_]*(?:from|von|de|da|van|från|fra|от|发件人)[*_]*\s*[:：].{0,200}@",
    re.IGNORECASE,
)
_SIGNATURE_RULE = "-- "


def split_quoted(text):
    """Split a plain-text body into what is new and what is quoted.

    :param str text: the body
    :return: two texts; an answer written between the quoted lines is all new
    """
    lines = (text or "").splitlines()[:_MAX_LINES]
    cut = next((n for n in range(len(lines)) if _begins_history(lines, n)), None)
    if cut is None:
        cut = _trailing_quote(lines)
    fresh = _without_quotes(lines[:cut])
    quoted = "\n".join(lines[cut:]).strip()
    if not fresh:
        # Written below, or between: stripping would leave nothing.
        return _without_quotes(lines) or (text or "").strip(), ""
    return fresh, quoted


def new_text(text):
    """Return what is new in a plain-text body."""
    return split_quoted(text)[0]


def without_signature(text):
    """Return a text up to the line that begins the signature (RFC 3676 §4.3)."""
    lines = (text or "").splitlines()
    for position, line in enumerate(lines):
        if line == _SIGNATURE_RULE or line == "--":
            return "\n".join(lines[:position]).strip()
    return text or ""


def _begins_history(lines, position):
    line = lines[position].strip()
    if not line:
        return False
    if _SEPARATOR.fullmatch(line):
        return True
    if _HEADER_BLOCK.match(line):
        following = "\n".join(lines[position + 1 : position + 4])
        return following.count(":") >= 2
    # It may be folded: up to three lines.
    return any(
        _is_introduction(" ".join(part.strip() for part in lines[position:end]))
        for end in range(position + 1, position + 4)
    )


def _is_introduction(text):
    return len(text) < 400 and bool(_INTRODUCTION.fullmatch(text))


def _trailing_quote(lines):
    """Return where the block of ``>`` lines begins that ends the body."""
    cut = len(lines)
    for position in range(len(lines) - 1, -1, -1):
        line = lines[position].lstrip()
        if line.startswith(">"):
            cut = position
        elif line:
            break
    return cut


def _without_quotes(lines):
    kept = [line for line in lines if not line.lstrip().startswith(">")]
    return "\n".join(kept).strip()
