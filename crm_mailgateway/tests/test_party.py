from odoo.tests import tagged

from .test_threading import ThreadingCommon

SUPPLIER = "jonas@supplier.example"


@tagged("post_install", "-at_install")
class TestParty(ThreadingCommon):
    """Mails of another party of a case, in the journal and on the case."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.env["res.partner"].create(
            {"name": "Jonas", "email": SUPPLIER}
        )

    def setUp(self):
        super().setUp()
        self.case = self.new_case()
        self.party = self.env["crm.case.party"].create(
            {"case_id": self.case.id, "partner_id": self.supplier.id}
        )
        self.asked = self.party.with_user(self.staff).message_post(
            body="Which batch?",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _filed(self, row):
        """The mail is with the party, the journal points to the case."""
        self.assertEqual(row.case_id, self.case)
        self.assertIn("Batch 7", self.party.message_ids[0].body)
        conversation = self.case.message_ids.filtered(
            lambda m: not (m.is_internal or m.subtype_id.internal)
        )
        self.assertNotIn("Batch 7", str(conversation.mapped("body")))

    def test_answer(self):
        row = self.mail(
            body="Batch 7", From=SUPPLIER, In_Reply_To=self.asked.message_id
        )
        self._filed(row)
        self.assertEqual(self.party.status, "answered")

    def test_answer_by_token_and_by_number(self):
        self._filed(
            self.mail(body="Batch 7", From=SUPPLIER, To=self.token_address(self.case))
        )
        self._filed(
            self.mail(f"Re: [{self.case.number}]", "Batch 7 again", From=SUPPLIER)
        )

    def test_out_of_office_note_is_no_answer(self):
        row = self.mail(
            body="Batch 7 is away",
            From=SUPPLIER,
            In_Reply_To=self.asked.message_id,
            Auto_Submitted="auto-replied",
        )
        self._filed(row)
        self.assertEqual(self.party.status, "waiting")
