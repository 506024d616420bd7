"""Keys by which an answer finds its case when its headers got lost.

Two kinds of token. The *case token* says which case, and proves nothing about
the sender: every customer has it. The *speaker token* says which of our people was
written to, and until when. Both are HMAC-SHA256 (RFC 2104) over distinct texts,
cut to 80 bits, in lower-case base32: mail systems change the case of letters.
"""

import base64
import dataclasses
import hashlib
import hmac
import re

MAX_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
_SIGNATURE_BYTES = 10
_DAY = 86_400

_CASE = re.compile(r"c([1-9]\d{0,17})-([a-z2-7]{16})")
_SPEAKER = re.compile(r"s([1-9]\d{0,17})-([1-9]\d{0,9})-(\d{1,6})-([a-z2-7]{16})")
# Also what was cut or altered on its way must not be mistaken for a person.
_TOKEN_LIKE = re.compile(r"[cs][1-9]\d{0,17}-[a-z0-9-]{0,60}")
_MARKER = re.compile(r"\[ref:(c[1-9]\d{0,17}-[a-z2-7]{16})\]", re.IGNORECASE)
_TAG = re.compile(r"\[([^\[\]\s]{2,40})\]")
_MAX_CANDIDATES = 5
# Answers come back with the history of the conversation below: look that far.
_MARKER_BUDGET = 500_000


@dataclasses.dataclass(frozen=True)
class Speaker:
    """What a speaker token proves, if From is that user's address.

    :param case_id: the case the notification was about
    :param user_id: the internal user it was sent to
    """

    case_id: int
    user_id: int


def case_token(secret, case_id):
    """Return the token of a case.

    :param str secret: of this database
    :param int case_id: the case
    """
    return f"c{case_id}-{_sign(secret, f'case:{case_id}')}"


def read_case_token(secrets, token):
    """Return the id of the case that a token is for, or None.

    :param secrets: the current secret, and earlier ones that still count
    :param str token: anything; neither cut nor altered tokens are taken
    """
    match = _CASE.fullmatch((token or "").lower())
    if not match:
        return None
    case_id, signature = match.groups()
    genuine = _is_genuine(secrets, f"case:{case_id}", signature)
    return int(case_id) if genuine else None


def speaker_token(secret, case_id, user_id, expires_at):
    """Return the token for the notification of one user.

    :param float expires_at: the end of its validity, in seconds since 1970
    """
    day = int(expires_at) // _DAY
    text = f"{case_id}-{user_id}-{day}"
    return f"s{text}-{_sign(secret, f'speaker:{text}')}"


def read_speaker_token(secrets, token, now):
    """Return the :class:`Speaker` that a token names, or None.

    :param float now: seconds since 1970; the day of expiry still counts
    """
    match = _SPEAKER.fullmatch((token or "").lower())
    if not match:
        return None
    case_id, user_id, day, signature = match.groups()
    if not _is_genuine(secrets, f"speaker:{case_id}-{user_id}-{day}", signature):
        return None
    if int(day) < int(now) // _DAY:
        return None
    return Speaker(int(case_id), int(user_id))


def add_to_address(address, token):
    """Return ``local+token@domain``, or None where that gets too long.

    :param str address: a bare address of ours
    """
    local, _at, domain = address.rpartition("@")
    local = f"{local}+{token}"
    return f"{local}@{domain}" if len(local) <= MAX_LOCAL_PART else None


def split_address(address):
    """Return the address without its token, and the token or None.

    Whether the token is genuine is not decided here.
    """
    local, _at, domain = (address or "").lower().rpartition("@")
    base, plus, detail = local.rpartition("+")
    if plus and _TOKEN_LIKE.fullmatch(detail):
        return f"{base}@{domain}", detail
    return f"{local}@{domain}", None


def marker(token):
    """Return what stands in a body, for clients that drop headers."""
    return f"[ref:{token}]"


def find_markers(text):
    """Return the case tokens that a body carries, the newest (topmost) first."""
    found = _MARKER.findall((text or "")[:_MARKER_BUDGET].lower())
    return list(dict.fromkeys(found))[:_MAX_CANDIDATES]


def find_tags(subject):
    """Return what may be numbers of cases between square brackets in a subject.

    Which of them are ours, only the database knows: those of foreign systems are
    no numbers there.
    """
    return list(dict.fromkeys(_TAG.findall(subject or "")))[:_MAX_CANDIDATES]


def _sign(secret, text):
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_SIGNATURE_BYTES]).decode().lower()


def _is_genuine(secrets, text, signature):
    return any(hmac.compare_digest(_sign(s, text), signature) for s in secrets if s)
