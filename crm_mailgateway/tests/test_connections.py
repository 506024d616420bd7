from poplib import POP3

from odoo.tests import BaseCase, tagged

from ..connections import ImapConnection, PopConnection, storing
from ..pipeline.limits import UNFETCHABLE, reason_to_quarantine

MAIL = b"From: a@b.example\r\n\r\nHello\r\n"


class ImapStub:
    """Just what the wrapper calls; the journeys use a real server."""

    def __init__(self):
        self._unread_messages = [b"2", b"1"]
        self.commands = []

    def fetch(self, number, what):
        self.commands.append(what)
        if what == "(UID)":
            return "OK", [b"2 (UID 17)"]
        if number == b"2":
            return "NO", [None]
        return "OK", [(b"1 (BODY[] {28}", MAIL), b")"]

    def response(self, _code):
        return "UIDVALIDITY", [b"99"]

    def handled_message(self, number):
        self.commands.append(f"seen {number.decode()}")


@tagged("post_install", "-at_install")
class TestConnections(BaseCase):
    def test_stored_before_yielded_and_never_marked_by_reading(self):
        stub, stored = ImapStub(), []
        connection = storing(stub, stored.append)
        self.assertIsInstance(connection, ImapConnection)
        number, content = next(connection.retrieve_unread_messages())
        self.assertEqual((number, content, stored), (b"1", MAIL, [MAIL]))
        self.assertEqual(stub.commands, ["(BODY.PEEK[])"])

    def test_a_mail_that_is_not_handed_over_is_noted_and_left_alone(self):
        stub = ImapStub()
        connection = storing(stub, lambda content: None)
        mails = list(connection.retrieve_unread_messages())
        self.assertEqual(len(mails), 2, "what was counted and left makes the cron spin")
        self.assertTrue(mails[1][1].startswith(UNFETCHABLE + b" 99 2 (UID 17)"))
        self.assertEqual(reason_to_quarantine(mails[1][1]), "unfetchable")
        for number, _content in mails:
            connection.handled_message(number)
        self.assertIn("seen 1", stub.commands)
        self.assertNotIn("seen 2", stub.commands)

    def test_what_cannot_be_stored_is_not_yielded(self):
        def full(_content):
            raise OSError("disk full")

        stub = ImapStub()
        with self.assertRaises(OSError):
            next(storing(stub, full).retrieve_unread_messages())
        self.assertNotIn("seen 1", stub.commands)

    def test_pop3_keeps_the_line_ends_of_the_wire(self):
        class PopStub(POP3):
            def __init__(self):
                self._unread_messages = [1]

            def retr(self, _number):
                return b"+OK", MAIL.split(b"\r\n")[:-1], len(MAIL)

        connection = storing(PopStub(), lambda content: None)
        self.assertIsInstance(connection, PopConnection)
        self.assertEqual(list(connection.retrieve_unread_messages()), [(1, MAIL)])
