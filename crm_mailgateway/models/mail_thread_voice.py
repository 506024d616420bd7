from odoo import api, models
from odoo.tools import email_normalize, email_split, html2plaintext

from ..pipeline import forwarded, thread_key
from ..pipeline.classify import OWN, OWN_HEADER, Verdict
from ..pipeline.commands import read_instructions
from ..pipeline.quoting import new_text
from ..pipeline.reply_to import read_correspondent
from ..pipeline.sender import prove
from ..trace import CONTEXT_KEY

CASE = "crm.case"
AUTHSERV_PARAMETER = "crm_mailgateway.authserv_ids"


class MailThread(models.AbstractModel):
    """Whose voice is a mail to a case?

    From is what anybody writes. A mail with the address of one of our people counts
    as his only with a proof (see ``pipeline.sender``); without one it is filed as a
    customer's, has no author, and staff are told. Mails to other documents are left
    to Odoo.
    """

    _inherit = "mail.thread"

    @api.model
    def message_parse(self, message, save_original=False):
        parsed = super().message_parse(message, save_original=save_original)
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            self._mailgateway_read_signs(message, parsed, trace)
        return parsed

    @api.model
    def _mailgateway_read_signs(self, message, parsed, trace):
        """Note what routing needs, and take tokens out of our own addresses."""
        decisions = trace.decisions
        decisions.mail = message
        mark = str(message.get(OWN_HEADER) or "").strip()
        if mark and mark in self.env["crm.mailgateway.secret"]._own_marks():
            trace.classification = Verdict(OWN, f"{OWN_HEADER}: {mark}")
        decisions.tokens = self._mailgateway_take_tokens(parsed)
        decisions.correspondent = self._mailgateway_correspondent(
            parsed.get("from"), str(message.get("Reply-To") or "")
        )

    @api.model
    def _mailgateway_correspondent(self, sender, reply_to):
        """Return who wrote; nobody makes a customer of one of our people, or of us."""
        found = read_correspondent(sender, reply_to)
        if found.address != found.sender and self._mailgateway_is_ours(found.address):
            found = read_correspondent(sender, "")
        return found

    @api.model
    def _mailgateway_take_tokens(self, parsed):
        """Return the tokens in the recipients, and make plain addresses of these."""
        tokens = []
        for name in ("recipients", "to", "cc"):
            header = parsed.get(name) or ""
            if "+" not in header:
                continue
            for address in email_split(header):
                plain, token = thread_key.split_address(address)
                if token:
                    tokens.append(token)
                    header = header.replace(address, plain)
            parsed[name] = header
        return tuple(dict.fromkeys(tokens))

    # WHO SPEAKS

    @api.model
    def _mailgateway_identify(self, trace, case_id):
        """Find out whether a mail speaks for one of our people.

        :param case_id: of the case that it answers, if its references tell
        """
        decisions = trace.decisions
        sender = decisions.correspondent.sender
        users = self._mailgateway_internal_users(sender)
        if not users:
            return
        known = self._mailgateway_get_speakers(decisions.tokens, case_id)
        user = users.filtered(lambda u: u.id in known)[:1] or users[:1]
        matches = user.id in known
        decisions.proof = prove(
            decisions.mail, sender, matches, self._mailgateway_authserv_ids()
        )
        if decisions.proof:
            decisions.user_id = user.id
        else:
            decisions.claimed_user_id = user.id

    @api.model
    def _mailgateway_get_speakers(self, tokens, case_id):
        """Return the ids of the users whom tokens let speak in this case.

        A token speaks in the case that its notification was about, or in what a merge
        or a split has made of that; who came by it speaks in no other.
        """
        secret = self.env["crm.mailgateway.secret"]
        speakers = [secret._read_speaker_token(token) for token in tokens]
        if not any(speakers):
            return set()
        answered = self._mailgateway_today(
            case_id or self._mailgateway_token_case(tokens)
        )
        theirs = answered | answered.related_case_ids
        return {
            speaker.user_id
            for speaker in filter(None, speakers)
            if self._mailgateway_today(speaker.case_id) & theirs
        }

    @api.model
    def _mailgateway_today(self, case_id):
        """Return what has become of a case, or nothing if it is gone."""
        # sudo: which case it is decides who may see it
        case = self.env[CASE].sudo().browse(case_id or ()).exists()
        return case and case._mailgateway_survivor()

    @api.model
    def _mailgateway_internal_users(self, address):
        if not address:
            return self.env["res.users"]
        # sudo: whoever runs the gateway, all our people are recognised
        users = self.env["res.users"].sudo()
        return users.search(
            [("share", "=", False), ("partner_id.email_normalized", "=", address)]
        )

    @api.model
    def _mailgateway_authserv_ids(self):
        """Return the names of the servers that checked who sent the mail in hand.

        Of its mailbox, or of whatever hands mails over through a pipe: that one way
        adds the header says nothing about another way.
        """
        mailbox = self.env["fetchmail.server"].sudo()  # read by any gateway user
        mailbox = mailbox.browse(self.env.context.get("default_fetchmail_server_id"))
        if mailbox:
            given = mailbox.crm_mailgateway_authserv_ids or ""
        else:
            parameters = self.env["ir.config_parameter"].sudo()  # as above
            given = parameters.get_param(AUTHSERV_PARAMETER) or ""
        return tuple(given.replace(",", " ").split())

    def _message_parse_post_process(self, message, message_dict, routes):
        """A forged sender is nobody's author, and so is one who is not named."""
        values = super()._message_parse_post_process(message, message_dict, routes)
        trace = self.env.context.get(CONTEXT_KEY)
        to_case = any(route[0] == CASE for route in routes or ())
        if trace and to_case and trace.decisions.claimed_user_id:
            message_dict["author_id"] = values["author_id"] = False
        if trace and to_case and not message_dict.get("email_from"):
            # Odoo would take it for the word of whoever runs the gateway.
            nobody = self.env._("(no sender)")
            message_dict["email_from"] = message_dict["from"] = nobody
        return values

    # WHAT IS SAID

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        trace = self.env.context.get(CONTEXT_KEY)
        if not trace or not routes or routes[0][0] != CASE:
            return super()._message_route_process(message, message_dict, routes)
        self._mailgateway_take_instructions(message_dict, trace)
        res_id = super()._message_route_process(message, message_dict, routes)
        cases = self.env[CASE].sudo().browse(trace.new_cases or trace.updated_cases)
        cases._mailgateway_conclude(trace)
        return res_id

    @api.model
    def _mailgateway_take_instructions(self, message_dict, trace):
        """Take commands out of a body, if our people may give them."""
        decisions = trace.decisions
        if not decisions.user_id:
            return
        text = html2plaintext(message_dict.get("body") or "")
        decisions.instructions = read_instructions(text)
        if decisions.instructions:
            rest = decisions.instructions.text
            message_dict["body"] = self._mailgateway_text_as_html(rest)
            message_dict["is_internal"] = not new_text(rest).strip(" >\n")

    @api.model
    def _mailgateway_text_as_html(self, text):
        return self.env["crm.case"]._mailgateway_html(text)

    @api.model
    def _mailgateway_read_text(self, message_dict, trace):
        """Note what is new in a mail, and the mail that it forwards."""
        decisions = trace.decisions
        text = html2plaintext(message_dict.get("body") or "")
        decisions.text = new_text(text)
        if decisions.user_id and forwarded.is_forward(message_dict.get("subject")):
            found = forwarded.read_attached(decisions.mail)
            found = found or forwarded.read_forwarded(text)
            if found and not self._mailgateway_is_ours(found.address):
                decisions.forwarded = found

    @api.model
    def _mailgateway_is_ours(self, address):
        if self._mailgateway_internal_users(address):
            return True
        domains = self.env["mail.alias.domain"].sudo()  # read by any gateway user
        return bool(domains._find_aliases([email_normalize(address) or address]))
