"""Connections that store every mail before they hand it on.

Odoo's connections (IMAP, POP3, and those of OAuth add-ons) share four verbs; a
wrapper with the same verbs keeps them all working. It differs in these points:

* IMAP fetches with ``BODY.PEEK[]``: ``RFC822`` marks a mail as seen before
  anybody has stored it, so a crash right then loses it (RFC 3501 §6.4.5);
* a mail is stored in the journal *before* it is yielded, with the next few. If that
  fails the error leaves the generator, so nothing is marked as seen or deleted;
* sizes are asked for first: what is over the limit is not downloaded, but recorded
  once with its headers, and neither counted nor yielded;
* POP3 keeps the line ends of the wire (RFC 1939 §3), for the bytes to be exact, and
  takes lines of any length, which ``poplib`` refuses.
"""

import contextlib
import dataclasses
import logging
import re
from collections.abc import Callable
from imaplib import IMAP4
from poplib import POP3, error_proto

from .pipeline.limits import OVERSIZED, UNFETCHABLE

_logger = logging.getLogger(__name__)

# How much of the headers of an oversized mail is worth keeping.
HEADER_EXCERPT = 64 * 1024
POP3_CHUNK = 64 * 1024
# A server may count a line end as one byte in its list, and send two.
POP3_SLACK = 2

# An answer to a FETCH of one numeric item: 17 (UID 4711)
_ITEM = re.compile(rb"^(\d+) \(.*?(?:UID|RFC822\.SIZE) (\d+)")
# How many mails are stored together, and how many bytes: all are held in memory.
MAX_AHEAD = 20
MAX_AHEAD_SIZE = 2**20
# Servers limit the length of a command (Dovecot: 64 kB).
_RANGES_PER_COMMAND = 500


def storing(connection, journal):
    """Wrap a connection of ``fetchmail.server``.

    :param connection: what Odoo's ``_connect__`` returned
    :param journal: the :class:`MailboxJournal` of the mailbox
    """
    kind = PopConnection if isinstance(connection, POP3) else ImapConnection
    return kind(connection, journal)


@dataclasses.dataclass(frozen=True)
class MailboxJournal:
    """What a connection needs of the journal.

    :param store_all: called with the bytes of some mails; raises if that fails
    :param record: called with a note about a mail that stays in its mailbox, and its
        lasting name there as ``server_key``; raises if that fails
    :param known_oversized: given such names, returns the set of those recorded already
    :param awaited: returns the names of those that were recorded and not downloaded
    :param arrived: called with such a name, and the bytes, once that mail was
        downloaded and stored
    :param int max_size: mails with more bytes are not downloaded
    """

    store_all: Callable
    record: Callable = lambda content, server_key: None
    known_oversized: Callable = lambda keys: set()
    awaited: Callable = set
    arrived: Callable = lambda key, content: None
    max_size: int = 50 * 2**20


class StoringConnection:
    """The verbs that both protocols share."""

    def __init__(self, connection, journal):
        self.connection = connection
        self.journal = journal
        self.unfetchable = set()
        self.awaited = {}
        self.sizes = {}

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def check_unread_messages(self):
        """Count the mails that will be handed over, and record the oversized ones."""
        if not self.connection.check_unread_messages():
            return 0
        numbers = self.connection._unread_messages
        self.sizes = self._get_sizes(numbers)
        too_large = {n for n in numbers if self.sizes.get(n, 0) > self.journal.max_size}
        if too_large:
            self._record_oversized(too_large)
        # In place: the connection's own methods look at this very list.
        numbers[:] = [number for number in numbers if number not in too_large]
        self.awaited = self._find_awaited(numbers)
        return len(numbers)

    def _find_awaited(self, numbers):
        """Return the names of mails that were too large before, by number."""
        awaited = self.journal.awaited()
        if not awaited or not numbers:
            return {}
        names = self._identify(sorted(numbers))
        return {n: name for n, name in names.items() if name in awaited}

    def _record_oversized(self, numbers):
        keys = self._identify(sorted(numbers))
        known = self.journal.known_oversized(list(keys.values()))
        for number, key in keys.items():
            if key not in known:
                header = self._download_header(number)[:HEADER_EXCERPT]
                size = self.sizes[number]
                note = f"{OVERSIZED.decode()} {size} bytes, {key}\r\n".encode()
                self.journal.record(note + header, server_key=key)

    def retrieve_unread_messages(self):
        """Yield number and bytes of each unread mail, once it is stored.

        Some are stored ahead, with one commit. Those that are not asked for any more
        are neither marked nor deleted, and recognised when they come again.
        """
        numbers = self.connection._unread_messages
        while numbers:
            mails, error = self._fetch_ahead(numbers)
            self.journal.store_all([content for _number, content in mails])
            for number, content in mails:
                if number in self.awaited and number not in self.unfetchable:
                    self.journal.arrived(self.awaited[number], content)
                yield number, content
            if error:
                raise error

    def _fetch_ahead(self, numbers):
        """Download as many mails as are stored together.

        :return: numbers and bytes, and the error that ended it: a mail that breaks
            the connection must not keep back those before it
        """
        mails, size = [], 0
        while numbers and len(mails) < MAX_AHEAD:
            size += self.sizes.get(numbers[-1], 0)
            if mails and size > MAX_AHEAD_SIZE:
                break
            number = numbers.pop()
            try:
                mails.append((number, self._fetch(number)))
            except Exception as error:  # noqa: BLE001 raised by the caller
                if not mails:
                    raise
                return mails, error
            # A server may tell no size, or a wrong one.
            size += max(0, len(mails[-1][1]) - self.sizes.get(number, 0))
        return mails, None

    def _fetch(self, number):
        """Return the bytes of a mail.

        Of one that the server lists but does not hand over, a note about it: left out,
        it would make Odoo's scheduler ask again without end.
        """
        content = self._download(number)
        if content is None:
            self.unfetchable.add(number)
            name = self._identify([number])[number].encode()
            content = b"%s %s\r\n\r\n" % (UNFETCHABLE, name)
        return content

    def handled_message(self, number):
        if number not in self.unfetchable:
            self.connection.handled_message(number)

    def disconnect(self):
        self.connection.disconnect()


