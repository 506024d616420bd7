import base64
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.crm_cases.tests.test_erasure import find_everywhere

from ..models import crm_case_erasure, crm_mailgateway_trace
from .common import GatewayCommon, compose

ADDRESS = "zora.quillfeather@privacy.example.com"
SENDER = f"Zora Quillfeather <{ADDRESS}>"


@tagged("post_install", "-at_install")
class TestErasure(GatewayCommon):
    def erase(self, case):
        wizard = self.env["crm.case.erase"].with_context(
            active_model="crm.case", active_ids=case.ids
        )
        wizard.create({"is_sure": True}).action_erase()
        self.env.flush_all()
        self.cr.precommit.run()

    def test_received_mail_is_forgotten_and_a_replay_adds_nothing(self):
        content = compose(
            "Zora Quillfeather asks", f"Yours, {SENDER}", From=SENDER, Cc=ADDRESS
        )
        row = self.receive(content)
        case, digest = row.case_id, row.sha256
        self.assertTrue(case)
        preview = (
            self.env["crm.case.erase"]
            .with_context(active_model="crm.case", active_ids=case.ids)
            .create({})
            .preview
        )
        self.assertIn("Received mails: 1", preview)
        self.erase(case)
        self.assertEqual(find_everywhere(self.cr, "quillfeather"), [])
        self.assertFalse(row._read_content())
        self.assertFalse(row.subject or row.email_from or row.email_to)
        self.assertEqual(row.sha256, digest)
        before = self.env["crm.case"].search_count([])
        stored = row._store(content, False, {})
        self.assertEqual((stored.id, stored.known), (row.id, True))
        self.assertEqual(self.env["crm.case"].search_count([]), before)

    def test_mail_that_waits_is_never_processed(self):
        case = self.receive(compose("First", From=SENDER)).case_id
        waiting = self.receive(compose("Second", From=SENDER))
        waiting.write({"state": "failed", "case_id": False, "res_id": False})
        self.erase(case)
        self.assertEqual(waiting.state, "ignored")
        self.assertFalse(waiting._read_content())

    def test_acknowledgement_that_waits_is_not_sent(self):
        row = self.receive(compose("Third", From=SENDER))
        result = self.env["crm.mailgateway.result"].search(
            [("journal_id", "=", row.id)]
        )
        self.assertEqual(result.ack_state, "pending")
        self.erase(row.case_id)
        self.assertEqual(result.ack_state, "withheld")
        self.assertFalse(result.sender)

    def test_message_id_made_of_the_address(self):
        row = self.receive(
            compose("Fourth", From=SENDER, Message_ID=f"<1.{ADDRESS}@phone.example>")
        )
        self.erase(row.case_id)
        self.assertEqual(find_everywhere(self.cr, ADDRESS), [])
        self.assertTrue(row.message_id)

    def test_export_has_the_mail_byte_for_byte(self):
        content = compose("Sixth", From=SENDER)
        row = self.receive(content)
        partner = self.env["res.partner"].create({"name": "Zora", "email": ADDRESS})
        self.receive(compose())
        self.env.user.group_ids += self.env.ref("crm_cases.crm_cases_group_manager")
        files = dict(self.env["crm.case.export"]._get_files(partner))
        self.assertEqual(files[f"mails/{row.id}.eml"], content)
        self.assertEqual(sum(name.startswith("mails/") for name in files), 1)

    def test_mails_of_others_stay(self):
        other = self.receive(compose())
        self.erase(self.receive(compose("Fifth", From=SENDER)).case_id)
        self.assertTrue(other._read_content())
        self.assertTrue(other.email_from)

    # ------------------------------------------------------------
    # MAILS OF OTHERS
    # ------------------------------------------------------------

    def receive_encoded(self, number, text, state="ignored"):
        """A mail of somebody else, whose text is packed into base64."""
        packed = base64.encodebytes(text.encode()).decode()
        row = self.receive(compose(f"Of somebody {number}", packed))
        row.case_id.unlink()
        row.write({"state": state, "case_id": False, "res_id": False})
        return row

    def preview(self, case):
        wizard = self.env["crm.case.erase"].with_context(
            active_model="crm.case", active_ids=case.ids
        )
        return wizard.create({}).preview

    def test_encoded_mails_of_others_that_name_the_person_lose_their_bytes(self):
        case = self.receive(compose("Seventh", From=SENDER)).case_id
        text = f"Please write to {ADDRESS} at once"
        naming = [
            self.receive_encoded(number, text, state)
            for number, state in enumerate(("ignored", "processed"))
        ]
        waiting = [
            self.receive_encoded(state, text, state)
            for state in ("received", "failed", "quarantined")
        ]
        other = self.receive_encoded("else", f"Please write to x{ADDRESS} at once")
        self.assertIn("Mails of others that name the person: 2<", self.preview(case))
        self.erase(case)
        for row in naming:
            self.assertFalse(row._read_content(), row.state)
            self.assertTrue(row.email_from and row.sha256)
        for row in (*waiting, other):
            self.assertTrue(row._read_content(), row.state)
        self.assertFalse(self.env["crm.mailgateway.trace"].search([]))

    def test_bytes_are_read_a_few_at_a_time_and_the_rest_later(self):
        case = self.receive(compose("Eighth", From=SENDER)).case_id
        text = f"Please write to {ADDRESS} at once"
        naming = [self.receive_encoded(number, text) for number in range(5)]
        read = []
        Trace = self.registry["crm.mailgateway.trace"]
        read_raws = Trace._read_raws

        def record(trace, row_ids):
            read.append(len(row_ids))
            return read_raws(trace, row_ids)

        seconds = dict.fromkeys(crm_case_erasure.SECONDS, 0)
        with (
            patch.object(crm_case_erasure, "SECONDS", seconds),
            patch.object(crm_mailgateway_trace, "CHUNK", 2 * naming[0].size + 9),
            patch.object(crm_mailgateway_trace, "ROWS", 3),
            patch.object(Trace, "_read_raws", record),
            self.enter_registry_test_mode(),
        ):
            preview = self.preview(case)
            self.assertIn("that name the person: 2 so far, erasing goes on", preview)
            self.erase(case)
            self.assertEqual([bool(row._read_content()) for row in naming],
                             [True, True, True, False, False])  # fmt: skip
            trace = self.env["crm.mailgateway.trace"].search([])
            self.assertEqual(trace.addresses, [ADDRESS])
            cron = self.env.ref("crm_mailgateway.ir_cron_trace")
            cron.method_direct_trigger()
        self.assertFalse(any(row._read_content() for row in naming))
        self.assertFalse(trace.exists(), "the address is not kept longer than needed")
        self.assertLessEqual(max(read), 2)
        self.assertEqual(find_everywhere(self.cr, ADDRESS), [])
