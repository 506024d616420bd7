"""Headers of any bytes that claim to be a mail, read without ever failing.

Used for the journal's own columns: what a person needs to recognise a mail in a
list. The real parsing is Odoo's, later, and may fail; this may not.
"""

import dataclasses
import datetime
import email
import email.header
import email.policy
import email.utils
import hashlib
import re

from .limits import header_bytes

# A B-tree holds entries of up to 2,704 bytes; real identifiers have about 80.
MAX_MESSAGE_ID = 500
MAX_TEXT = 998  # RFC 5322 §2.1.1: the longest line a header may have
_HEADER_BUDGET = 64 * 1024
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
# These write what follows, also text of ours, backwards (Unicode Annex #9).
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclasses.dataclass(frozen=True)
class Envelope:
    """What the journal shows of a mail.

    :param message_id: the Message-ID, or one derived from the content
    :param sender: the From header, decoded
    :param recipients: the To and Cc headers, decoded
    :param subject: the Subject header, decoded
    :param sent_on: the Date header in UTC without zone, or None
    """

    message_id: str
    sender: str
    recipients: str
    subject: str
    sent_on: datetime.datetime | None


def unreadable(content):
    """Return what the journal shows of a mail whose headers do not fit into it.

    :param bytes content: the mail; two of them are no duplicates of each other
    """
    return Envelope(derived_message_id(content), "", "", "", None)


def one_line(text):
    """Return a text that can stand in a line of ours, and changes nothing there."""
    return " ".join(_UNPRINTABLE.sub(" ", _TURNING.sub("", text)).split())


def read_envelope(content):
    """Read what the journal shows from the bytes of a mail.

    :param bytes content: anything at all
    :return: an :class:`Envelope`; unreadable headers are empty
    """
    block = header_bytes(content)[:_HEADER_BUDGET]
    message = email.message_from_bytes(block + b"\n\n", policy=email.policy.compat32)
    recipients = filter(None, (_text(message, "To"), _text(message, "Cc")))
    return Envelope(
        message_id=_message_id(message, content),
        sender=_text(message, "From"),
        recipients=", ".join(recipients)[:MAX_TEXT],
        subject=_text(message, "Subject"),
        sent_on=_date(message),
    )


def _message_id(message, content):
    """Return the Message-ID as it stands, unless it is missing or absurd."""
    found = _UNPRINTABLE.sub("", str(message.get("Message-ID") or "")).strip()
    if 0 < len(found.encode("utf-8", "replace")) <= MAX_MESSAGE_ID:
        return found
    return derived_message_id(content)


def derived_message_id(content):
    """Return a Message-ID for a mail that has none.

    The same mail differs in its line ends between IMAP, POP3 and a pipe, so the
    digest is taken with line ends normalised.
    """
    digest = hashlib.sha256(_LINE_END.sub(b"\n", content).strip()).hexdigest()
    return f"<{digest}@without-message-id.invalid>"


def _text(message, name):
    """Return one header as clean text on one line."""
    raw = next((v for n, v in message.raw_items() if n.lower() == name.lower()), None)
    if raw is None:
        return ""
    value = _eight_bit(str(raw))
    try:
        parts = email.header.decode_header(value)
        decoded = "".join(_decoded(part, charset) for part, charset in parts)
    except (ValueError, LookupError, email.errors.MessageError):
        decoded = value
    return _UNPRINTABLE.sub(" ", _TURNING.sub("", decoded)).strip()[:MAX_TEXT]


def _eight_bit(raw):
    """Return a header that was written without any encoding, as some programs do."""
    content = raw.encode("utf-8", "surrogateescape")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _decoded(part, charset):
    if isinstance(part, str):
        return part
    try:
        return part.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return part.decode("latin-1")


def _date(message):
    try:
        sent_on = email.utils.parsedate_to_datetime(_text(message, "Date"))
        if sent_on.tzinfo:
            sent_on = sent_on.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # PostgreSQL would take year 1, but nobody wants to see it in a list.
    return sent_on.replace(microsecond=0) if sent_on.year > 1970 else None
