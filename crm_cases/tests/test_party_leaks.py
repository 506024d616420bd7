from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_party import SECRET, PartiesCommon


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

    def test_colleague_as_customer(self):
        """Staff may be customers (of the people who repair their laptops)."""
        self.case.partner_id = self.user_employee.partner_id
        with self.assertRaises(UserError):
            self.party.message_subscribe(self.user_employee.partner_id.ids)

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
