import imaplib
import io
from poplib import POP3, error_proto

from odoo.tests import BaseCase, tagged

from ..connections import (
    MAX_AHEAD,
    MAX_AHEAD_SIZE,
    ImapConnection,
    MailboxJournal,
    PopConnection,
    _sequences,
    storing,
)
from ..pipeline.limits import OVERSIZED, UNFETCHABLE, reason_to_quarantine

MAIL = b"From: a@b.example\r\n\r\nHello\r\n"


def ignoring(_contents):
    """Store nothing."""


class ImapStub:
    """Just what the wrapper calls; the journeys use a real server."""

    def __init__(self):
        self._unread_messages = [b"2", b"1"]
        self.commands = []

    def check_unread_messages(self):
        return len(self._unread_messages)

    def fetch(self, number, what):
        self.commands.append(what)
        if what == "(UID)":
            return "OK", [b"2 (UID 17)"]
        if what == "(RFC822.SIZE)":
            return "OK", [b"1 (RFC822.SIZE 28)", b"2 (RFC822.SIZE 2000)"]
        if "HEADER" in what:
            return "OK", [(b"2 (BODY[HEADER]<0> {17}", b"Subject: big\r\n\r\n"), b")"]
        if number == b"2":
            return "NO", [None]
        return "OK", [(b"1 (BODY[] {28}", MAIL), b")"]

    def response(self, _code):
        return "UIDVALIDITY", [b"99"]

    def handled_message(self, number):
        self.commands.append(f"seen {number.decode()}")


class PopStub(POP3):
    """Answers RETR; knows neither TOP nor UIDL, which are optional (RFC 1939 §7)."""

    refusal = b"-ERR what? EOF?"
    _debugging = 0

    def __init__(self, answers):
        self._unread_messages = [1]
        self.file = io.BytesIO(b"".join(answers))

    def check_unread_messages(self):
        return len(self._unread_messages)

    def list(self, which=None):
        return b"+OK", [b"%d 2000" % number for number in self._unread_messages], 0

    def uidl(self, which=None):
        raise error_proto(self.refusal)

    def _shortcmd(self, line):
        if not line.startswith("RETR"):
            raise error_proto(self.refusal)
        return b"+OK"


