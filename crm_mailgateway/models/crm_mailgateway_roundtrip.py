import email.policy
import email.utils
from datetime import timedelta
from email.message import EmailMessage

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..pipeline import thread_key

HEADER = "X-Cases-Roundtrip"
FETCH_CRON = "mail.ir_cron_mail_gateway_action"
OWN_CRON = "crm_mailgateway.ir_cron_roundtrip"
# Who has heard nothing for so long has heard enough.
PATIENCE = timedelta(minutes=30)
RUNNING = ("sent", "filed", "thanked")


class CrmMailgatewayRoundtrip(models.Model):
    """*Round-trip test*: a mailbox writes to itself through the real servers.

    STEPS
    The outgoing server takes a mail to the mailbox, in the name of the mailbox. It is
    fetched and becomes a case; the thank-you for it comes back to the mailbox; an
    answer to the thank-you is sent, and must join the case. How long each step took is
    what the test tells; one that does not happen within half an hour is what is broken.

    Nothing is simulated: schedulers, queue, servers and threading are those of
    customers' mails. One exception is made: a mailbox is never thanked for its own
    mails, so the test mail carries a signed header that lifts just this. The case is
    archived at the end.
    """

    _name = "crm.mailgateway.roundtrip"
    _description = "Round-trip Test of a Mailbox"
    _order = "id desc"
    _rec_name = "mailbox_id"

    mailbox_id = fields.Many2one(
        "fetchmail.server", required=True, readonly=True, ondelete="cascade"
    )
    state = fields.Selection(
        [
            ("sent", "Mail Sent"),
            ("filed", "Became a Case"),
            ("thanked", "Thank-you Came Back"),
            ("done", "Answer Joined the Case"),
            ("failed", "Failed"),
        ],
        default="sent",
        required=True,
        readonly=True,
    )
    probe_id = fields.Char("Message-ID of the Mail", readonly=True)
    answer_id = fields.Char("Message-ID of the Answer", readonly=True)
    case_id = fields.Many2one("crm.case", readonly=True, ondelete="set null")
    sent_on = fields.Datetime(readonly=True)
    filed_on = fields.Datetime(readonly=True)
    thanked_on = fields.Datetime(readonly=True)
    answered_on = fields.Datetime(readonly=True)
    seconds_to_case = fields.Float("Mail to Case", compute="_compute_seconds")
    seconds_to_thanks = fields.Float("Case to Thank-you", compute="_compute_seconds")
    seconds_to_answer = fields.Float("Answer to Case", compute="_compute_seconds")
    seconds = fields.Float("All in all", compute="_compute_seconds")
    error = fields.Char(readonly=True)

    @api.depends("sent_on", "filed_on", "thanked_on", "answered_on")
    def _compute_seconds(self):
        for test in self:
            marks = (test.sent_on, test.filed_on, test.thanked_on, test.answered_on)
            test.seconds_to_case = _seconds(*marks[:2])
            test.seconds_to_thanks = _seconds(*marks[1:3])
            test.seconds_to_answer = _seconds(*marks[2:])
            test.seconds = _seconds(marks[0], marks[-1])

    # STEPS

    @api.model
    def _start(self, mailbox):
        """Send the first mail of a test.

        :raise UserError: if the mailbox has no address, or the mail cannot be sent
        """
        # sudo: nobody edits tests by hand
        test = self.sudo().create(
            {"mailbox_id": mailbox.id, "sent_on": fields.Datetime.now()}
        )
        test.probe_id = test._send(self.env._("Round-trip test"))
        test._look_again()
        return test

    def _send(self, subject, reply_to=None):
        """Send a mail from the mailbox to itself, and return its Message-ID.

        :param str reply_to: the Message-ID that it answers
        :raise UserError: in the words of the outgoing server
        """
        message = self._compose(subject, reply_to)
        try:
            self.env["ir.mail_server"].send_email(message)
        except (MailDeliveryException, OSError) as error:
            reason = error.args[-1] if error.args else error
            raise UserError(
                self.env._("The test mail could not be sent: %s", reason)
            ) from error
        return message["Message-Id"]

    def _compose(self, subject, reply_to):
        address = self._get_address()
        message = EmailMessage(email.policy.SMTP)
        message["From"] = message["To"] = message["Reply-To"] = address
        message["Subject"] = subject
        message["Date"] = email.utils.localtime()
        message["Message-Id"] = email.utils.make_msgid(domain=address.partition("@")[2])
        message[HEADER] = thread_key.case_token(self._get_keys()[0], self.id)
        if reply_to:
            message["In-Reply-To"] = message["References"] = reply_to
        message.set_content(
            self.env._("This mail tests itself. Nothing needs to be done.")
        )
        return message

    def _get_address(self):
        mailbox = self.mailbox_id
        address = (
            mailbox._crm_mailgateway_address() or mailbox.crm_case_team_id.alias_email
        )
        if not address:
            raise UserError(
                self.env._(
                    "The user name of this mailbox is no mail address. Choose a team "
                    "that has one."
                )
            )
        return address

    @api.model
    def _get_keys(self):
        secrets = self.env["crm.mailgateway.secret"]._all()
        return [f"{secret}:roundtrip" for secret in secrets if secret]

    @api.model
    def _is_probe(self, message):
        """Tell whether a mail is one that a test of ours sent."""
        token = str(message.get(HEADER) or "").strip()
        return bool(token and thread_key.read_case_token(self._get_keys(), token))

    def action_refresh(self):
        """Look how far the test has come; whoever watches it calls this."""
        self.check_access("read")
        # sudo: the gateway's own books, and what nobody edits by hand
        self.sudo()._advance()
        return self.state in RUNNING

    @api.model
    def _cron_advance(self):
        self.search([("state", "in", RUNNING)], limit=100)._advance()

    def _advance(self):
        """Take each step whose mail has arrived; fetch while there is one to come."""
        for test in self.try_lock_for_update():
            while test.state in RUNNING and test._take_step():
                pass
            if test.state in RUNNING and test._is_overdue():
                test._fail(test._get_missing())
            if test.state in RUNNING:
                test._look_again()

    def _take_step(self):
        """Take the next step if its mail has arrived.

        :return: whether it was taken
        """
        step = {"sent": self._file, "filed": self._thank, "thanked": self._answer}
        return step[self.state]()

    def _file(self):
        result = self._get_result(self.probe_id)
        if not result.res_id or result.res_model != "crm.case":
            return False
        self.write(
            {"state": "filed", "filed_on": result.create_date, "case_id": result.res_id}
        )
        if result.ack_state in ("withheld", "failed"):
            received = self.env["crm.mailgateway.message"].browse(result.journal_id)
            self._fail(received.ack_reason or self.env._("It was not thanked for."))
        return True

    def _thank(self):
        received = self._get_thanks()
        if not received:
            return False
        self.write({"state": "thanked", "thanked_on": received.create_date})
        try:
            self.answer_id = self._send(f"Re: {received.subject}", received.message_id)
        except UserError as error:
            self._fail(str(error))
        return True

    def _answer(self):
        result = self._get_result(self.answer_id)
        if not result:
            return False
        if result.res_model != "crm.case" or result.res_id != self.case_id.id:
            self._fail(self.env._("The answer did not join its case."))
            return True
        self.write({"state": "done", "answered_on": result.create_date})
        self.case_id.active = False
        return True

    def _get_result(self, message_id):
        results = self.env["crm.mailgateway.result"]
        return results.search([("message_id", "=", message_id)], limit=1)

    def _get_thanks(self):
        """Return the row of the thank-you, once it came back to the mailbox."""
        thanks = self.env["mail.message"].search(
            [
                ("model", "=", "crm.case"),
                ("res_id", "=", self.case_id.id),
                ("message_type", "=", "auto_comment"),
            ]
        )
        known = [("message_id", "in", thanks.mapped("message_id"))]
        return self.env["crm.mailgateway.message"].search(known, order="id", limit=1)

    # PATIENCE

    def _look_again(self):
        """Let mails be fetched now, and look again in a minute at the latest."""
        self.env["crm.mailgateway.message"]._trigger_once(FETCH_CRON)
        cron, now = self.env.ref(OWN_CRON), fields.Datetime.now()
        planned = [("cron_id", "=", cron.id), ("call_at", ">", now)]
        if not self.env["ir.cron.trigger"].search_count(planned, limit=1):
            cron._trigger(now + timedelta(minutes=1))

    def _is_overdue(self):
        since = self.thanked_on or self.filed_on or self.sent_on
        return fields.Datetime.now() - since > PATIENCE

    def _get_missing(self):
        """Say in words what did not happen."""
        return {
            "sent": self.env._(
                "The mail was sent, and did not become a case. Look for it in Received "
                "Mail, and in the mailbox itself."
            ),
            "filed": self.env._(
                "The case is there, its thank-you did not come back to the mailbox. "
                "Look into the queue of outgoing mails."
            ),
            "thanked": self.env._("The answer was sent, and did not reach the case."),
        }[self.state]

    def _fail(self, reason):
        self.write({"state": "failed", "error": reason})
        self.case_id.active = False


def _seconds(begun, ended):
    return (ended - begun).total_seconds() if begun and ended else 0.0
