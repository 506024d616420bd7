from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import MailCommon

from .common import PROOF, CasesSetup

SECRET = "We knew of the broken batch since spring"
MAIL = (
    f"{PROOF}\n"
    + """From: {sender}
To: {to}
Cc: {cc}
Subject: {subject}
Message-Id: {message_id}
References: {references}
Content-Type: multipart/mixed; boundary="X"

--X
Content-Type: text/plain; charset=utf-8

{body}
--X
Content-Type: text/plain; name="batch.txt"
Content-Disposition: attachment; filename="batch.txt"

list of broken batches
--X--
"""
)


class PartiesCommon(CasesSetup, MailCommon):
    """A case of the portal customer, and a supplier who has been asked.

    ``supplier_user`` and ``carrier_user`` have portal accounts as well.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.team_care.write(
            {"alias_name": "test-care", "alias_domain_id": cls.mail_alias_domain.id}
        )
        cls.address = f"test-care@{cls.alias_domain}"
        cls.customer = cls.user_portal.partner_id
        cls.supplier_user = cls._portal_user("supplier", "Sven Supplier")
        cls.carrier_user = cls._portal_user("carrier", "Cora Carrier")
        cls.supplier = cls.supplier_user.partner_id
        cls.carrier = cls.carrier_user.partner_id
        cls.case = cls._case(
            "The sensor is dead",
            partner_id=cls.customer.id,
            user_id=cls.user_member.id,
        )
        cls.case.message_subscribe(cls.customer.ids)

    @classmethod
    def _portal_user(cls, login, name):
        users = cls.env["res.users"].with_context(no_reset_password=True)
        return users.create(
            {
                "login": login,
                "name": name,
                "email": f"{login}@{login}.example.com",
                "group_ids": [(6, 0, cls.env.ref("base.group_portal").ids)],
            }
        )

    def _ask(self, partner=None, body="Which batch is it?", **values):
        """Ask through the dialog, as the member does; return the party."""
        wizard = (
            self.env["crm.case.party.ask"]
            .with_user(self.user_member)
            .create(
                {
                    "case_id": self.case.id,
                    "partner_id": (partner or self.supplier).id,
                    "body": f"<p>{body}</p>",
                    **values,
                }
            )
        )
        with self.mock_mail_gateway():
            wizard.action_send()
        return self.case.party_ids.filtered(
            lambda p: p.partner_id == wizard.partner_id
        )[-1:]

    def _mail(self, party=None, references=None, **parts):
        """A mail arrives; by default the answer of a party to what we wrote."""
        if references is None and party:
            references = party.message_ids.sorted("id")[-1:].message_id
        values = {
            "sender": (party or self.case).partner_id.email_formatted,
            "to": self.address,
            "cc": "",
            "subject": "Re: your question",
            "message_id": f"<answer-{self.env['mail.message'].search_count([])}@x>",
            "references": references or "",
            "body": SECRET,
            **parts,
        }
        with self.mock_mail_gateway(), self.mock_mail_app():
            self.env["mail.thread"].message_process(None, MAIL.format(**values))

    def _share(self, party, **values):
        wizard = (
            self.env["crm.case.party.share"]
            .with_user(self.user_member)
            .create({"party_id": party.id, **values})
        )
        with self.mock_mail_gateway():
            wizard.action_share()
        return wizard


@tagged("post_install", "-at_install")
class TestParty(PartiesCommon):
    """How the conversation with a supplier goes."""

    def test_asking_writes_to_the_supplier_only(self):
        party = self._ask()
        sent = self.assertSentEmail(self.user_member.partner_id, self.supplier)
        self.assertEqual(sent["subject"], f"[{self.case.number}] The sensor is dead")
        self.assertIn("Which batch", sent["body"])
        self.assertIn(self.address, sent["reply_to"])
        self.assertEqual(len(self._mails), 1)
        self.assertEqual(party.status, "waiting")
        self.assertTrue(party.date_asked)
        self.assertEqual(self.case.party_count, 1)
        self.assertFalse(self.case.date_first_response)

    def test_subject_may_be_changed(self):
        self._ask(subject="Sensor S-12")
        sent = self.assertSentEmail(self.user_member.partner_id, self.supplier)
        self.assertNotIn("dead", str(sent))

    def test_nothing_of_the_case_is_quoted(self):
        self.case.message_post(
            body="My secret diary", message_type="comment", author_id=self.customer.id
        )
        self._ask()
        sent = self.assertSentEmail(self.user_member.partner_id, self.supplier)
        self.assertNotIn("diary", str(sent))
        self.assertNotIn("cases_portal", str(sent))
        self.assertNotIn("Pia", str(sent))

    def test_asking_again_goes_on_in_the_same_conversation(self):
        party = self._ask()
        self.assertEqual(self._ask(body="And the next one?"), party)
        self.assertEqual(len(self.case.party_ids), 1)

    def test_bad_input(self):
        with self.assertRaises(UserError):
            self._ask(body="")
        self.carrier.email = False
        with self.assertRaises(UserError):
            self._ask(self.carrier)
        with self.assertRaises(ValidationError):
            self._ask(self.customer)

    def test_files_of_the_case_are_copied_when_chosen(self):
        chosen, other = self.env["ir.attachment"].create(
            [
                {"name": n, "raw": n, "res_model": "crm.case", "res_id": self.case.id}
                for n in ("photo.txt", "invoice.txt")
            ]
        )
        party = self._ask(case_attachment_ids=chosen.ids)
        files = party.message_ids.attachment_ids
        self.assertEqual(files.mapped("name"), ["photo.txt"])
        self.assertEqual(files.res_model, "crm.case.party")
        self.assertEqual((chosen | other).mapped("res_id"), [self.case.id] * 2)

    # Answers

    def test_answer_is_filed_with_the_party(self):
        party = self._ask()
        self.case.action_pending()
        before = self.case.date_last_customer_message
        self._mail(party)
        answer = party.message_ids[0]
        self.assertIn(SECRET, answer.body)
        self.assertEqual(answer.author_id, self.supplier)
        self.assertEqual(party.status, "answered")
        self.assertEqual(party.last_answer, SECRET)
        self.assertEqual(self.case.party_answer_count, 1)
        self.assertEqual(answer.attachment_ids.res_model, "crm.case.party")
        # It is no word of the customer:
        self.assertEqual(self.case.state, "pending")
        self.assertFalse(self.case.awaiting_answer)
        self.assertEqual(self.case.date_last_customer_message, before)

    def test_answer_is_told_to_staff(self):
        party = self._ask()
        self.case.user_id = self.user_leader
        self._mail(party)
        self.assertIn(
            self.user_leader.partner_id,
            party.message_ids[0].notification_ids.res_partner_id,
        )
        note = self.case.message_ids[0]
        self.assertIn(SECRET, note.body)
        self.assertTrue(note.is_internal or note.subtype_id.internal)
        self.assertFalse(note.notification_ids)

    def test_answer_from_a_colleague_of_the_supplier(self):
        party = self._ask()
        self._mail(party, sender="boss@supplier.example.com")
        self.assertIn(SECRET, party.message_ids[0].body)
        self.assertFalse(
            self.env["crm.case"].search([("email_normalized", "like", "boss@")])
        )

    def test_answer_without_references_but_into_the_case(self):
        """A subject tag or a token led it to the case: its sender decides."""
        party = self._ask()
        self.case.message_update({"email_from": self.supplier.email, "cc": "x@y.org"})
        self.case.with_user(self.env.ref("base.user_root")).message_post(
            body=SECRET,
            message_type="email",
            email_from=self.supplier.email_formatted,
            author_id=self.supplier.id,
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual(party.status, "answered")
        self.assertFalse(self.case.email_cc)

    def test_answer_copied_to_others_adds_no_watcher(self):
        party = self._ask()
        self._mail(party, cc="nosy@nosy.example.com")
        self.assertFalse(self.case.email_cc)

    def test_two_parties_are_told_apart(self):
        party = self._ask()
        other = self._ask(self.carrier)
        self._mail(other, body="The lorry is late")
        self.assertEqual(other.last_answer, "The lorry is late")
        self.assertEqual((party.status, other.status), ("waiting", "answered"))

    def test_customer_stays_the_customer(self):
        """Whatever he answers to: somebody may have forwarded him our question."""
        party = self._ask()
        self._mail(party, sender=self.customer.email_formatted, body="It is me")
        self.assertIn("It is me", self.case.message_ids[0].body)
        self.assertEqual(party.status, "waiting")
        self.assertTrue(self.case.awaiting_answer)

    def test_staff_answer_by_mail(self):
        party = self._ask()
        self._mail(party)
        # A gateway may ask for proof that it is staff; here it has been given.
        self.case.with_user(self.env.ref("base.user_root")).message_post(
            body="Thank you!",
            message_type="email",
            author_id=self.user_member.partner_id.id,
            parent_id=party.message_ids[0].id,
            subtype_xmlid="mail.mt_comment",
        )
        self.assertIn("Thank you!", party.message_ids[0].body)
        self.assertEqual(party.status, "waiting")
        self.assertNotIn("Thank you!", str(self.case.message_ids.mapped("body")))

    def test_answer_on_the_portal(self):
        party = self._ask().with_user(self.supplier_user)
        with self.assertRaises(AccessError):
            party.message_post(body=SECRET, message_type="comment")
        party.sudo()._portal_post_answer(self.supplier, SECRET)
        self.assertEqual(party.sudo().status, "answered")
        self.assertEqual(party.sudo().last_answer, SECRET)

    # Sharing

    def test_share_with_customer(self):
        party = self._ask()
        self._mail(party)
        wizard = self._share(party)
        self.assertEqual(wizard.message_id.author_id, self.supplier)
        sent = self.assertSentEmail(self.user_member.partner_id, self.customer)
        self.assertIn(SECRET, sent["body"])
        self.assertNotIn("Sven", sent["body"])
        self.assertNotIn("supplier", sent["body"])
        self.assertTrue(self.case.date_first_response)
        self.assertIn("Shared with the customer", party.message_ids[0].body)
        self.assertTrue(party.message_ids[0].subtype_id.internal)

    def test_share_what_is_in_the_box(self):
        party = self._ask()
        self._mail(party)
        self._share(party, body="<p>A new sensor is on its way.</p>")
        sent = self.assertSentEmail(self.user_member.partner_id, self.customer)
        self.assertNotIn(SECRET, sent["body"])
        self.assertFalse(self.case.message_ids[0].attachment_ids)

    def test_share_files_by_choice(self):
        party = self._ask()
        self._mail(party)
        files = party.message_ids.attachment_ids
        self._share(party, attachment_ids=files.ids)
        shared = self.case.message_ids[0].attachment_ids
        self.assertEqual(shared.mapped("name"), ["batch.txt"])
        self.assertEqual((shared.res_model, shared.res_id), ("crm.case", self.case.id))
        self.assertEqual(files.res_model, "crm.case.party")

    def test_share_no_foreign_file(self):
        party = self._ask()
        self._mail(party)
        foreign = self.env["ir.attachment"].create(
            {"name": "pay.txt", "raw": "x", "res_model": "res.partner", "res_id": 1}
        )
        self._share(party, attachment_ids=foreign.ids)
        self.assertFalse(self.case.message_ids[0].attachment_ids)

    def test_share_with_a_mere_address(self):
        self.case.write({"partner_id": False, "email_from": "new@new.example.com"})
        party = self._ask()
        self._mail(party)
        self._share(party)
        self.assertFalse(self.case.partner_id)  # the member creates no contacts
        self.assertIn("new@new.example.com", str([m["email_to"] for m in self._mails]))
        self.user_member.group_ids += self.env.ref("base.group_partner_manager")
        self._share(party)
        self.assertEqual(self.case.partner_id.email, "new@new.example.com")
        self.assertSentEmail(self.user_member.partner_id, self.case.partner_id)
