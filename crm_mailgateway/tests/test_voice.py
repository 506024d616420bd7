import time

from odoo.tests import tagged

from .common import CUSTOMER, DOMAIN, compose
from .test_threading import STAFF, ThreadingCommon

AUTHSERV = "mx.ours.example"
PASS = f"{AUTHSERV}; dmarc=pass header.from=ours.example"


class VoiceCommon(ThreadingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_authserv(AUTHSERV)

    @classmethod
    def set_authserv(cls, value):
        cls.env["ir.config_parameter"].set_param("crm_mailgateway.authserv_ids", value)

    def from_staff(self, case, body="Done.", proven=True, **headers):
        if proven:
            headers.setdefault("Authentication_Results", PASS)
        sent = self.answered(case)
        headers.setdefault("In_Reply_To", sent.message_id)
        return self.mail(body=body, From=f"Sam <{STAFF}>", **headers)


@tagged("post_install", "-at_install")
class TestVoice(VoiceCommon):
    def last(self, case):
        return case.message_ids.sorted("id")[-1]

    def test_staff_with_proof_speak_as_staff(self):
        case = self.new_case()
        self.from_staff(case)
        message = self.last(case)
        self.assertEqual(message.author_id, self.staff.partner_id)
        self.assertFalse(case.mail_warning)

    def test_forged_staff_are_customers_and_staff_are_warned(self):
        for verdict in (
            None,
            f"{AUTHSERV}; dmarc=fail header.from=ours.example",
            f"{AUTHSERV}; dmarc=none header.from=ours.example",
            "mx.evil.example; dmarc=pass header.from=ours.example",
        ):
            with self.subTest(verdict=verdict):
                case = self.new_case()
                self.from_staff(
                    case,
                    "Set-State: done\nObey!",
                    proven=False,
                    Authentication_Results=verdict,
                )
                message = self.last(case)
                self.assertFalse(message.author_id)
                self.assertEqual(case._detect_speaker(message), "customer")
                self.assertEqual(case.mail_warning, "unproven")
                self.assertEqual(case.mail_warning_address, STAFF)
                self.assertIn("Set-State", message.body)
                self.assertNotEqual(case.state, "done")

    def test_a_valid_case_token_proves_nothing(self):
        case = self.new_case()
        row = self.mail(From=STAFF, To=self.token_address(case))
        self.assertEqual(row.case_id, case)
        self.assertEqual(case.mail_warning, "unproven")

    def test_a_speaker_token_proves_for_its_user_only(self):
        case = self.new_case()
        token = self.secret._speaker_token(case.id, self.staff.id)
        row = self.mail(From=STAFF, To=self.token_address(case, token))
        self.assertEqual(row.case_id, case)
        self.assertEqual(self.last(case).author_id, self.staff.partner_id)
        # Quoted or forwarded to a customer, it only leads to the case.
        row = self.mail(From=CUSTOMER, To=self.token_address(case, token))
        self.assertEqual(row.case_id, case)
        self.assertEqual(self.last(case).author_id, self.customer)
        other = self.env.ref("base.user_admin")
        other.email = "boss@ours.example"
        self.mail(From="boss@ours.example", To=self.token_address(case, token))
        self.assertFalse(self.last(case).author_id)
        self.assertEqual(case.mail_warning_address, "boss@ours.example")

    def test_an_expired_speaker_token_proves_nothing(self):
        from ..pipeline import thread_key

        case = self.new_case()
        yesterday = time.time() - 2 * 86_400
        token = thread_key.speaker_token(
            self.secret._current(), case.id, self.staff.id, yesterday
        )
        self.mail(From=STAFF, To=self.token_address(case, token))
        self.assertFalse(
            self.env["mail.message"].search_count(
                [("author_id", "=", self.staff.partner_id.id)]
            )
        )

    def test_forged_staff_cannot_open_cases_as_staff(self):
        case = self.mail(subject="Help", From=STAFF).case_id
        self.assertFalse(case.partner_id)
        self.assertEqual(case.email_normalized, STAFF)
        self.assertEqual(case.mail_warning, "unproven")

    def test_mail_to_other_documents_is_left_to_odoo(self):
        partner = self.env["res.partner"].create({"name": "Somebody"})
        sent = partner.message_post(body="x", subtype_xmlid="mail.mt_comment")
        self.mail(From=STAFF, To="else@elsewhere.example", In_Reply_To=sent.message_id)
        last = partner.message_ids.sorted("id")[-1]
        self.assertEqual(last.author_id, self.staff.partner_id)


@tagged("post_install", "-at_install")
class TestCommands(VoiceCommon):
    def report(self):
        return self.env["mail.mail"].search(
            [("email_to", "ilike", STAFF)], limit=1, order="id desc"
        )

    def test_commands_are_carried_out_and_reported(self):
        category = self.env["crm.case.category"].create({"name": "Brakes"})
        tag = self.env["crm.case.tag"].create({"name": "Urgent"})
        case = self.new_case()
        self.from_staff(
            case,
            "Set-State: open\nSet-Priority: 2\nSet-User: sam.staff\n"
            "Set-Category: brakes\nSet-Tag: urgent\nSet-Deadline: 2030-01-31\n"
            "Note: call her\n\nDear Robin, we are on it.",
        )
        self.assertEqual(case.state, "open")
        self.assertEqual(case.priority, "2")
        self.assertEqual(case.user_id, self.staff)
        self.assertEqual(case.category_id, category)
        self.assertIn(tag, case.tag_ids)
        self.assertEqual(str(case.date_deadline), "2030-01-31 00:00:00")
        bodies = " ".join(case.message_ids.mapped("body"))
        self.assertIn("Dear Robin", bodies)
        self.assertNotIn("Set-", bodies)
        note = case.message_ids.filtered(lambda m: "call her" in m.body)
        self.assertTrue(note.is_internal or note.subtype_id.internal)
        self.assertEqual(note.author_id, self.staff.partner_id)
        report = self.report()
        self.assertIn("Set-State: open", report.body_html)
        self.assertIn("auto-replied", report.headers)

    def test_what_is_refused_is_told_and_stops_nothing(self):
        case = self.new_case()
        self.from_staff(
            case,
            "Set-State: nonsense\nSet-Colour: red\nSet-Probability: much\n"
            "Set-User: nobody.here\nSet-Deadline: soon\nSet-Team: Nowhere\n"
            "Set-Priority: 1\nThanks",
        )
        self.assertEqual(case.priority, "1")
        body = self.report().body_html
        self.assertEqual(body.count("✗"), 6)
        self.assertEqual(body.count("✓"), 1)
        self.assertIn("no such command", body)

    def test_with_the_rights_of_that_user(self):
        case = self.new_case()
        self.staff.group_ids = [(6, 0, self.env.ref("base.group_user").ids)]
        self.from_staff_again(case)
        self.assertNotEqual(case.state, "done")
        self.assertIn("✗", self.report().body_html)

    def from_staff_again(self, case):
        token = self.secret._speaker_token(case.id, self.staff.id)
        self.mail(
            body="Set-State: done",
            From=STAFF,
            To=self.token_address(case, token),
        )

    def test_nothing_but_commands_tells_the_customer_nothing(self):
        case = self.new_case()
        self.from_staff(case, "Set-Priority: 1")
        public = case.message_ids.filtered(
            lambda m: (
                m.author_id == self.staff.partner_id
                and m.message_type == "email"
                and not (m.is_internal or m.subtype_id.internal)
            )
        )
        self.assertFalse(public)


@tagged("post_install", "-at_install")
class TestCustomer(VoiceCommon):
    def test_forwarded_by_staff_is_a_case_of_the_original_sender(self):
        body = (
            "Please.\n\n---------- Forwarded message ---------\n"
            "From: Nora New <nora@new.example>\nSubject: Lost key\nTo: <sam@x>\n\nHi"
        )
        row = self.mail(
            subject="Fwd: Lost key",
            body=body,
            From=STAFF,
            Authentication_Results=PASS,
        )
        case = row.case_id
        self.assertEqual(case.email_normalized, "nora@new.example")
        self.assertEqual(case.partner_name, "Nora New")
        self.assertEqual(case.name, "Lost key")
        self.assertEqual(row.ack_state, "pending")
        self.assertFalse(case.mail_warning)
        forged = self.mail(subject="Fwd: Lost key", body=body, From=STAFF).case_id
        self.assertEqual(forged.email_normalized, STAFF)

    def test_reply_to_is_the_customer_and_a_diversion_is_shown(self):
        case = self.mail(
            From="Shop <form@shop.example>", Reply_To=f'"Your Boss" <{CUSTOMER}>'
        ).case_id
        self.assertEqual(case.email_normalized, CUSTOMER)
        self.assertEqual(case.partner_id, self.customer)
        self.assertEqual(case.mail_warning, "diverted")
        self.assertNotIn("Boss", case.email_from)

    def test_matched_by_address_never_by_a_part_of_it(self):
        for address in (f"x{CUSTOMER}", f"{CUSTOMER}.evil.example"):
            case = self.mail(From=address).case_id
            self.assertFalse(case.partner_id)
        self.assertEqual(
            self.mail(From=CUSTOMER.upper()).case_id.partner_id.id, self.customer.id
        )

    def test_a_new_contact_gets_language_and_company(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        company = self.env["res.partner"].create(
            {"name": "Vélo", "is_company": True, "email": "info@velo.example"}
        )
        case = self.mail(
            From="Zoe <zoe@velo.example>",
            body="Bonjour, ma commande n'est pas arrivée, pouvez-vous m'aider ? Merci.",
        ).case_id
        self.assertEqual(case.mail_lang, "fr")
        self.assertFalse(case.partner_id)
        vals = case._prepare_customer_vals()
        self.assertEqual(vals["parent_id"], company.id)
        self.assertEqual(vals["lang"], "fr_FR")
        public = self.mail(From="zoe@gmail.com").case_id
        self.assertNotIn("parent_id", public._prepare_customer_vals())

    def test_watchers_are_bounded_and_never_ourselves(self):
        crowd = ", ".join(f"w{n}@x.example" for n in range(60))
        case = self.mail(Cc=f"{crowd}, support@{DOMAIN}").case_id
        self.assertEqual(case.email_cc.count("@"), 20)
        self.assertNotIn(DOMAIN, case.email_cc)

    def test_hostile_headers(self):
        content = (
            f"From: =?utf-8?q?Robin_=22_Bcc:_x@evil.example?= <{CUSTOMER}>\r\n"
            f"To: support@{DOMAIN}\r\nMessage-ID: <evil@x.example>\r\n"
            "Subject: =?utf-8?q?Hello=0D=0ABcc:_victim@x.example?=\r\n\r\nHello"
        )
        case = self.receive(content.encode()).case_id
        self.assertTrue(case)
        for text in (case.name, case.email_from):
            self.assertNotIn("\n", text)
            self.assertNotIn("\r", text)
        report = compose("x", From="x" * 50_000)
        self.assertTrue(self.receive(report).case_id)


@tagged("post_install", "-at_install")
class TestBounces(VoiceCommon):
    def bounce(self, case, status="5.1.1", address=CUSTOMER):
        sent = self.answered(case)
        content = (
            "From: MAILER-DAEMON@mx.example\r\n"
            f"To: support@{DOMAIN}\r\nSubject: Undelivered\r\n"
            f"Message-ID: <{next(self.numbers)}@mx.example>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status;\r\n"
            " boundary=B\r\n\r\n--B\r\n"
            "Content-Type: text/plain\r\n\r\nIt failed.\r\n--B\r\n"
            "Content-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example\r\n\r\n"
            f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\n"
            f"Status: {status}\r\n\r\n--B\r\nContent-Type: message/rfc822\r\n\r\n"
            f"Message-ID: {sent.message_id}\r\nSubject: Ours\r\n\r\nHello\r\n--B--\r\n"
        )
        return self.receive(content.encode())

    def test_a_bounce_marks_address_and_case_and_makes_none(self):
        case = self.new_case()
        before = self.env["crm.case"].search_count([])
        row = self.bounce(case)
        self.assertEqual(self.env["crm.case"].search_count([]), before)
        self.assertEqual(row.case_id, case)
        self.assertEqual(case.bounced_address, CUSTOMER)
        self.assertTrue(case.bounced_for_good)
        self.assertGreater(self.customer.message_bounce, 0)
        self.assertFalse(any(case._get_reminder_recipients("customer").values()))
        case.email_from = "new.address@example.com"
        self.assertFalse(case.bounced_address)

    def test_a_soft_bounce_is_not_for_good(self):
        case = self.new_case()
        self.bounce(case, status="4.2.2")
        self.assertEqual(case.bounced_address, CUSTOMER)
        self.assertFalse(case.bounced_for_good)
        self.assertTrue(any(case._get_reminder_recipients("customer").values()))

    def test_plain_bounces_find_their_case_by_its_mark(self):
        case = self.new_case()
        token = self.secret._case_token(case.id)
        before = self.env["crm.case"].search_count([])
        row = self.mail(
            subject="failure notice",
            body="Hi. This is the qmail-send program at mx.example.\n"
            f"<{CUSTOMER}>:\n550 5.1.1 gone\n\n--- Below\n[ref:{token}]",
            From="postmaster@mx.example",
            Return_Path="<>",
        )
        self.assertEqual(row.case_id, case)
        self.assertTrue(case.bounced_for_good)
        self.assertEqual(self.env["crm.case"].search_count([]), before)

    def test_a_bounce_of_nothing_we_know_makes_no_case(self):
        before = self.env["crm.case"].search_count([])
        row = self.mail(
            subject="Undeliverable: x",
            body="This message was created automatically by mail delivery software.",
            From="postmaster@mx.example",
            Return_Path="<>",
        )
        self.assertEqual(row.state, "ignored")
        self.assertEqual(self.env["crm.case"].search_count([]), before)
