from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCommon

from .common import CasesSetup

WATCHER = "wanda@watcher.example.com"


@tagged("post_install", "-at_install")
class TestWatchers(CasesSetup, MailCommon):
    """Who watches hears what staff answer the customer, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.case = cls._case(partner_id=cls.partner.id, email_cc=f"Wanda <{WATCHER}>")
        cls.case.message_subscribe(cls.partner.ids)

    def _sent(self, call):
        """The addresses that get mail by a call, with their mails."""
        with self.mock_mail_gateway():
            call()
            self.env.flush_all()
        return {
            address: mail
            for mail in self._mails
            for address in mail["email_to"]
            if WATCHER in address or "other" in address or "internal" in address
        }

    def _answer(self, user=None, case=None, **values):
        values = {
            "body": "We fix it today",
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_comment",
            **values,
        }
        case = case or self.case
        return self._sent(
            lambda: case.with_user(user or self.user_leader).message_post(**values)
        )

    def test_answer_reaches_watchers(self):
        sent = self._answer()
        self.assertEqual(len(sent), 1, sent)
        [mail] = sent.values()
        self.assertIn("We fix it today", mail["body"])
        self.assertIn(self.case.number, mail["subject"])

    def test_no_link(self):
        """Hearing is no right to enter."""
        [mail] = self._answer().values()
        self.assertTrue(self.case._portal_ensure_token())
        for secret in (
            "access_token",
            self.case.access_token,
            "/my/cases",
            "/mail/view",
        ):
            self.assertNotIn(secret, mail["body"])

    def test_staff_by_mail(self):
        """An answer by mail as well, but nobody twice."""
        values = {
            "message_type": "email",
            "author_id": self.user_leader.partner_id.id,
            "email_from": self.user_leader.email,
        }
        self.assertTrue(self._answer(**values))
        self.assertFalse(self._answer(**values, incoming_email_cc=WATCHER))

    def test_what_they_never_hear(self):
        """Notes, automatic messages, the customer, a conversation with a supplier."""
        supplier = self.env["res.partner"].create(
            {"name": "Sven", "email": "sven@supplier.example.com"}
        )
        party = self.env["crm.case.party"].create(
            {"case_id": self.case.id, "partner_id": supplier.id}
        )
        customer = {"author_id": self.partner.id, "email_from": self.partner.email}
        self.assertFalse(self._answer(subtype_xmlid="mail.mt_note"))
        self.assertFalse(self._answer(is_internal=True))
        self.assertFalse(self._answer(message_type="auto_comment"))
        self.assertFalse(self._answer(**customer))
        self.assertFalse(self._answer(case=party))
        self.assertFalse(self._sent(self.case.action_open))

    def test_who_is_no_watcher(self):
        """Another party, a follower by another way, ourselves, the author."""
        supplier = self.env["res.partner"].create(
            {"name": "Otis", "email": "otis@other.example.com"}
        )
        self.env["crm.case.party"].create(
            {"case_id": self.case.id, "partner_id": supplier.id}
        )
        self.case.email_cc = f"{supplier.email}, {self.user_leader.email}"
        self.assertFalse(self._answer())
        self.case.email_cc = f"{WATCHER}, {WATCHER.upper()}"
        self.assertEqual(len(self._answer()), 1)
        watcher = self.env["res.partner"].create({"name": "Wanda", "email": WATCHER})
        self.case.message_subscribe(watcher.ids)
        self.assertEqual(len(self._answer()), 1)

    def test_our_own_address(self):
        """A mail to it would become a case."""
        domain = self.env["mail.alias.domain"].search([], limit=1)
        self.team_care.alias_name = "care-watchers"
        own = f"care-watchers@{domain.name}"
        self.case.email_cc = own
        with self.mock_mail_gateway():
            self.case.with_user(self.user_leader).message_post(
                body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        self.assertNotIn(own, str([mail["email_to"] for mail in self._mails]))
        with self.assertRaises(UserError):
            self.case._portal_add_watcher(own)

    def test_private_team(self):
        """A colleague from outside hears nothing of a private team, the customer's own
        people do."""
        self.team_care.is_private = True
        self.case.email_cc = f"{self.user_other.email}, {WATCHER}"
        sent = self._answer()
        self.assertEqual(len(sent), 1)
        self.assertIn(WATCHER, str(list(sent)))

    def test_cost(self):
        """One more query or two for the watchers, none for cases without."""
        plain = self._case(partner_id=self.partner.id)
        message = plain.message_post(
            body="x",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            author_id=self.user_leader.partner_id.id,
        )
        counts = []
        for watchers in (False, WATCHER, ", ".join(f"w{n}@x.com" for n in range(9))):
            plain.email_cc = watchers
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            plain._notify_get_recipients(message)
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 8, counts)
        self.assertLessEqual(counts[2] - counts[1], 1, counts)
