"""Commands that our own people write at the top of an answer.

``Set-State: done`` and the like, one a line, before the first line of text;
``Note:`` makes a remark for colleagues. Whether the writer may give them is not
decided here, nor what a value means.
"""

import dataclasses
import re

COMMANDS = (
    "state",
    "priority",
    "team",
    "user",
    "type",
    "category",
    "tag",
    "deadline",
    "revenue",
    "cost",
    "probability",
    "partner",
)
MAX_COMMANDS = 20
MAX_VALUE = 500
_SET = re.compile(r"set-([a-z]{2,20})\s*:\s*(.*)", re.IGNORECASE)
_NOTE = re.compile(r"note\s*:\s*(.*)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Command:
    """One line such as ``Set-Priority: 2``.

    :param name: lower case, without ``Set-``; not necessarily one of ``COMMANDS``
    :param value: as written, may be empty
    """

    name: str
    value: str


@dataclasses.dataclass(frozen=True)
class Instructions:
    """What was found at the top of a body.

    :param commands: the commands in their order
    :param notes: remarks for colleagues
    :param text: the body without them
    """

    commands: tuple = ()
    notes: tuple = ()
    text: str = ""

    def __bool__(self):
        return bool(self.commands or self.notes)


def read_instructions(text):
    """Read the commands at the top of a plain-text body.

    :param str text: the body
    :return: :class:`Instructions`; without any the text is as it was
    """
    lines = (text or "").splitlines()
    commands, notes = [], []
    position = 0
    for position, raw in enumerate(lines):  # noqa: B007 the end is needed below
        line = raw.strip().strip("\u200b\ufeff\xa0*")
        if not line:
            continue
        if not _take(line, commands, notes):
            break
        if len(commands) + len(notes) >= MAX_COMMANDS:
            position += 1
            break
    else:
        position = len(lines)
    if not commands and not notes:
        return Instructions(text=text or "")
    rest = "\n".join(lines[position:]).strip("\n")
    return Instructions(tuple(commands), tuple(notes), rest)


def _take(line, commands, notes):
    """Append what a line says, and tell whether it was an instruction."""
    found = _SET.fullmatch(line)
    if found:
        name, value = found.groups()
        commands.append(Command(name.lower(), value.strip()[:MAX_VALUE]))
        return True
    found = _NOTE.fullmatch(line)
    if found:
        notes.append(found.group(1).strip())
        return True
    return False
