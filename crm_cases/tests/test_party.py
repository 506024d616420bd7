from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCommon

from .common import CasesSetup

SECRET = "We knew of the broken batch since spring"
MAIL = """From: {sender}
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
        self._mail(party, sender=self.user_member.email_formatted, body="Thank you!")
        self.assertIn("Thank you!", party.message_ids[0].body)
        self.assertEqual(party.status, "waiting")
        self.assertNotIn("Thank you!", str(self.case.message_ids.mapped("body")))

    def test_answer_on_the_portal(self):
        party = self._ask().with_user(self.supplier_user)
        party.message_post(
            body=SECRET, message_type="comment", subtype_xmlid="mail.mt_comment"
        )
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


@tagged("post_install", "-at_install")
class TestPartyLeaks(PartiesCommon):
    """What a supplier says is for staff, whatever door somebody tries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.message_model = cls.env["mail.message"]

    def setUp(self):
        super().setUp()
        self.party = self._ask()
        self._mail(self.party)
        self.mails = list(self._mails)
        self.answer = self.party.message_ids.filtered(lambda m: SECRET in m.body)
        self.assertEqual(len(self.answer), 1)

    def _texts(self, user, thread):
        """What the web client or the portal fetches of a thread for a user."""
        messages = self.message_model.with_user(user)
        found = messages._message_fetch(domain=None, thread=thread.with_user(user))
        return str(found["messages"].mapped("body"))

    def test_mail(self):
        """Neither the answer nor the note about it is mailed to an outsider."""
        for mail in self.mails:
            to = str(mail["email_to"])
            self.assertNotIn(self.customer.email, to)
            self.assertNotIn(self.carrier.email, to)

    def test_later_mails_to_the_customer_do_not_quote_it(self):
        with self.mock_mail_gateway():
            self.case.with_user(self.user_member).message_post(
                body="We are looking into it.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.customer.ids,
            )
        sent = self.assertSentEmail(self.user_member.partner_id, self.customer)
        self.assertNotIn(SECRET, str(sent))
        self.assertNotIn(self.answer.message_id, str(sent))

    def test_notifications(self):
        outsiders = self.customer + self.carrier
        told = self.env["mail.notification"].search(
            [("res_partner_id", "in", outsiders.ids)]
        )
        self.assertFalse(told.filtered(lambda n: SECRET in (n.mail_message_id.body)))

    def test_followers(self):
        self.assertNotIn(self.supplier, self.case.message_partner_ids)
        outsiders = self.customer + self.carrier
        self.assertFalse(self.party.message_partner_ids & outsiders)
        for partner in outsiders:
            with self.assertRaises(UserError):
                self.party.message_subscribe(partner.ids)
        with self.assertRaises(UserError):
            self.case.message_subscribe(self.supplier.ids)

    def test_recipients_by_hand(self):
        post = {"message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        with self.assertRaises(UserError):
            self.party.message_post(body="x", partner_ids=self.customer.ids, **post)
        with self.assertRaises(UserError):
            self.party.message_post(body="x", outgoing_email_to="a@b.org", **post)
        with self.assertRaises(UserError):
            self.case.message_post(body="x", partner_ids=self.supplier.ids, **post)

    def test_follower_by_the_back_door(self):
        """Even a follower row written past all checks makes nobody hear."""
        self.env["mail.followers"]._insert_followers(
            "crm.case.party", self.party.ids, self.customer.ids
        )
        self.env["mail.followers"]._insert_followers(
            "crm.case", self.case.ids, self.supplier.ids
        )
        self.env.invalidate_all()
        with self.mock_mail_gateway():
            for thread in (self.party, self.case):
                thread.with_user(self.user_member).message_post(
                    body=f"About {thread._name}.",
                    message_type="comment",
                    subtype_xmlid="mail.mt_comment",
                )
        self.assertNotIn("About crm.case.party", self._sent_to(self.customer))
        self.assertNotIn("About crm.case.<", self._sent_to(self.supplier))
        self.assertIn("About crm.case.party", self._sent_to(self.supplier))
        self.assertIn("About crm.case.<", self._sent_to(self.customer))

    def _sent_to(self, partner):
        return str(
            [m["body"] for m in self._mails if partner.email in str(m["email_to"])]
        )

    def test_supplier_is_not_suggested(self):
        self.case.email_cc = self.supplier.email
        suggested = self.case._message_get_suggested_recipients(reply_discussion=True)
        self.assertNotIn(self.supplier.email, str(suggested))
        self.assertIn(self.customer.email, str(suggested))

    def test_threads(self):
        self.assertIn(SECRET, self._texts(self.user_member, self.party))
        self.assertIn(SECRET, self._texts(self.supplier_user, self.party))
        self.assertNotIn(SECRET, self._texts(self.user_portal, self.case))
        for user in (self.user_portal, self.carrier_user, self.user_other):
            thread = self.party.with_user(user)
            self.assertFalse(thread._get_thread_with_access(thread.id))

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models")
    def test_remote_calls(self):
        """search, read, name_search, read_group of everything that holds the text."""
        for user in (self.user_portal, self.carrier_user, self.user_other):
            env = self.env(user=user)
            party = self.party.with_user(user)
            self.assertFalse(party.search([]))
            self.assertFalse(party.search_count([]))
            self.assertFalse(party.name_search("sensor"))
            self.assertEqual(
                party.formatted_read_group([], [], ["__count"])[0]["__count"], 0
            )
            for name in ("name", "last_answer", "message_ids"):
                with self.assertRaises(AccessError):
                    party.read([name])
            with self.assertRaises(AccessError):
                self.answer.with_user(user).read(["body"])
            with self.assertRaises(AccessError):
                self.answer.attachment_ids.with_user(user).read(["raw"])
            texts = env["mail.message"].search([("model", "like", "crm.case")])
            self.assertNotIn(SECRET, str(texts.mapped("body")))
            files = env["ir.attachment"].search([("name", "=", "batch.txt")])
            self.assertFalse(files)

    def test_party_knows_nothing_of_the_case(self):
        party = self.party.with_user(self.supplier_user)
        values = party.read()[0]
        for name in ("case_id", "last_answer"):
            self.assertNotIn(name, values)
        self.assertNotIn(self.customer.name, str(values))
        with self.assertRaises(AccessError):
            party.read(["case_id"])
        with self.assertRaises(AccessError):
            self.case.with_user(self.supplier_user).read(["name"])
        with self.assertRaises(AccessError):
            party.write({"name": "Changed"})

    def test_customer_knows_nothing_of_the_parties(self):
        case = self.case.with_user(self.user_portal)
        self.assertNotIn("party", str(case.fields_get().keys()))
        with self.assertRaises(AccessError):
            case.read(["party_ids"])
        with self.assertRaises(AccessError):
            case.search([("party_ids.last_answer", "ilike", "broken")])

    def test_link_of_one_thread_opens_no_other(self):
        token = self.case._portal_ensure_token()
        party = self.party.with_user(self.env.ref("base.public_user"))
        self.assertFalse(party._get_thread_with_access(party.id, token=token))
        signed = self.case._sign_token(self.customer.id)
        self.assertFalse(
            party._get_thread_with_access(party.id, hash=signed, pid=self.customer.id)
        )

    def test_supplier_copies_the_customer_in(self):
        """He got the mail by the supplier's hand; he gets no door of ours."""
        self._mail(self.party, to=f"{self.address}, {self.customer.email}")
        answer = self.party.message_ids[0]
        self.assertNotIn(self.customer, answer.partner_ids)
        with self.assertRaises(AccessError):
            answer.with_user(self.user_portal).read(["body"])

    def test_staff_answer_to_the_note_by_mail(self):
        """It stays a note: the supplier is not its recipient."""
        note = self.case.message_ids.filtered(lambda m: SECRET in m.body)
        self._mail(
            references=note.message_id,
            sender=self.user_member.email_formatted,
            body="They lie.",
        )
        self.assertNotIn("They lie", self._sent_to(self.supplier))
        self.assertIn("They lie", self.case.message_ids[0].body)
        self.assertTrue(self.case.message_ids[0].is_internal)

    def test_colleague_of_the_customer_as_expert(self):
        company = self.env["res.partner"].create({"name": "Co", "is_company": True})
        expert = self._portal_user("expert", "Eva Expert")
        (self.customer + expert.partner_id).parent_id = company
        party = self._ask(expert.partner_id)
        self.assertTrue(party.with_user(expert).has_access("read"))
        self.assertFalse(party.with_user(self.user_portal).has_access("read"))

    def test_conversation_gets_no_other_party(self):
        with self.assertRaises(UserError):
            self.party.with_user(self.user_member).partner_id = self.carrier

    def test_party_that_followed_the_case(self):
        self.case.message_subscribe(self.carrier.ids)
        party = self._ask(self.carrier)
        self.assertNotIn(self.carrier, self.case.message_partner_ids)
        self.assertIn(self.carrier, party.message_partner_ids)


@tagged("post_install", "-at_install")
class TestPartyAccess(PartiesCommon):
    """Rights on a party are the rights on its case."""

    def test_matrix(self):
        party = self._ask()
        rights = {
            self.user_member: "rwcu",
            self.user_leader: "rwcu",
            self.user_manager: "rwcu",
            self.user_other: "",
            self.user_employee: "",
            self.user_portal: "",
            self.supplier_user: "r",
            self.carrier_user: "",
        }
        for user, expected in rights.items():
            record = party.with_user(user)
            found = "".join(
                op[0]
                for op in ("read", "write", "create", "unlink")
                if record.has_access(op)
            )
            self.assertEqual(found, expected, user.name)

    def test_private_team(self):
        """A manager from outside neither sees nor hears of a private case's parties."""
        party = self._ask()
        party.message_subscribe(self.user_manager.partner_id.ids)
        self.team_care.is_private = True
        self.assertFalse(party.with_user(self.user_manager).search([]))
        self.assertFalse(party.with_user(self.user_manager).has_access("read"))
        with self.assertRaises(UserError):
            party.message_subscribe(self.user_manager.partner_id.ids)
        self._mail(party)
        told = party.message_ids[0].notification_ids.res_partner_id
        self.assertEqual(told, self.user_member.partner_id)

    def test_members_find_those_of_their_cases(self):
        party = self._ask()
        for user in (self.user_member, self.user_leader):
            found = self.env["crm.case.party"].with_user(user).search([])
            self.assertEqual(found, party)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_nobody_adds_a_party_to_a_foreign_case(self):
        with self.assertRaises(AccessError):
            self.env["crm.case.party"].with_user(self.user_other).create(
                {"case_id": self.case.id, "partner_id": self.user_other.partner_id.id}
            )

    def test_deleting_the_case_deletes_it(self):
        party = self._ask()
        self.case.with_user(self.user_manager).unlink()
        self.assertFalse(party.exists())
