"""Who speaks: a person, or a machine that must not be answered?

By headers only. The verdict never decides whether a mail becomes a case; it
only holds back what we would answer by ourselves (RFC 3834 §2).
"""

import dataclasses
import email.utils
import re

HUMAN = "human"
AUTOMATIC = "automatic"
BOUNCE = "bounce"
LIST = "list"
# A person or a machine, who asks for no automatic answer.
SILENT = "silent"

_PRECEDENCE = {
    "bulk": AUTOMATIC,
    "junk": AUTOMATIC,
    "auto_reply": AUTOMATIC,
    "list": LIST,
}
_MACHINE_LOCALPART = re.compile(
    r"(?:(?:.*[._+-])?(?:no|do[-_.]?not)[-_.]?reply|mailer-daemon|postmaster|bounces?)"
    r"(?:[+.=-].*)?",
    re.IGNORECASE,
)
# Their mere presence tells of a machine (Exchange, vacation programs, helpdesks).
_TELLTALE = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "X-Loop")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What kind of mail it is, and the signal that decided.

    :param kind: one of ``HUMAN``, ``AUTOMATIC``, ``BOUNCE``, ``LIST``, ``SILENT``
    :param signal: the deciding header as it stands in the mail, empty for people
    """

    kind: str
    signal: str = ""

    @property
    def may_be_answered(self):
        return self.kind == HUMAN


def classify(message):
    """Tell a person's mail from a machine's.

    :param email.message.Message message: the parsed mail, or its headers only
    :return: a :class:`Verdict`
    """
    for check in (_bounce, _declared, _telltale, _list, _precedence, _sender, _silent):
        verdict = check(message)
        if verdict:
            return verdict
    return Verdict(HUMAN)


def _bounce(message):
    """An empty envelope sender or a delivery report (RFC 3464, RFC 5321 §4.5.5)."""
    if message.get_content_type() == "multipart/report":
        return Verdict(BOUNCE, "Content-Type: multipart/report")
    if _value(message, "Return-Path") == "<>":
        return Verdict(BOUNCE, "Return-Path: <>")
    return None


def _declared(message):
    """``Auto-Submitted`` other than *no* (RFC 3834 §5)."""
    keyword = _value(message, "Auto-Submitted").split(";")[0].strip().lower()
    if keyword and keyword != "no":
        return Verdict(AUTOMATIC, f"Auto-Submitted: {keyword}")
    return None


def _telltale(message):
    for name in _TELLTALE:
        if message.get(name) is not None:
            return Verdict(AUTOMATIC, f"{name}: {_value(message, name)}"[:200])
    return None


def _list(message):
    """A mailing list (RFC 2919, RFC 2369)."""
    for name in ("List-Id", "List-Unsubscribe"):
        if message.get(name) is not None:
            return Verdict(LIST, f"{name}: {_value(message, name)}"[:200])
    return None


def _precedence(message):
    keyword = _value(message, "Precedence").lower()
    kind = _PRECEDENCE.get(keyword)
    return Verdict(kind, f"Precedence: {keyword}") if kind else None


def _sender(message):
    """An address behind which nobody reads."""
    address = email.utils.parseaddr(_value(message, "From"))[1]
    if _MACHINE_LOCALPART.fullmatch(address.partition("@")[0]):
        return Verdict(AUTOMATIC, f"From: {address}"[:200])
    return None


def _silent(message):
    """Exchange's request for no automatic answers ([MS-OXCMAIL] 2.1.3.2.21)."""
    value = _value(message, "X-Auto-Response-Suppress")
    if {"all", "autoreply"} & {word.strip() for word in value.lower().split(",")}:
        return Verdict(SILENT, f"X-Auto-Response-Suppress: {value}"[:200])
    return None


def _value(message, name):
    return str(message.get(name) or "").strip()
