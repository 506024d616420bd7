"""Connections that store every mail before they hand it on.

Odoo's connections (IMAP, POP3, and those of OAuth add-ons) share four verbs; a
wrapper with the same verbs keeps them all working. It differs in three points:

* IMAP fetches with ``BODY.PEEK[]``: ``RFC822`` marks a mail as seen before
  anybody has stored it, so a crash right then loses it (RFC 3501 §6.4.5);
* a mail is stored in the journal *before* it is yielded. If that fails the
  error leaves the generator, so nothing is marked as seen or deleted;
* POP3 keeps the line ends of the wire (RFC 1939 §3), for the bytes to be exact.
"""

import logging
from poplib import POP3, error_proto

from .pipeline.limits import UNFETCHABLE

_logger = logging.getLogger(__name__)


def storing(connection, store):
    """Wrap a connection of ``fetchmail.server``.

    :param connection: what Odoo's ``_connect__`` returned
    :param store: called with the bytes of each mail before it is yielded
    """
    kind = PopConnection if isinstance(connection, POP3) else ImapConnection
    return kind(connection, store)


class StoringConnection:
    """The verbs that both protocols share."""

    def __init__(self, connection, store):
        self.connection = connection
        self.store = store
        self.unfetchable = set()

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def check_unread_messages(self):
        return self.connection.check_unread_messages()

    def retrieve_unread_messages(self):
        """Yield number and bytes of each unread mail, once it is stored.

        A mail that the server lists but does not hand over is yielded as a note
        about it: left out, it would make Odoo's scheduler ask again without end.
        """
        numbers = self.connection._unread_messages
        while numbers:
            number = numbers.pop()
            content = self._download(number)
            if content is None:
                self.unfetchable.add(number)
                content = b"%s %s\r\n\r\n" % (UNFETCHABLE, self._identify(number))
            self.store(content)
            yield number, content

    def handled_message(self, number):
        if number not in self.unfetchable:
            self.connection.handled_message(number)

    def disconnect(self):
        self.connection.disconnect()


class ImapConnection(StoringConnection):
    def _download(self, number):
        _status, data = self.connection.fetch(number, "(BODY.PEEK[])")
        literals = [part[1] for part in data or [] if isinstance(part, tuple)]
        return literals[0] if literals else None

    def _identify(self, number):
        """Name a mail for good: numbers change, UIDs do not (RFC 3501 §2.3.1.1)."""
        _status, validity = self.connection.response("UIDVALIDITY")
        _status, uid = self.connection.fetch(number, "(UID)")
        return b"%s %s" % ((validity or [b"?"])[0] or b"?", (uid or [b"?"])[0] or b"?")


class PopConnection(StoringConnection):
    def _download(self, number):
        try:
            _status, lines, _octets = self.connection.retr(number)
        except error_proto as error:
            _logger.warning("POP3 mail %s is not handed over: %s", number, error)
            return None
        return b"".join(line + b"\r\n" for line in lines)

    def _identify(self, number):
        try:
            return self.connection.uidl(number)
        except error_proto:
            return b"number %d" % number
