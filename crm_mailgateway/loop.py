"""What mails share that are worked off one after the other."""

import time

LOOP_KEY = "crm_mailgateway_loop"
# How many mails, and for how long, are concluded together.
MAX_WAITING = 20
MAX_SECONDS = 2


class MailLoop:
    """Travels in the context through Odoo's own methods, and remembers.

    Mails that were *stored ahead*, so that they are not stored again and can be
    processed together; and mails that were *processed*, whose journal rows are settled
    together. Nothing is lost with it: what is stored and what was processed stands in
    the database.

    Compared by identity, as contexts are.
    """

    def __init__(self):
        self._stored, self._ahead = {}, []
        self._processed, self._untold = [], False
        self._since = time.monotonic()

    def remember(self, content, stored):
        """Note what :class:`StoredMail` these very bytes have become."""
        self._stored[id(content)] = (content, stored)  # keeps the id from being reused
        if stored.state == "received" and not stored.known:
            self._ahead.append(content)

    def forget_ahead(self):
        """Forget what was stored and not asked for: the journal knows it.

        Another mailbox follows, whose mails have another way to go.
        """
        self._stored, self._ahead = {}, []

    def take_ahead(self):
        """Return bytes and :class:`StoredMail` of what nobody has in hand, once."""
        ahead, self._ahead = self._ahead, []
        return [self._stored[id(c)] for c in ahead if id(c) in self._stored]

    def note(self, content, res_id):
        """Note that a mail was processed, before anybody asked for it."""
        stored = self._stored[id(content)][1]
        done = stored._replace(state="processed", res_id=res_id or None)
        self._stored[id(content)] = (content, done)

    def recall(self, content):
        """Return the :class:`StoredMail` of these very bytes, or None; and forget it.

        None also if they had been stored before: what became of them may be known by
        now, for example when one mail lies twice in a mailbox.
        """
        stored = self._stored.pop(id(content), (None, None))[1]
        return stored if stored and not stored.known else None

    def get_id(self, content):
        return self._stored[id(content)][1].id

    def add(self, row_id, untold):
        """Note a mail that was processed, and whether open boards are to be told."""
        self._processed.append(row_id)
        self._untold |= untold

    @property
    def is_due(self):
        waited = time.monotonic() - self._since
        return len(self._processed) >= MAX_WAITING or waited >= MAX_SECONDS

    def take(self):
        """Return what is to be settled, and forget it."""
        taken = self._processed, self._untold
        self._processed, self._untold = [], False
        self._since = time.monotonic()
        return taken