class ImapConnection(StoringConnection):
    """IMAP4rev1, as Odoo's connection speaks it."""

    _validity = None

    def _get_sizes(self, numbers):
        return {
            number: int(value) for number, value in self._ask(numbers, "RFC822.SIZE")
        }

    def _ask(self, numbers, item):
        """Yield number and value of a numeric item, asked for all mails at once."""
        for sequence in _sequences(sorted(map(int, numbers))):
            _status, data = self.connection.fetch(sequence, f"({item})")
            for line in data or []:
                match = _ITEM.match(line) if isinstance(line, bytes) else None
                if match:
                    yield match[1], match[2].decode()

    def _download(self, number):
        return self._fetch_literal(number, "(BODY.PEEK[])")

    def _download_header(self, number):
        section = f"(BODY.PEEK[HEADER]<0.{HEADER_EXCERPT}>)"
        return self._fetch_literal(number, section) or b"\r\n"

    def _fetch_literal(self, number, section):
        """Return a section of a mail, or None if the server refuses just this one."""
        try:
            _status, data = self.connection.fetch(number, section)
        except IMAP4.abort:
            raise  # the connection is of no more use
        except IMAP4.error as error:
            _logger.warning("IMAP mail %s is not handed over: %s", number, error)
            return None
        return self._literal(data)

    @staticmethod
    def _literal(data):
        literals = [part[1] for part in data or [] if isinstance(part, tuple)]
        return literals[0] if literals else None

    def _identify(self, numbers):
        """Name mails for good: numbers change, UIDs do not (RFC 3501 §2.3.1.1)."""
        if self._validity is None:
            _status, data = self.connection.response("UIDVALIDITY")
            self._validity = ((data or [None])[0] or b"?").decode("ascii", "replace")
        uids = dict(self._ask(numbers, "UID"))
        return {n: f"UID {self._validity}/{uids.get(n, '?')}" for n in numbers}


class PopConnection(StoringConnection):
    """POP3, as Odoo's connection speaks it."""

    def _get_sizes(self, _numbers):
        _status, lines, _octets = self.connection.list()
        return {number: int(size) for number, size in _listed(lines) if size.isdigit()}

    def _download(self, number):
        limit = self.journal.max_size * POP3_SLACK
        try:
            self.connection._shortcmd(f"RETR {number}")
            return self._read_answer(limit)
        except error_proto as error:
            _raise_if_gone(error)
            _logger.warning("POP3 mail %s is not handed over: %s", number, error)
            return None

    def _download_header(self, number):
        try:
            self.connection._shortcmd(f"TOP {number} 0")
        except error_proto as error:
            _raise_if_gone(error)
            return b"\r\n"  # not every server knows TOP
        return self._read_answer(self.journal.max_size)

    def _read_answer(self, limit):
        """Read a dot-terminated answer with lines of any length (RFC 1939 §3).

        :raise OSError: if the server sends more than it said, or hangs up
        """
        chunks, size, at_start = [], 0, True
        while True:
            chunk = self.connection.file.readline(POP3_CHUNK)
            if not chunk:
                raise OSError("the POP3 server hung up in the middle of a mail")
            if at_start and chunk in (b".\r\n", b".\n"):
                return b"".join(chunks)
            if at_start and chunk.startswith(b"."):
                chunk = chunk[1:]
            at_start = chunk.endswith(b"\n")
            size += len(chunk)
            if size > limit:
                raise OSError("the POP3 server sends more than it announced")
            chunks.append(chunk)

    def _identify(self, numbers):
        """Name mails for good, by the unique-id listing if there is one.

        Without it a name is good for today; the size tells most mails apart that have
        the same number one after the other.
        """
        try:
            _status, lines, _octets = self.connection.uidl()
        except error_proto as error:
            _raise_if_gone(error)
            lines = []
        uids = {n: uid.decode("ascii", "replace") for n, uid in _listed(lines)}
        return {n: self._name(n, uids.get(n)) for n in numbers}

    def _name(self, number, uid):
        if uid:
            return f"UIDL {uid}"
        return f"number {number}, {self.sizes.get(number, '?')} bytes"


def _listed(lines):
    """Yield number and value of the lines of a POP3 listing that make sense."""
    for line in lines:
        number, _space, value = line.strip().partition(b" ")
        # LIST may say more than the size (RFC 1939 §5).
        with contextlib.suppress(ValueError, IndexError):
            yield int(number), value.split()[0]


def _raise_if_gone(error):
    """Tell a server that hung up from one that refuses.

    :raise OSError: for the former, which ``poplib`` reports like the latter
    """
    if error.args[:1] == ("-ERR EOF",):  # what a server says is bytes
        raise OSError("the POP3 server hung up") from error


def _sequences(numbers):
    """Yield sorted numbers as IMAP sequence sets, such as ``1:17,20``."""
    ranges = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    for start in range(0, len(ranges), _RANGES_PER_COMMAND):
        part = ranges[start : start + _RANGES_PER_COMMAND]
        yield ",".join(f"{first}:{last}" for first, last in part)
