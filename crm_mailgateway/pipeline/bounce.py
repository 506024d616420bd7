"""Which address could not be reached, and for good or only for now?

Reads delivery status notifications (RFC 3464), and the notices of servers that
write them as plain text (qmail, Exim, old Exchange). Says nothing about mails
that merely talk of a failed delivery: those come from people.
"""

import dataclasses
import email.utils
import re

HARD = "hard"
SOFT = "soft"
# Told, but not failed: delayed, delivered, relayed, read, complained about.
NOTICE = "notice"

MAX_RECIPIENTS = 50
_TEXT_BUDGET = 20_000
_REPORTS = ("delivery-status", "disposition-notification", "feedback-report")
# Full boxes and mails that are too big (RFC 3463 §3.3, §3.4) are no dead addresses.
_TRANSIENT = re.compile(r"4\.|5\.2\.2|5\.3\.4|5\.4\.[57]")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,255}\.\w{2,63}")
_DAEMON = re.compile(
    r"(?:mailer-daemon|postmaster|mail-daemon|microsoftexchange[0-9a-f]+)(?:[+.-].*)?",
    re.IGNORECASE,
)
_UNDELIVERED = re.compile(
    r"undeliver|delivery (?:status notification|has failed|failure)|failure notice"
    r"|mail delivery failed|returned mail|could not be delivered|nicht zustellbar"
    r"|unzustellbar|non remis|non distribu|échec de la remise|no se puede entregar"
    r"|no entregado|mancata consegna|niet[- ]bezorg|onbestelbaar|não entregue"
    r"|nem kézbesíthető|не доставлено|无法投递|配信不能|delivery report",
    re.IGNORECASE,
)
_OPENINGS = (
    "this is the qmail-send program",
    "this message was created automatically by mail delivery software",
    "sorry, we were unable to deliver your message",
    "your message did not reach some or all of the intended recipients",
    "this is the mail system at host",
    "the original message was received at",
)


@dataclasses.dataclass(frozen=True)
class Report:
    """What a mail server tells of a mail of ours.

    :param kind: ``HARD``, ``SOFT`` or ``NOTICE``
    :param recipients: the normalised addresses it is about
    :param status: the enhanced status code (RFC 3463), or an empty text
    :param signal: what gave it away
    """

    kind: str
    recipients: tuple = ()
    status: str = ""
    signal: str = ""


def read_report(message):
    """Read what a server reports about the delivery of one of our mails.

    :param email.message.Message message: the parsed mail, or its headers only
    :return: a :class:`Report`, or None for any other mail
    """
    return _read_structured(message) or _read_plain(message)


def _read_structured(message):
    """A report as RFC 6522 frames it."""
    if message.get_content_type() != "multipart/report":
        return None
    kind = str(message.get_param("report-type") or "").lower()
    signal = f"Content-Type: multipart/report; {kind}".rstrip("; ")
    if kind in _REPORTS[1:]:
        return Report(NOTICE, signal=signal)
    groups = list(_status_groups(message))
    failed = [g for g in groups if _field(g, "Action") in ("failed", "")]
    if groups and not failed:
        return Report(NOTICE, _recipients(groups), _status(groups), signal)
    # Some servers forget the machine-readable half: then their text tells.
    recipients = _recipients(failed) or _quoted_recipients(message)
    status = _status(failed) or _first(_STATUS, _text(message))
    return Report(_severity(status), recipients, status, signal)


def _read_plain(message):
    """A notice of a daemon in words only."""
    failed = _value(message, "X-Failed-Recipients")
    local = email.utils.parseaddr(_value(message, "From"))[1].partition("@")[0]
    daemon = bool(_DAEMON.fullmatch(local))
    if failed and (daemon or _null_sender(message)):
        addresses = tuple(dict.fromkeys(_ADDRESS.findall(failed.lower())))
        return _plain_report(message, addresses, f"X-Failed-Recipients: {failed}")
    subject = _value(message, "Subject")
    if daemon and (_UNDELIVERED.search(subject) or _tells_of_failure(message)):
        return _plain_report(message, _quoted_recipients(message), f"From: {local}")
    if _null_sender(message) and _tells_of_failure(message):
        return _plain_report(
            message, _quoted_recipients(message), "Return-Path: <> and its first words"
        )
    return None


def _plain_report(message, recipients, signal):
    text = _text(message)
    status = _first(_STATUS, text)
    kind = SOFT if "warning" in text[:400].lower() else _severity(status)
    return Report(kind, recipients[:MAX_RECIPIENTS], status, signal[:200])


def _tells_of_failure(message):
    start = " ".join(_text(message)[:600].lower().split())
    return any(opening in start for opening in _OPENINGS)


def _null_sender(message):
    return _value(message, "Return-Path") == "<>"


def _severity(status):
    return SOFT if _TRANSIENT.match(status) else HARD


def _status_groups(message):
    """Yield the groups of fields, one per recipient (RFC 3464 §2.3)."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            for group in payload if isinstance(payload, list) else []:
                if group.get("Final-Recipient") or group.get("Original-Recipient"):
                    yield group


def _field(group, name):
    return str(group.get(name) or "").split("(")[0].strip().lower()


def _recipients(groups):
    """Return whom we wrote to: before aliases if the report says so."""
    found = []
    for group in groups[:MAX_RECIPIENTS]:
        for name in ("Original-Recipient", "Final-Recipient"):
            match = _ADDRESS.search(_field(group, name))
            if match:
                found.append(match.group())
                break
    return tuple(dict.fromkeys(found))


def _status(groups):
    return next(
        filter(None, (_first(_STATUS, _field(g, "Status")) for g in groups)), ""
    )


def _quoted_recipients(message):
    """Return the first address that a notice in words names between brackets or so.

    The sender of the notice and the addresses in the returned mail are not it.
    """
    own = email.utils.parseaddr(_value(message, "From"))[1].lower()
    text = _text(message).lower().split("\n--- ")[0]
    found = [a for a in _ADDRESS.findall(text) if a.strip(".") != own]
    return tuple(found[:1])


def _text(message):
    """Return the first text of a mail, leniently."""
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.is_multipart():
            payload = part.get_payload(decode=True) or b""
            return payload[:_TEXT_BUDGET].decode("utf-8", "replace")
    return ""


def _first(pattern, text):
    match = pattern.search(text)
    return match.group(1) if match else ""


def _value(message, name):
    return str(message.get(name) or "").strip()
