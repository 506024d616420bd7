"""Who wrote a mail that one of our people forwards?

Common mail programs put the headers of the forwarded mail as a block of lines into
the body, in the language of the user. The block is recognised by its labels; the
line of dashes above it differs too much to be relied on.
"""

import dataclasses
import email.utils
import re

_FROM = "from|von|de|da|van|från|fra|lähettäjä|od|от|发件人|寄件者|差出人|expéditeur"
_TO = "to|an|à|para|a|aan|till|til|vastaanottaja|do|komu|кому|收件人|宛先|destinataire"
_SUBJECT = (
    "subject|betreff|objet|sujet|asunto|oggetto|onderwerp|assunto|ämne|emne|aihe"
    "|temat|předmět|тема|主题|件名"
)
_DATE = (
    "date|sent|datum|gesendet|envoyé|fecha|enviado(?: el)?|data|inviato|verzonden"
    "|enviada(?: em)?|skickat|dato|sendt|lähetetty|wysłano|odesláno|дата|отправлено"
    "|日期|发送时间|日時|送信日時"
)
_LABELS = {
    "cc": re.compile(r"[*_>\s]*(?:cc|kopie|kopia|cópia|копия|抄送)[*_]*\s*[:：]", re.I),
    "subject": re.compile(rf"[*_>\s]*(?:{_SUBJECT})[*_]*\s*[:：][*_]*\s*(.*)", re.I),
    "date": re.compile(rf"[*_>\s]*(?:{_DATE})[*_]*\s*[:：][*_]*\s*(.*)", re.I),
    "from": re.compile(rf"[*_>\s]*(?:{_FROM})[*_]*\s*[:：][*_]*\s*(.*)", re.I),
    "to": re.compile(rf"[*_>\s]*(?:{_TO})[*_]*\s*[:：]", re.I),
}
_FORWARD_PREFIX = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vb|vl|vs|i|pd|пересл?|转发|轉寄|転送)\s*[:：]\s*",
    re.IGNORECASE,
)
_ANY_PREFIX = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|ré|res|odp|ynt|回复|回覆|返信|fwd?|wg|tr|rv|enc|i)"
    r"\s*(?:\[\d+\])?\s*[:：]\s*",
    re.IGNORECASE,
)
_LINK = re.compile(r"<?mailto:([^>\s\]]+)[>\]]?", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,255}\.\w{2,63}")
_MAX_LINES = 400
_BLOCK_LINES = 12


@dataclasses.dataclass(frozen=True)
class Forwarded:
    """The mail inside a forwarded one.

    :param name: of its sender, may be empty
    :param address: of its sender, normalised
    :param subject: may be empty
    :param text: its body; of an attached mail empty
    :param comment: what the person who forwarded it wrote above
    """

    name: str
    address: str
    subject: str = ""
    text: str = ""
    comment: str = ""

    @property
    def sender(self):
        return email.utils.formataddr((self.name, self.address), charset="utf-8")


def is_forward(subject):
    """Tell by its subject whether a mail is a forwarded one."""
    return bool(_FORWARD_PREFIX.match(subject or ""))


def plain_subject(subject):
    """Return a subject without the prefixes of answers and forwards."""
    text = subject or ""
    for _round in range(10):
        stripped = _FORWARD_PREFIX.sub("", _ANY_PREFIX.sub("", text, 1), 1)
        if stripped == text:
            break
        text = stripped
    return text.strip()


def read_forwarded(text):
    """Read the first block of forwarded headers in a plain-text body.

    :param str text: the body
    :return: a :class:`Forwarded`, or None where no sender can be told
    """
    lines = (text or "").splitlines()[:_MAX_LINES]
    for start, line in enumerate(lines):
        if _label(line):
            found = _read_block(lines, start)
            if found:
                return found
    return None


def read_attached(message):
    """Read a mail that was forwarded as an attachment.

    :param email.message.Message message: the outer mail
    :return: a :class:`Forwarded`, or None
    """
    for part in message.walk():
        if part.get_content_type() != "message/rfc822":
            continue
        inner = part.get_payload()
        inner = inner[0] if isinstance(inner, list) and inner else None
        if inner is None:
            return None
        name, address = email.utils.parseaddr(str(inner.get("From") or ""))
        if "@" in address:
            subject = str(inner.get("Subject") or "")
            return Forwarded(name, address.lower(), " ".join(subject.split()))
        return None
    return None


def _read_block(lines, start):
    """Read header lines from ``start`` on; at least From and one other are needed."""
    values = {}
    end = start
    for end in range(start, min(start + _BLOCK_LINES, len(lines))):  # noqa: B007
        label = _label(lines[end])
        if label:
            values.setdefault(label[0], label[1])
        elif not lines[end].strip(" >*") and (values.keys() - {"from"} or end == start):
            break
        elif "from" in values and not _ADDRESS.search(values["from"]):
            values["from"] += " " + lines[end].strip()  # a folded line
    name, address = _sender(values.get("from", ""))
    if not address or len(values) < 2:
        return None
    comment = "\n".join(lines[:start]).strip()
    return Forwarded(
        name=name,
        address=address,
        subject=" ".join((values.get("subject") or "").split()),
        text="\n".join(lines[end + 1 :]).strip(),
        comment="\n".join(comment.splitlines()[:-1]).strip()
        if _is_rule(comment)
        else comment,
    )


def _is_rule(comment):
    """Whether the last line above the block is its heading."""
    last = comment.splitlines()[-1].strip() if comment else ""
    return last.startswith(("--", "__", "==")) or last.endswith((":", "："))


def _label(line):
    """Return name and value of a header line, or None."""
    for name, pattern in _LABELS.items():
        found = pattern.match(line[:500])
        if found:
            value = found.group(1) if pattern.groups else ""
            return name, value.strip(" *_")
    return None


def _sender(value):
    """Return name and address of what stands after *From:*."""
    value = _LINK.sub(r"<\1>", value)
    found = _ADDRESS.search(value)
    if not found:
        return "", ""
    name = value[: found.start()].strip(" \"'<[(*_")
    return name[:200], found.group().lower()
