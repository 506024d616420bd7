"""Does a mail meet the conditions of a routing rule?

Conditions are compared without regard to upper and lower case. A regular
expression comes from a manager, but the text it meets comes from anybody: it is
tried out when it is written, and only ever meets texts of bounded length.
"""

import dataclasses
import re
import time

MAX_PATTERN = 250
MAX_LINE = 1_000
MAX_TEXT = 100_000
# A pattern may look at each pair of letters, and that must not take long.
MAX_PATTERN_TEXT = 2_000
_SLOW_SECONDS = 0.1
_NESTED = re.compile(r"\([^()]*(?<!\\)[*+}][^()]*\)\s*(?:[*+]|\{\d+,\d*\})")
_BACKREFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")

TEXT_FIELDS = ("recipient", "sender", "domain", "subject", "body", "header")
OPERATORS = ("contains", "not_contains", "equals", "not_equals", "regex")


@dataclasses.dataclass(frozen=True)
class Facts:
    """What rules may ask about a mail.

    :param recipients: normalised addresses in To, Cc and of the envelope
    :param sender: normalised address of the sender
    :param subject: decoded, on one line
    :param body: what is new in it, as plain text
    :param headers: pairs of name and decoded value
    :param size: bytes
    :param attachments: number of files
    :param classification: a kind of ``classify``
    :param partner_id: the known contact, or None
    :param category_ids: those of the contact
    :param language: two letters, or None
    :param is_working_time: whether the team at hand works now
    """

    recipients: tuple = ()
    sender: str = ""
    subject: str = ""
    body: str = ""
    headers: tuple = ()
    size: int = 0
    attachments: int = 0
    classification: str = "human"
    partner_id: int | None = None
    category_ids: frozenset = frozenset()
    language: str | None = None
    is_working_time: bool = True


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    :param field: one of ``TEXT_FIELDS``, or ``size``, ``attachment``,
        ``classification``, ``partner``, ``category``, ``language``, ``time``
    :param operator: one of ``OPERATORS`` for texts; ``greater`` or ``less`` (kB) for
        sizes; ``is`` or ``is_not`` for the others
    :param value: a text, or an id; the values of a text are separated by ``|``
    :param header: name of the header, where ``field`` is ``header``
    """

    field: str
    operator: str
    value: object = ""
    header: str = ""


@dataclasses.dataclass(frozen=True)
class Match:
    """The verdict about all conditions of a rule.

    :param matched: whether all are met
    :param captures: named groups of the regular expressions
    :param failed: the first condition that is not met
    """

    matched: bool
    captures: dict = dataclasses.field(default_factory=dict)
    failed: Condition | None = None

    def __bool__(self):
        return self.matched


def match_all(conditions, facts):
    """Compare a mail with the conditions of one rule.

    :param conditions: several :class:`Condition`; none at all: every mail matches
    :param Facts facts: what is known of the mail
    :return: a :class:`Match`
    """
    captures = {}
    for condition in conditions:
        met = _meets(condition, facts, captures)
        if not met:
            return Match(False, failed=condition)
    return Match(True, captures)


def pattern_problem(pattern):
    """Tell why a regular expression cannot be used.

    :param str pattern: as written
    :return: ``long``, ``syntax``, ``nested``, ``reference``, ``slow``, or None
    """
    if len(pattern) > MAX_PATTERN:
        return "long"
    if _BACKREFERENCE.search(pattern):
        return "reference"
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        return "syntax"
    if _NESTED.search(pattern):
        return "nested"
    return "slow" if _is_slow(compiled) else None


def _is_slow(compiled):
    """Let it meet texts that grow, and stop at the first that takes too long."""
    letters = set(re.findall(r"\w|[ .@-]", compiled.pattern)) | set("a0 ")
    probes = sorted(letters)[:12] + ["".join(sorted(letters)), "a0 ", "ab", "a@a."]
    length = 12
    while length <= MAX_PATTERN_TEXT:
        for probe in probes:
            text = (probe * (length // len(probe) + 1))[:length] + "\x01"
            start = time.thread_time()
            compiled.search(text)
            if time.thread_time() - start > _SLOW_SECONDS:
                return True
        length = length + 3 if length < 48 else int(length * 1.4)
    return False


def _meets(condition, facts, captures):
    if condition.field in TEXT_FIELDS:
        return _meets_text(condition, _texts(condition, facts), captures)
    if condition.field == "size":
        limit = _number(condition.value) * 1024
        larger = condition.operator == "greater"
        return facts.size > limit if larger else facts.size < limit
    return _is_so(condition, facts) == (condition.operator == "is")


def _is_so(condition, facts):
    """Whether the plain statement of a condition holds."""
    value = condition.value
    known = [facts.partner_id] if facts.partner_id else []
    return {
        "attachment": lambda: facts.attachments > 0,
        "classification": lambda: facts.classification == value,
        "partner": lambda: facts.partner_id in ((value,) if value else known),
        "category": lambda: value in facts.category_ids,
        "language": lambda: (facts.language or "") == str(value or "").lower()[:2],
        "time": lambda: facts.is_working_time,
    }[condition.field]()


def _texts(condition, facts):
    """Return the texts that a condition looks at."""
    if condition.field == "header":
        name = condition.header.lower()
        return [v[:MAX_LINE] for n, v in facts.headers if n.lower() == name]
    if condition.field == "recipient":
        return list(facts.recipients[:100])
    if condition.field == "domain":
        return [facts.sender.rpartition("@")[2]]
    if condition.field == "body":
        return [facts.body[:MAX_TEXT]]
    return [getattr(facts, condition.field)[:MAX_LINE]]


def _meets_text(condition, texts, captures):
    if condition.operator == "regex":
        return any(_search(condition.value, text, captures) for text in texts)
    values = [v.strip().lower() for v in str(condition.value).split("|") if v.strip()]
    texts = [text.lower().strip() for text in texts]
    if condition.operator in ("contains", "not_contains"):
        found = any(value in text for value in values for text in texts)
    else:
        found = any(value == text for value in values for text in texts)
    return found != condition.operator.startswith("not_")


def _search(pattern, text, captures):
    try:
        found = re.search(pattern, text[:MAX_PATTERN_TEXT], re.IGNORECASE)
    except re.error:
        return False
    if not found:
        return False
    captures.update((k, v.strip()) for k, v in found.groupdict().items() if v)
    return True


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
