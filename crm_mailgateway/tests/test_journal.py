import hashlib
import xmlrpc.client
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.crm_mailgateway_processing import BACKOFF
from ..pipeline.headers import unreadable
from .common import DOMAIN, GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestJournal(GatewayCommon):
    def test_row_tells_what_came_and_what_it_became(self):
        content = compose()
        row = self.receive(content)
        self.assertEqual(row.state, "processed")
        self.assertEqual(row.sha256, hashlib.sha256(content).hexdigest())
        self.assertEqual(row.size, len(content))
        self.assertEqual(row._read_content(), content)
        self.assertEqual(row.subject, "My brakes squeal")
        self.assertEqual(row.case_id.name, "My brakes squeal")
        self.assertEqual(row.case_id.team_id, self.team)
        self.assertEqual(row.ack_state, "pending")

    def test_every_form_of_bytes_is_the_same_mail(self):
        content = compose()
        forms = [content, content.decode(), xmlrpc.client.Binary(content)]
        digests = {self.receive(form).sha256 for form in forms}
        self.assertEqual(len(digests), 1)

    def test_any_bytes_are_kept(self):
        for content in (b"\x00\xff\xfe", b"no header at all", compose(From=None)):
            with mute_logger("odoo.addons.mail.models.mail_thread"):
                try:
                    row = self.receive(content)
                except Exception:  # noqa: BLE001 as Odoo alone, which tests expect
                    row = self.env["crm.mailgateway.message"].search([], limit=1)
            self.assertEqual(row._read_content(), content)

    def test_without_message_id_one_is_derived(self):
        row = self.receive(compose(Message_ID=None))
        message = row.case_id.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(message.message_id, row.message_id)
        self.assertIn("without-message-id.invalid", row.message_id)

    def test_answer_joins_its_case(self):
        case = self.receive(compose()).case_id
        sent = case.message_post(
            body="Which bicycle?",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        row = self.receive(
            compose("Re: anything", "The red one", In_Reply_To=sent.message_id)
        )
        self.assertEqual(row.case_id, case)
        self.assertFalse(row.ack_state, "only a new case is acknowledged")
        self.assertIn("The red one", case.message_ids[0].body)

    def test_copy_with_other_bytes_is_a_duplicate(self):
        first = self.receive(compose())
        copy = self.receive(b"Received: from elsewhere\r\n" + compose())
        self.assertEqual(copy.state, "ignored")
        self.assertIn(f"#{first.id}", copy.verdict)
        self.assertEqual(self.env["crm.case"].search_count([]), self._cases_before + 1)

    def setUp(self):
        super().setUp()
        self._cases_before = self.env["crm.case"].search_count([])

    def test_absurd_message_id_is_one_mail_like_any_other(self):
        content = b"Message-ID: <" + b"x" * 5000 + b"@y>\r\n" + compose(Message_ID=None)
        row = self.receive(content)
        self.assertEqual(row.state, "processed")
        self.assertLess(len(row.message_id), 500)

    def test_mail_to_a_team_and_another_app(self):
        """The case counts, whatever else the mail became."""
        self.env["mail.alias"].create(
            {
                "alias_name": "people",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        row = self.receive(compose(To=f"support@{DOMAIN}, people@{DOMAIN}"))
        self.assertEqual(row.case_id.name, "My brakes squeal")
        self.assertEqual(row.case_id.id, row.res_id)
        self.assertTrue(row._read_content())
        self.assertEqual(row.ack_state, "pending")

    def test_line_ends_in_a_subject_do_no_harm(self):
        content = compose().replace(
            b"Subject: My brakes squeal",
            b"Subject: =?utf-8?q?hello=0D=0ABcc:_x=40y.example?=",
        )
        row = self.receive(content)
        self.assertEqual(row.case_id.name, "hello Bcc: x@y.example")

    def test_only_bytes_are_mails(self):
        for nonsense in (50, None, ["x"]):
            with self.assertRaises(TypeError):
                self.gateway.message_process(None, nonsense)

    def test_nobody_from_outside_hands_over_mails(self):
        """The method is open to RPC, and would be repeated with more rights."""
        portal = new_test_user(self.env, "outside", groups="base.group_portal")
        before = self.env["crm.mailgateway.message"].search_count([])
        with self.assertRaises(AccessError):
            self.gateway.with_user(portal).message_process("res.partner", compose())
        self.assertEqual(self.env["crm.mailgateway.message"].search_count([]), before)

    def test_repeated_with_the_rights_of_who_handed_it_over(self):
        user = new_test_user(self.env, "clerk", groups="base.group_user")
        self.team.alias_id.alias_status = "valid"  # else Odoo writes it as the user
        seen = []
        MailThread = self.env.registry["mail.thread"]
        process = MailThread.message_parse

        def spy(gateway, *arguments, **options):
            seen.append((gateway.env.uid, gateway.env.su))
            return process(gateway, *arguments, **options)

        with patch.object(MailThread, "message_parse", spy):
            self.gateway.with_user(user).message_process("crm.case", compose())
            row = self.env["crm.mailgateway.message"].search([], limit=1)
            row.state = "received"
            row._repeat()
        self.assertEqual(seen, [(user.id, False)] * 2)

    def test_refused_sender_is_told_apart_from_a_duplicate(self):
        self.team.alias_contact = "partners"
        with self.mock_mail_gateway():
            row = self.receive(compose())
        self.assertEqual(row.state, "ignored")
        self.assertIn("does not accept mails from", row.verdict)
        self.assertFalse(self._new_mails, "nobody is bounced")

    def test_bounce_is_ignored_and_says_so(self):
        content = compose("Undelivered", From=f"MAILER-DAEMON@{DOMAIN}")
        row = self.receive(content)
        self.assertEqual(row.state, "ignored")
        self.assertIn("bounce", row.verdict)

    def test_mail_for_other_documents_passes_and_its_bytes_go(self):
        self.env["mail.alias"].create(
            {
                "alias_name": "people",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        row = self.receive(compose("A new friend", To=f"people@{DOMAIN}"))
        self.assertEqual((row.state, row.res_model), ("processed", "res.partner"))
        self.assertFalse(row._read_content())
        self.assertFalse(row.case_id)
        self.assertFalse(row.ack_state)

    def test_many_mails_of_one_sender_all_become_cases(self):
        """Odoo drops the 20th and bounces it; we only stop thanking."""
        rows = [self.receive(compose(f"Mail {number}")) for number in range(25)]
        self.assertEqual({row.state for row in rows}, {"processed"})
        self.assertEqual(len({row.case_id for row in rows}), 25)
        self.assertEqual([r.ack_state for r in rows].count("pending"), 5)
        self.assertIn("often", rows[-1].ack_reason)

    def test_automatic_answer_neither_reopens_nor_counts(self):
        case = self.receive(compose()).case_id
        case._transition("open")
        case._transition("done")
        sent = case.message_post(
            body="Done", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        before = case.date_last_customer_message
        row = self.receive(
            compose(
                "Automatic reply",
                In_Reply_To=sent.message_id,
                Auto_Submitted="auto-replied",
            )
        )
        self.assertEqual(row.case_id, case)
        self.assertEqual(case.state, "done")
        self.assertEqual(case.date_last_customer_message, before)
        self.assertIn("Auto-Submitted: auto-replied", row.verdict)

    def test_a_persons_answer_reopens(self):
        case = self.receive(compose()).case_id
        case._transition("open")
        case._transition("pending")
        sent = case.message_post(
            body="Well?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.receive(compose("Re:", "Yes", In_Reply_To=sent.message_id))
        self.assertEqual(case.state, "open")

    def test_queries_of_a_new_mail(self):
        """A ceiling on the hot path: journal, routing, case, message and result."""
        self.receive(compose("Warm the caches"))
        self.env.flush_all()
        content = compose("Counted")
        start = self.env.cr.sql_log_count
        self.gateway.message_process(None, content)
        self.env.flush_all()
        self.assertLessEqual(self.env.cr.sql_log_count - start, 62)

    def test_failure_of_a_team_bounces_nobody(self):
        alias = self.team.alias_id
        with self.mock_mail_gateway():
            alias._alias_bounce_incoming_email(None, {"email_from": "a@b.example"})
        self.assertNotEqual(alias.alias_status, "invalid")
        self.assertFalse(self._new_mails)

    @mute_logger("odoo.addons.crm_mailgateway.models.crm_mailgateway_processing")
    def test_failures_pause_longer_and_longer_then_wait_for_a_person(self):
        row = self.receive(compose())
        row.state = "received"
        pauses = []
        for _attempt in range(len(BACKOFF) + 1):
            self.assertIn(row.state, ("received", "failed"))
            row._fail(row.id, ValueError("broken\0 mail\nsecond line"))
            pauses.append(row.next_attempt)
        self.assertEqual(row.state, "quarantined")
        self.assertEqual(row.error, "broken mail")
        self.assertEqual(row.attempts, len(BACKOFF) + 1)
        self.assertEqual(pauses[:-1], sorted(pauses[:-1]))
        self.assertFalse(pauses[-1])

    def test_forgotten_result_is_settled_later(self):
        """As after a crash between the two commits."""
        row = self.receive(compose())
        case = row.case_id
        row.write({"state": "received", "res_id": False, "case_id": False})
        row._settle()
        row.invalidate_recordset()
        self.assertEqual((row.state, row.case_id), ("processed", case))

    def _unsettle(self, row):
        """As in the seconds, or after a crash, between the two commits."""
        row.write({"state": "received", "res_id": False, "case_id": False})
        self.env.flush_all()

    def test_a_processed_mail_is_not_filed_once_more(self):
        row = self.receive(compose())
        case = row.case_id
        for file in (row._route, row._file_unread):
            self._unsettle(row)
            file({})
            self.assertEqual((row.state, row.case_id), ("processed", case))
        self.assertEqual(self.env["crm.case"].search_count([]), self._cases_before + 1)

    def test_a_processed_mail_cannot_be_ignored(self):
        row = self.receive(compose())
        case = row.case_id
        self._unsettle(row)
        row._ignore("advertisement")
        self.assertEqual((row.state, row.case_id), ("processed", case))
        self._unsettle(row)
        row.state = "ignored"  # by somebody, while it was being processed
        row._settle(row.ids)
        row.invalidate_recordset()
        self.assertEqual((row.state, row.case_id), ("processed", case))

    def test_headers_that_do_not_fit_make_no_duplicates(self):
        first, second = (unreadable(compose(word)) for word in ("One", "Two"))
        self.assertNotEqual(first.message_id, second.message_id)
        self.assertTrue(first.message_id)

    def test_deleted_case_leaves_its_row(self):
        row = self.receive(compose())
        row.case_id.unlink()
        self.assertTrue(row.exists())
        self.assertFalse(row.case_id)

    def test_where_mail_to_no_known_address_goes(self):
        def fallback(recipients):
            return self.gateway._mailgateway_fallback(
                {"recipients": recipients}, False, None
            )[0]

        self.assertEqual(fallback(f"typo@{DOMAIN}"), "crm.case")
        self.assertFalse(fallback("who@elsewhere.example"))
        for blind_copy in ("", None, "undisclosed-recipients:;"):
            self.assertEqual(fallback(blind_copy), "crm.case", blind_copy)
        mailbox = self.env["fetchmail.server"].create(
            {"name": "Box", "crm_case_team_id": self.team.id}
        )
        gateway = self.gateway.with_context(default_fetchmail_server_id=mailbox.id)
        model, values = gateway._mailgateway_fallback({"recipients": ""}, False, None)
        self.assertEqual((model, values), ("crm.case", {"team_id": self.team.id}))
        aliases = self.env["mail.alias"].search([("alias_domain_id", "!=", False)])
        aliases.alias_domain_id = False
        self.env["res.company"].search([]).alias_domain_id = False
        self.env["mail.alias.domain"].search([]).unlink()
        self.assertEqual(fallback("who@elsewhere.example"), "crm.case")