@tagged("post_install", "-at_install")
class TestConnections(BaseCase):
    def test_stored_before_yielded_and_never_marked_by_reading(self):
        stub, stored = ImapStub(), []
        connection = storing(stub, MailboxJournal(stored.extend))
        self.assertIsInstance(connection, ImapConnection)
        number, content = next(connection.retrieve_unread_messages())
        self.assertEqual((number, content), (b"1", MAIL))
        self.assertEqual(stored[0], MAIL)
        self.assertEqual(set(stub.commands), {"(BODY.PEEK[])", "(UID)"})

    def test_a_mail_that_is_not_handed_over_is_noted_and_left_alone(self):
        stub = ImapStub()
        connection = storing(stub, MailboxJournal(ignoring))
        mails = list(connection.retrieve_unread_messages())
        self.assertEqual(len(mails), 2, "what was counted and left makes the cron spin")
        self.assertTrue(mails[1][1].startswith(UNFETCHABLE + b" UID 99/17"))
        self.assertEqual(reason_to_quarantine(mails[1][1]), "unfetchable")
        for number, _content in mails:
            connection.handled_message(number)
        self.assertIn("seen 1", stub.commands)
        self.assertNotIn("seen 2", stub.commands)

    def test_a_mail_that_the_server_cannot_read_keeps_back_none_after_it(self):
        """Exchange says BAD about a damaged one, each time."""

        def fetch(number, what):
            if number == b"1" and what == "(BODY.PEEK[])":
                raise imaplib.IMAP4.error("FETCH command error: BAD [b'Error 12']")
            return ("OK", [(b"2 (BODY[] {28}", MAIL), b")"])

        stub = ImapStub()
        stub.fetch = fetch
        mails = list(storing(stub, MailboxJournal(ignoring)).retrieve_unread_messages())
        self.assertTrue(mails[0][1].startswith(UNFETCHABLE))
        self.assertEqual(mails[1], (b"2", MAIL))

    def test_a_broken_connection_is_no_fault_of_a_mail(self):
        """Neither is it recorded as one that the mailbox does not hand over."""

        def gone(*_arguments):
            raise imaplib.IMAP4.abort("socket error: EOF")

        imap, pop = ImapStub(), PopStub([])
        imap.fetch = gone
        pop._shortcmd = lambda line: POP3._getline(pop)
        for stub, error in ((imap, imaplib.IMAP4.abort), (pop, OSError)):
            stored = []
            connection = storing(stub, MailboxJournal(stored.extend))
            with self.assertRaises(error):
                list(connection.retrieve_unread_messages())
            self.assertFalse(stored)

    def test_pop3_without_top_and_uidl_records_what_is_too_large(self):
        recorded = {}

        def record(content, server_key):
            recorded[server_key] = content

        journal = MailboxJournal(
            ignoring, record, lambda keys: set(keys) & set(recorded), max_size=1000
        )
        for _fetch in range(2):
            connection = storing(PopStub([]), journal)
            self.assertEqual(connection.check_unread_messages(), 0)
        self.assertEqual(list(recorded), ["number 1, 2000 bytes"])
        # Another one has its number now.
        larger = PopStub([])
        larger.list = lambda which=None: (b"+OK", [b"1 3000"], 0)
        self.assertEqual(storing(larger, journal).check_unread_messages(), 0)
        self.assertEqual(len(recorded), 2)

    def test_garbage_in_a_listing_does_no_harm(self):
        stub = PopStub([MAIL, b".\r\n"])
        stub.list = lambda which=None: (b"+OK", [b"garbage", b"", b"x y", b"1 28"], 0)
        stub.uidl = lambda which=None: (b"+OK", [b"garbage", b"x y"], 0)
        journal = MailboxJournal(ignoring, awaited=lambda: {"UIDL a"})
        connection = storing(stub, journal)
        self.assertEqual(connection.check_unread_messages(), 1)
        self.assertEqual(connection.sizes, {1: 28})
        self.assertEqual(list(connection.retrieve_unread_messages()), [(1, MAIL)])

    def test_mails_of_a_size_that_nobody_told_are_not_piled_up(self):
        stub, stored = ImapStub(), []
        stub._unread_messages = [b"1"] * 4
        large = b"Subject: large\r\n\r\n" + b"x" * MAX_AHEAD_SIZE
        stub.fetch = lambda number, what: ("OK", [(b"1 (BODY[]", large), b")"])
        journal = MailboxJournal(lambda contents: stored.append(len(contents)))
        list(storing(stub, journal).retrieve_unread_messages())
        self.assertEqual(stored, [1, 1, 1, 1])

    def test_what_cannot_be_stored_is_not_yielded(self):
        def full(_contents):
            raise OSError("disk full")

        stub = ImapStub()
        with self.assertRaises(OSError):
            next(storing(stub, MailboxJournal(full)).retrieve_unread_messages())
        self.assertNotIn("seen 1", stub.commands)

    def test_too_large_is_recorded_once_and_neither_counted_nor_downloaded(self):
        recorded = {}

        def record(content, server_key):
            recorded[server_key] = content

        journal = MailboxJournal(
            ignoring, record, lambda keys: set(keys) & set(recorded), max_size=1000
        )
        for _fetch in range(2):
            stub = ImapStub()
            connection = storing(stub, journal)
            self.assertEqual(connection.check_unread_messages(), 1)
            self.assertEqual(stub._unread_messages, [b"1"])
        self.assertNotIn("(BODY.PEEK[])", stub.commands)
        self.assertFalse([c for c in stub.commands if "HEADER" in c], "only once")
        [(key, content)] = recorded.items()
        self.assertEqual(key, "UID 99/17")
        self.assertTrue(content.startswith(OVERSIZED + b" 2000 bytes, UID 99/17\r\n"))
        self.assertIn(b"Subject: big", content)
        self.assertEqual(reason_to_quarantine(content), "oversized")

    def test_a_mail_that_was_too_large_is_recognised_when_it_is_downloaded(self):
        arrived = []
        journal = MailboxJournal(
            ignoring,
            awaited=lambda: {"UID 99/17"},
            arrived=lambda key, content: arrived.append((key, content)),
        )
        stub = ImapStub()
        stub.fetch = lambda number, what: (
            ("OK", [b"2 (UID 17)", b"1 (UID 16)"])
            if what == "(UID)"
            else ImapStub.fetch(stub, b"1", what)
        )
        connection = storing(stub, journal)
        connection.check_unread_messages()
        self.assertEqual(len(list(connection.retrieve_unread_messages())), 2)
        self.assertEqual(arrived, [("UID 99/17", MAIL)])

    def test_mails_are_stored_a_few_ahead_and_all_before_the_first_is_yielded(self):
        stub, stored = ImapStub(), []
        stub._unread_messages = [b"1"] * 50
        journal = MailboxJournal(lambda contents: stored.append(len(contents)))
        connection = storing(stub, journal)
        mails = connection.retrieve_unread_messages()
        next(mails)
        self.assertEqual(stored, [MAX_AHEAD])
        self.assertEqual(len(list(mails)), 49)
        self.assertEqual(stored, [MAX_AHEAD, MAX_AHEAD, 10])

    def test_large_mails_are_not_stored_ahead(self):
        stub, stored = ImapStub(), []
        stub._unread_messages = [b"1"] * 4
        connection = storing(
            stub, MailboxJournal(lambda contents: stored.append(len(contents)))
        )
        connection.sizes = {b"1": MAX_AHEAD_SIZE // 2}
        list(connection.retrieve_unread_messages())
        self.assertEqual(stored, [2, 2])
        connection.sizes = {b"1": MAX_AHEAD_SIZE * 2}
        stub._unread_messages = [b"1"] * 2
        list(connection.retrieve_unread_messages())
        self.assertEqual(stored, [2, 2, 1, 1])

    def test_a_mail_that_breaks_the_connection_keeps_back_none_before_it(self):
        def fetch(number, what):
            if number == b"2":
                raise OSError("gone")
            return ImapStub.fetch(stub, number, what)

        stub, stored = ImapStub(), []
        stub.fetch = fetch
        mails = storing(stub, MailboxJournal(stored.extend)).retrieve_unread_messages()
        self.assertEqual(next(mails), (b"1", MAIL))
        self.assertEqual(stored, [MAIL])
        with self.assertRaises(OSError):
            next(mails)

    def test_sequences_are_short(self):
        self.assertEqual(list(_sequences([1, 2, 3, 7, 9, 10])), ["1:3,7:7,9:10"])
        self.assertEqual(list(_sequences(range(1, 100001))), ["1:100000"])
        longest = max(map(len, _sequences(range(1, 100001, 2))))
        self.assertLess(longest, 8000, "RFC 7162 §4: servers should take 8192")

    def test_pop3_keeps_the_line_ends_of_the_wire(self):
        connection = storing(PopStub([MAIL, b".\r\n"]), MailboxJournal(ignoring))
        self.assertIsInstance(connection, PopConnection)
        self.assertEqual(list(connection.retrieve_unread_messages()), [(1, MAIL)])

    def test_pop3_takes_lines_of_any_length_and_unstuffs_dots(self):
        long = b"x" * 200_000 + b"\r\n"
        answers = [MAIL, long, b"..\r\n", b"..dot\r\n", b".\r\n"]
        connection = storing(PopStub(answers), MailboxJournal(ignoring))
        [(_number, content)] = connection.retrieve_unread_messages()
        self.assertEqual(content, MAIL + long + b".\r\n.dot\r\n")

    def test_pop3_gives_up_on_an_endless_or_broken_answer(self):
        for answers in ([MAIL], [b"x" * 5000, b"\r\n.\r\n"]):
            journal = MailboxJournal(ignoring, max_size=1000)
            with self.assertRaises(OSError):
                next(storing(PopStub(answers), journal).retrieve_unread_messages())
