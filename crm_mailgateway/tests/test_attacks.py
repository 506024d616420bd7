import base64
import time
from email.message import EmailMessage

from odoo.tests import tagged
from odoo.tools import email_split

from ..trace import MailTrace
from .common import CUSTOMER, DOMAIN, compose
from .test_threading import STAFF
from .test_voice import AUTHSERV, PASS, VoiceCommon

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)
HEADERS = (
    *("From", "To", "Cc", "Reply-To", "Delivered-To", "Resent-To", "Return-Path"),
    *("Subject", "References", "In-Reply-To", "Message-ID", "Auto-Submitted"),
    *("List-Id", "X-Custom"),
)
HTML = """
<html><head><style>body{background:url(https://evil.example/a.png)}</style></head>
<body onload="alert(1)"><script>alert(1)</script>
<a href="javascript:alert(1)">x</a><img src=x onerror="alert(1)">
<iframe src="https://evil.example"></iframe><form action="https://evil.example"></form>
<a href="data:text/html;base64,PHNjcmlwdD4=">y</a><svg onload="alert(1)"></svg>
<p>Hello</p></body></html>
"""


@tagged("post_install", "-at_install")
class TestAttacks(VoiceCommon):
    def html_mail(self, body, *files):
        message = EmailMessage()
        message["From"] = CUSTOMER
        message["To"] = f"support@{DOMAIN}"
        message["Subject"] = "Hello"
        message["Message-ID"] = f"<{next(self.numbers)}@client.example>"
        message.set_content("Hello")
        message.add_alternative(body, subtype="html")
        for name, content in files:
            message.add_attachment(
                content, maintype="application", subtype="octet-stream", filename=name
            )
        return self.receive(bytes(message))

    def test_nothing_in_a_body_runs(self):
        case = self.html_mail(HTML).case_id
        body = case.message_ids.sorted("id")[0].body.lower()
        self.assertIn("hello", body)
        for danger in (
            "<script",
            "onload",
            "onerror",
            "javascript:",
            "<iframe",
            "<form",
            "data:text/html",
            "<style",
        ):
            self.assertNotIn(danger, body)

    def test_programs_are_named_and_not_kept(self):
        case = self.html_mail(
            "<p>x</p>", ("bill.pdf", b"%PDF"), ("bill.pdf.exe", b"MZ"), ("x.js", b"1")
        ).case_id
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", "crm.case"), ("res_id", "=", case.id)]
        )
        self.assertEqual(attachments.mapped("name"), ["bill.pdf"])
        notes = " ".join(case.message_ids.mapped("body"))
        self.assertIn("bill.pdf.exe", notes)
        self.assertIn("x.js", notes)

    def test_null_bytes_in_headers_do_no_harm(self):
        for number, name in enumerate(HEADERS):
            content = compose(f"Null {number}", **{name.replace("-", "_"): None})
            value = f"sup\0port@{DOMAIN}" if name == "To" else "<a\0b@c.example>"
            row = self.receive(f"{name}: {value}\r\n".encode() + content)
            self.assertTrue(row.case_id, name)
        self.assertFalse([v for v in (row.subject, row.email_to) if "\0" in (v or "")])

    def test_a_failure_is_noted_whatever_its_headers_hold(self):
        row = self.receive(compose())
        self.forget_results(row)
        trace = MailTrace(row.id, row.message_id, references={"<a\0b>"})
        logger = "odoo.addons.crm_mailgateway.models"
        with self.assertLogs(logger, "WARNING"):
            row._fail(row.id, ValueError("whatever"), trace)
        self.assertEqual(row.state, "failed")

    def test_any_file_name_can_be_stored(self):
        content = compose().replace(
            b"Content-Type: text/plain",
            b'Content-Disposition: attachment; filename="../a\x00\xff\x1b.pdf"\r\n'
            b"Content-Type: application/pdf",
        )
        row = self.receive(content)
        name = row.case_id.message_ids.attachment_ids.name
        self.assertTrue(name.endswith(".pdf"), name)
        self.assertTrue(name.isprintable())

    def test_too_many_attachments_are_named(self):
        self.env["ir.config_parameter"].set_param(
            "crm_mailgateway.attachments_count", "2"
        )
        case = self.html_mail(
            "<p>x</p>", *((f"{n}.txt", b"x") for n in range(4))
        ).case_id
        notes = " ".join(case.message_ids.mapped("body"))
        self.assertIn("3.txt", notes)
        self.assertNotIn("1.txt", notes)

    def test_thousands_of_recipients(self):
        crowd = ", ".join(f"r{n}@crowd.example" for n in range(5_000))
        partners = self.env["res.partner"].search_count([])
        start = time.monotonic()
        row = self.mail(Cc=crowd)
        self.assertLess(time.monotonic() - start, 30)
        self.assertLessEqual(row.case_id.email_cc.count("@"), 20)
        self.assertEqual(self.env["res.partner"].search_count([]), partners)
        row = self.receive(compose("10,000", Cc=crowd + ", " + crowd + ", " + crowd))
        self.assertIn(row.state, ("processed", "quarantined"))
        self.assertLessEqual((row.case_id.email_cc or "").count("@"), 20)
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_a_bomb_is_filed_and_hardly_thanked(self):
        rows = [self.mail(f"Bomb {n}") for n in range(60)]
        self.assertEqual(len({row.case_id for row in rows}), 60)
        thanked = [row for row in rows if row.ack_state == "pending"]
        self.assertEqual(len(thanked), 5)
        other = self.mail("A question", From="somebody.else@x.example")
        self.assertEqual(other.ack_state, "pending")

    def test_a_brought_verdict_below_ours_proves_nothing(self):
        case = self.new_case()
        sent = self.answered(case)
        content = (
            "Authentication-Results: mx.ours.example; dmarc=fail"
            " header.from=ours.example\r\n"
            f"Authentication-Results: {PASS}\r\n"
            f"From: {STAFF}\r\nTo: support@{DOMAIN}\r\nSubject: x\r\n"
            f"In-Reply-To: {sent.message_id}\r\nMessage-ID: <brought@x>\r\n\r\n"
            "Set-State: done\r\n"
        )
        self.receive(content.encode())
        self.assertEqual(case.mail_warning, "unproven")
        self.assertNotEqual(case.state, "done")

    def test_a_brought_verdict_proves_nothing_where_our_server_adds_none(self):
        """The mailbox says whether its server checks; what a pipe does is another
        question, and by default nobody is believed."""
        mailbox = self.env["fetchmail.server"].create({"name": "Box"})
        gateway = self.gateway
        for trusted, warning in ((False, "unproven"), ("mx.ours.example", False)):
            mailbox.crm_mailgateway_authserv_ids = trusted
            case = self.new_case(Message_ID=f"<{trusted}@client.example>")
            self.gateway = gateway.with_context(default_fetchmail_server_id=mailbox.id)
            self.from_staff(case, "Done.")
            self.gateway = gateway
            self.assertEqual(case.mail_warning, warning)
        self.set_authserv(False)
        case = self.new_case(Message_ID="<pipe@client.example>")
        self.from_staff(case, "Set-State: done")
        self.assertEqual(case.mail_warning, "unproven")
        self.assertNotEqual(case.state, "done")

    def test_line_ends_in_encoded_names_inject_nothing(self):
        for n, name in enumerate(
            (
                "Eve\r\nBcc: crowd@x.example",
                f"Sam\r\n <{STAFF}>",
                "Eve\nX-Cases-Origin: x\n\n<script>",
            )
        ):
            word = base64.b64encode(name.encode()).decode()
            row = self.receive(
                f"From: =?utf-8?b?{word}?= <eve@evil.example>\r\n"
                f"To: =?utf-8?b?{word}?= <support@{DOMAIN}>\r\n"
                f"Subject: =?utf-8?b?{word}?=\r\nMessage-ID: <crlf{n}@x>\r\n"
                "\r\nHello\r\n".encode()
            )
            case = row.case_id
            self.assertEqual(case.email_normalized, "eve@evil.example")
            self.assertFalse(case.mail_warning)
            self.assertNotRegex(case.name + case.email_from, "[\r\n]")
            result = self.env["crm.mailgateway.result"].search(
                [("journal_id", "=", row.id)]
            )
            result._acknowledge()
            thanks = self.env["mail.mail"].search([("res_id", "=", case.id)])
            self.assertTrue(thanks)
            for prepared in thanks._prepare_outgoing_list():
                self.assertNotRegex(prepared["subject"], "[\r\n]")
                self.assertEqual(
                    [a for to in prepared["email_to"] for a in email_split(to)],
                    ["eve@evil.example"],
                )

    def test_nothing_turns_our_words_around(self):
        """Not even within the thanks, where a subject stands amid our own text."""
        case = self.mail(
            subject="\u202egnp.exe", From="\u2067Eve <e@x.example>"
        ).case_id
        self.assertEqual((case.name, case.partner_name), ("gnp.exe", "Eve"))

    def test_a_second_recipient_in_another_app_proves_nothing(self):
        self.env["mail.alias"].create(
            {
                "alias_name": "contacts",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        row = self.mail(
            subject="Forged", From=STAFF, To=f"contacts@{DOMAIN}, support@{DOMAIN}"
        )
        self.assertEqual(row.case_id.mail_warning, "unproven")
        self.assertFalse(row.case_id.message_ids.author_id & self.staff.partner_id)
        partners = self.env["res.partner"].search([("name", "=", "Forged")])
        self.assertEqual(len(partners), 1, "the other app got its mail as well")

    def test_a_forwarded_speaker_token_gives_a_customer_no_voice(self):
        case = self.new_case()
        token = self.secret._speaker_token(case.id, self.staff.id)
        self.mail(body="Set-State: done", To=self.token_address(case, token))
        self.assertNotEqual(case.state, "done")
        self.mail(
            body="Set-State: done",
            From=f'"{STAFF}" <{CUSTOMER}>',
            To=self.token_address(case, token),
        )
        self.assertNotEqual(case.state, "done")

    def test_a_stolen_speaker_token_is_worth_nothing_if_dmarc_fails(self):
        """Answers to all carry it, in To, to every customer in copy."""
        case = self.new_case()
        token = self.secret._speaker_token(case.id, self.staff.id)
        row = self.mail(
            body="Set-State: done",
            From=STAFF,
            To=self.token_address(case, token),
            Authentication_Results=f"{AUTHSERV}; dmarc=fail header.from=ours.example",
        )
        self.assertEqual(row.case_id, case, "it still says which case")
        self.assertNotEqual(case.state, "done")
        self.assertEqual(case.mail_warning, "unproven")

    def test_a_speaker_token_speaks_in_no_other_case(self):
        """One that leaked in a case must not open all others."""
        leaked = self.new_case()
        other = self.new_case(Message_ID="<other@example.com>")
        token = self.secret._speaker_token(leaked.id, self.staff.id)
        theirs = self.secret._case_token(other.id)
        to_other = {"References": other.message_ids[-1].message_id}
        by_token = {"Cc": self.token_address(other, theirs)}
        for way in (to_other, by_token):
            row = self.mail(
                body="Set-State: done",
                From=STAFF,
                To=self.token_address(leaked, token),
                **way,
            )
            self.assertNotEqual(other.state, "done", way)
            spoke = row.case_id == leaked and way is by_token
            self.assertEqual(row.case_id.mail_warning == "unproven", not spoke, way)

    def test_a_speaker_token_speaks_in_what_was_split_off(self):
        case = self.new_case()
        part = self.new_case(Message_ID="<part@example.com>")
        case.related_case_ids |= part
        token = self.secret._speaker_token(case.id, self.staff.id)
        self.mail(
            body="Set-State: done",
            From=STAFF,
            To=self.token_address(case, token),
            References=part.message_ids[-1].message_id,
        )
        self.assertEqual(part.state, "done")

    def test_reply_to_makes_no_customer_of_our_people(self):
        for address in (STAFF, f"support@{DOMAIN}", f"Sam <{STAFF.upper()}>"):
            with self.subTest(address=address):
                case = self.mail(
                    subject=address, From="Eve <eve@evil.example>", Reply_To=address
                ).case_id
                self.assertFalse(case.partner_id)
                self.assertEqual(case.email_normalized, "eve@evil.example")

    def test_a_name_that_is_the_address_of_somebody_else_is_no_name(self):
        case = self.mail(From=f'"Sam ({STAFF})" <eve@evil.example>').case_id
        self.assertEqual(case.email_from, "eve@evil.example")
        self.assertFalse(case.partner_name)
        self.assertIn(STAFF, case.message_ids.sorted("id")[0].email_from, "as it came")
        case = self.mail(subject="x", From=f'"a@evil.example" <{STAFF}>').case_id
        self.assertFalse(case.partner_id)
        self.assertEqual(case.mail_warning, "unproven")

    def test_a_mail_of_nobody_is_not_the_word_of_the_gateway(self):
        for headers in ({}, {"Sender": STAFF}):
            with self.subTest(headers=headers):
                case = self.mail(subject="Who?", From=None, **headers).case_id
                message = case.message_ids.sorted("id")[0]
                self.assertFalse(message.author_id)
                self.assertEqual(message.email_from, "(no sender)")
                self.assertFalse(case.email_from or case.partner_name)
                self.assertFalse(case.partner_id)

    def test_no_attachment_runs_in_our_name(self):
        """What a browser would run is kept as text; pictures of the text stay in it."""
        message = EmailMessage()
        for name, value in {
            "From": CUSTOMER,
            "To": f"support@{DOMAIN}",
            "Subject": "Pages",
            "Message-ID": "<pages@client.example>",
        }.items():
            message[name] = value
        message.set_content("Hello")
        message.add_alternative(
            "<p>Hello</p><img src='cid:logo'>"
            "<img src='data:image/png;base64,iVBORw0K'>",
            subtype="html",
        )
        message.get_payload()[1].add_related(PNG, "image", "png", cid="<logo>")
        script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"
        for name, subtype in (("a.html", "html"), ("b.xml", "xml")):
            message.add_attachment(script, "text", subtype, filename=name)
        message.add_attachment(script, "image", "svg+xml", filename="c.svg")
        case = self.receive(bytes(message)).case_id
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", "crm.case"), ("res_id", "=", case.id)]
        )
        kinds = {a.name: a.mimetype for a in attachments}
        for name in ("a.html", "b.xml", "c.svg"):
            self.assertEqual(kinds[name], "text/plain")
        body = case.message_ids.sorted("id")[0].body
        self.assertIn("/web/image/", body)
        self.assertNotIn("data:", body.replace("data-", ""))
