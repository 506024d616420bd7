from odoo.tests import tagged

from .common import DOMAIN, compose
from .test_threading import ThreadingCommon


@tagged("post_install", "-at_install")
class TestOutgoing(ThreadingCommon):
    def outgoing(self, case, partners):
        message = case.message_post(
            body="Hello",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=partners.ids,
        )
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        return [mail for m in mails for mail in m._prepare_outgoing_list()], message

    def test_mails_carry_tag_mark_and_origin(self):
        case = self.new_case()
        [mail], _message = self.outgoing(case, self.customer)
        token = self.secret._case_token(case.id)
        self.assertIn(f"[{case.number}]", mail["subject"])
        self.assertIn(f"[ref:{token}]", mail["body"])
        self.assertIn(f"[ref:{token}]", mail["body_alternative"])
        mark = mail["headers"]["X-Cases-Origin"]
        self.assertIn(mark, self.secret._own_marks())
        self.assertIn("@", mail["references"])
        self.assertNotIn("+", mail["reply_to"], "off until tested")

    def test_mails_of_other_documents_are_left_alone(self):
        mail = self.env["mail.mail"].create(
            {"model": "res.partner", "res_id": self.customer.id, "email_to": "a@b.ex"}
        )
        [prepared] = mail._prepare_outgoing_list()
        self.assertNotIn("X-Cases-Origin", prepared["headers"])

    def test_an_answer_without_headers_finds_the_case_by_the_mark(self):
        case = self.new_case()
        [mail], _message = self.outgoing(case, self.customer)
        quoted = mail["body_alternative"].replace("\n", "\n> ")
        row = self.mail(subject="brakes", body=f"Still squeals\n\n> {quoted}")
        self.assertEqual(row.case_id, case)

    def test_each_of_our_people_gets_a_token_of_his_own(self):
        self.domain.subaddressing = "on"
        self.staff.notification_type = "email"
        case = self.new_case()
        mails, _message = self.outgoing(case, self.customer | self.staff.partner_id)
        by_partner = {mail["partner_id"]: mail["reply_to"] for mail in mails}
        self.assertEqual(len(by_partner), 2)
        customers = by_partner[self.customer]
        self.assertIn(self.secret._case_token(case.id), customers)
        token = by_partner[self.staff.partner_id].split("+")[1].split("@")[0]
        speaker = self.secret._read_speaker_token(token)
        self.assertEqual(speaker.user_id, self.staff.id)
        for mail in mails:
            self.assertNotIn(token, mail["body"] + mail["body_alternative"])
        self.assertNotIn(token, customers)

    def test_subaddressing_is_on_once_the_test_mail_came_back(self):
        self.assertEqual(self.domain.subaddressing, "off")
        self.domain.action_test_subaddressing()
        self.assertEqual(self.domain.subaddressing, "testing")
        sent = self.env["mail.mail"].search([], limit=1, order="id desc")
        self.assertIn(f"support+c{self.domain.id}-", sent.email_to)
        forged = sent.email_to.replace("-", "-a", 1)[:-1]
        before = self.env["crm.case"].search_count([])
        self.mail(To=f"support+c{self.domain.id}-aaaaaaaaaaaaaaaa@{DOMAIN}")
        self.assertEqual(self.domain.subaddressing, "testing", forged)
        row = self.mail(To=sent.email_to, From=f"support@{DOMAIN}")
        self.assertEqual(row.state, "ignored")
        self.assertEqual(self.domain.subaddressing, "on")
        self.assertEqual(self.env["crm.case"].search_count([]), before + 1)
        self.domain.action_switch_off_subaddressing()
        self.assertEqual(self.domain.subaddressing, "off")

    def test_acknowledgements_are_bounded_for_all_together(self):
        self.env["ir.config_parameter"].set_param(
            "crm_mailgateway.acknowledgements_per_hour_total", "3"
        )
        rows = [self.mail(f"n{n}", From=f"c{n}@x.example") for n in range(5)]
        self.assertEqual(
            [row.ack_state for row in rows], ["pending"] * 3 + ["withheld"] * 2
        )
        self.assertTrue(all(row.case_id for row in rows))
        self.env["mail.gateway.allowed"].create({"email": "vip@x.example"})
        self.assertEqual(self.mail("vip", From="vip@x.example").ack_state, "pending")

    def test_two_machines_end_after_one_acknowledgement_each(self):
        """Another helpdesk thanks us for our thanks: we thank no more."""
        row = self.receive(compose("Help"))
        self.env["crm.mailgateway.result"].search([])._acknowledge()
        thanks = self.env["mail.mail"].search([("res_id", "=", row.case_id.id)])
        answer = self.mail(
            subject=f"Re: {thanks.subject}",
            From="helpdesk@other.example",
            Auto_Submitted="auto-replied",
            In_Reply_To=thanks.message_id,
        )
        self.assertEqual(answer.case_id, row.case_id)
        self.assertFalse(answer.ack_state)
        alone = self.mail(
            subject="Ticket received",
            From="helpdesk@other.example",
            Auto_Submitted="auto-replied",
        )
        self.assertEqual(alone.ack_state, "withheld")
