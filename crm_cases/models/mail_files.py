"""Mails in files that people export from elsewhere: ``.eml``, ``.mbox``, ``.zip``.

Files are read as streams: an index holds where each mail lies and a few of its
headers, the mail itself is read when its turn comes. No mail is larger in memory than
``MAX_MAIL``, whatever a file claims.
"""

import email.policy
import re
import zipfile
import zlib
from datetime import timezone
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import NamedTuple

MAX_MAIL = 40 * 1024 * 1024
MAX_HEADER = 256 * 1024
ID = re.compile(r"<[^<>\s]+>")
QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
MBOX, ZIP, EML = "mbox", "zip", "eml"
# An archive by LZMA may claim any amount of memory, and mail programs write none.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises for bytes that are not as they should be: a password and an
# unknown method are a RuntimeError, bad names and offsets a ValueError.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)


class Member(NamedTuple):
    """A mail in an archive, which is opened once for all of them.

    :param info: rather than a name, which two may share
    """

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo


class Entry(NamedTuple):
    """Where a mail lies, and what its headers say.

    :param number: of the file it is in
    :param place: a span of bytes (mbox), a :class:`Member` (zip) or None
    :param problem: why it cannot be read, or None
    """

    number: int
    place: object
    name: str
    message_id: str = ""
    references: tuple = ()
    subject: str = ""
    date: object = None
    problem: str | None = None


def get_kind(name, start):
    """Tell what a file is, by its content rather than by its name."""
    if start.startswith(b"PK\x03\x04") or name.lower().endswith(".zip"):
        return ZIP
    return MBOX if start.startswith(b"From ") else EML


def index(number, name, stream):
    """Yield an entry for each mail of a file.

    :param stream: the file, opened to read bytes
    """
    start = stream.read(8)
    stream.seek(0)
    kind = get_kind(name, start)
    if kind == ZIP:
        yield from _index_zip(number, name, stream)
    elif kind == MBOX:
        yield from _index_mbox(number, name, stream)
    else:
        header = _read_header(stream)
        yield _describe(number, None, name, header, stream.seek(0, 2))


def read(entry, stream):
    """Return the bytes of a mail."""
    if isinstance(entry.place, Member):
        with entry.place.archive.open(entry.place.info) as content:
            return content.read(MAX_MAIL + 1)
    if isinstance(entry.place, tuple):
        start, size = entry.place
        stream.seek(start)
        return QUOTED_FROM.sub(rb"\1", stream.read(size))
    stream.seek(0)
    return stream.read(MAX_MAIL + 1)


def _index_zip(number, name, stream):
    try:
        archive = zipfile.ZipFile(stream)  # of a stream that is closed by its owner
        for info in archive.infolist():
            if info.filename.lower().endswith(".eml"):
                yield _index_member(number, name, archive, info)
    except DAMAGED:
        yield Entry(number, None, name, problem="damaged")


def _index_member(number, name, archive, info):
    path, place = f"{name}/{info.filename}", Member(archive, info)
    if info.compress_type not in METHODS:
        return Entry(number, place, path, problem="damaged")
    try:
        with archive.open(info) as member:
            header = _read_header(member)
    except DAMAGED:
        return Entry(number, place, path, problem="damaged")
    return _describe(number, place, path, header, info.file_size)


def _read_header(stream):
    """Return the first header block, or None if it is too long.

    By limited lines: one that never ends must not be held, or unpacked, as a whole.
    """
    lines, size = [], 0
    while line := stream.readline(MAX_HEADER + 1):
        size += len(line)
        if size > MAX_HEADER:
            return None
        if not line.strip():
            break
        lines.append(line)
    return b"".join(lines)


def _index_mbox(number, name, stream):
    """A line that begins with ``From `` after an empty one begins a mail."""
    position, start, blank, count = 0, None, True, 0
    header, size = [], None  # the size is None outside of a header
    while line := stream.readline(MAX_HEADER):
        if blank and line.startswith(b"From "):
            if start is not None:
                span = (start, position - start)
                yield _describe_part(number, name, count, span, header)
            count += 1
            start, header, size = position + len(line), [], 0
        elif size is not None:
            header.append(line)
            size += len(line)
            if not line.strip() or size > MAX_HEADER:
                size = None
        blank = not line.strip()
        position += len(line)
    if start is not None:
        span = (start, position - start)
        yield _describe_part(number, name, count, span, header)


def _describe_part(number, name, count, span, header):
    block = b"".join(header)
    block = block if len(block) <= MAX_HEADER else None
    return _describe(number, span, f"{name} #{count}", block, span[1])


def _describe(number, place, name, header, size):
    if header is None:
        return Entry(number, place, name, problem="header")
    if size > MAX_MAIL:
        return Entry(number, place, name, problem="large")
    message = BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)

    def value(key):
        return str(message.get(key) or "")

    if not (message.get("From") or message.get("Date") or message.get("Subject")):
        return Entry(number, place, name, problem="no_mail")
    own = ID.findall(value("Message-ID"))
    references = ID.findall(value("References") + " " + value("In-Reply-To"))
    return Entry(
        number,
        place,
        name,
        # The same bytes get the same id, so that a repeat finds them.
        own[0] if own else f"<{sha256(header).hexdigest()[:40]}@without-id.invalid>",
        tuple(references[-50:]),
        value("Subject"),
        _parse_date(value("Date")),
    )


def _parse_date(text):
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if date.tzinfo:
        try:
            date = date.astimezone(timezone.utc)
        except (OverflowError, ValueError):
            return None
    return date.replace(tzinfo=None)


def group_threads(entries):
    """Say which thread each mail belongs to: those that refer to each other, in
    whatever order they come.

    :return: root of the thread by Message-ID
    :rtype: dict
    """
    parents = {}

    def find(key):
        parents.setdefault(key, key)
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    for entry in entries:
        for reference in entry.references:
            parents[find(reference)] = find(entry.message_id)
    return {entry.message_id: find(entry.message_id) for entry in entries}
