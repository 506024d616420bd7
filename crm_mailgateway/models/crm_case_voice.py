from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import LazyTranslate, email_normalize, plaintext2html

from .. import words
from ..pipeline.classify import BOUNCE
from ..pipeline.domains import company_domain
from ..pipeline.forwarded import plain_subject
from ..pipeline.language import detect_language
from ..trace import CONTEXT_KEY

_lt = LazyTranslate(__name__)

MAX_WATCHERS = 20
WARNINGS = [
    ("stranger", "Unknown sender"),
    ("unproven", "Unproven colleague"),
    ("diverted", "Answers go elsewhere"),
]


class CrmCase(models.Model):
    """Who is the customer of a case that came by mail, and what staff are warned of.

    CUSTOMER: whom answers go to (Reply-To), or who wrote the mail that one of our
    people forwards. The name shown is always that of From. He is matched by his
    address, never by a part of it. A contact that is made for him later gets the
    language of his mail, and the company whose domain he writes from.

    WARNINGS stand over the form until somebody has looked: a stranger wrote, somebody
    has the address of a colleague and no proof, or answers go to another domain than
    the mail came from.
    """

    _inherit = "crm.case"

    mail_lang = fields.Char(
        "Language of the Mail",
        readonly=True,
        copy=False,
        help="Two letters, as detected in the first mail.",
    )
    mail_warning = fields.Selection(WARNINGS, readonly=True, copy=False)
    mail_warning_address = fields.Char(readonly=True, copy=False)
    bounced_address = fields.Char(
        "Undeliverable Address",
        readonly=True,
        copy=False,
        help="A mail of this case could not be delivered to it.",
    )
    bounced_for_good = fields.Boolean(readonly=True, copy=False)

    # NEW CASES

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace and trace.decisions.correspondent:
            decisions = trace.decisions
            lang = detect_language(decisions.text)
            custom_values = {"mail_lang": lang, **(custom_values or {})}
            msg_dict = self._mailgateway_as_customer(msg_dict, decisions)
        return super().message_new(msg_dict, custom_values)

    @api.model
    def _mailgateway_as_customer(self, msg_dict, decisions):
        """Return a mail as if the customer had sent it, who need not be the sender."""
        correspondent, found = decisions.correspondent, decisions.forwarded
        if found:
            subject = plain_subject(found.subject or msg_dict.get("subject"))
            return {**msg_dict, "subject": subject, **self._as_sender(found.sender)}
        if not correspondent.sender:
            return {**msg_dict, "email_from": "", "from": ""}
        other = correspondent.address != correspondent.sender
        if correspondent.address and (other or correspondent.is_disguised):
            customer = self._as_sender(correspondent.formatted)
            if not other and decisions.claimed_user_id:
                customer["author_id"] = False
            return {**msg_dict, **customer}
        return msg_dict

    @api.model
    def _as_sender(self, formatted):
        partner = self.env["mail.thread"]._partner_find_from_emails_single(
            [formatted], no_create=True
        )
        return {"email_from": formatted, "from": formatted, "author_id": partner.id}

    @api.model
    def _mailgateway_installed_lang(self, short):
        """Return the code of the installed language for two letters, or False."""
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        return next((c for c in installed if c.split("_")[0] == short), False)

    def _prepare_customer_vals(self):
        vals = super()._prepare_customer_vals()
        lang = self.mail_lang and self._mailgateway_installed_lang(self.mail_lang)
        if lang:
            vals["lang"] = lang
        company = self._mailgateway_company_of_domain()
        if company:
            vals["parent_id"] = company.id
        return vals

    def _mailgateway_company_of_domain(self):
        """Return the one company whose people write from the customer's domain."""
        domain = company_domain(self.email_normalized)
        partners = self.env["res.partner"]
        if not domain:
            return partners
        companies = partners.search(
            [("is_company", "=", True), ("email_normalized", "=like", f"%@{domain}")],
            limit=2,
        )
        return companies if len(companies) == 1 else partners

    @api.model
    def _mail_without_aliases(self, msg_dict):
        """Bound the watchers that one mail can bring."""
        msg_dict = super()._mail_without_aliases(msg_dict)
        watchers = [a for a in (msg_dict.get("cc") or "").split(",") if a.strip()]
        return {**msg_dict, "cc": ",".join(watchers[:MAX_WATCHERS])}

    @api.model
    def _mailgateway_html(self, text):
        return plaintext2html(text) if text.strip() else Markup("")

    # AFTER THE MAIL WAS FILED

    def _mailgateway_conclude(self, trace):
        """Link, warn, and carry out commands, once a mail has been filed."""
        decisions = trace.decisions
        for other in self[1:] if trace.new_cases else ():
            other.origin_id = self[0]
        for case in self:
            case._mailgateway_tell_origin()
            case._mailgateway_warn(decisions)
        if decisions.watchers:
            self._mailgateway_add_watchers(decisions.watchers)
        if decisions.instructions:
            self[:1]._mailgateway_obey(decisions)

    def _mailgateway_tell_origin(self):
        """Let both cases name each other in their chatter."""
        if self.origin_id and self._mailgateway_is_new():
            self.related_case_ids |= self.origin_id
            body = self.env._("Follows %s", self.origin_id._get_html_link())
            self._mailgateway_log(body)
            body = self.env._("Continued in %s", self._get_html_link())
            self.origin_id._mailgateway_log(body)

    def _mailgateway_log(self, body):
        """Log what the gateway found, in the name of nobody who only runs it."""
        author = self.env.ref("base.partner_root")
        return self._message_log(body=body, author_id=author.id)

    def _mailgateway_is_new(self):
        trace = self.env.context.get(CONTEXT_KEY)
        return bool(trace) and self.id in trace.new_cases

    def _mailgateway_add_watchers(self, addresses):
        for case in self:
            present = case.email_cc or ""
            added = [a for a in addresses if a.lower() not in present.lower()]
            if added:
                case.email_cc = ", ".join(filter(None, [present, *added]))

    def _mailgateway_warn(self, decisions):
        correspondent = decisions.correspondent
        warning = address = False
        if decisions.claimed_user_id:
            warning, address = "unproven", correspondent.sender
        elif decisions.stranger:
            warning, address = "stranger", correspondent.sender
        elif correspondent.is_diverted and self._mailgateway_is_new():
            warning, address = "diverted", correspondent.address
        if warning and not decisions.forwarded:
            self.write({"mail_warning": warning, "mail_warning_address": address})

    def action_dismiss_mail_warning(self):
        self.check_access("write")
        self.write({"mail_warning": False, "mail_warning_address": False})

    def action_accept_mail_sender(self):
        """Let the stranger take part from now on."""
        self.check_access("write")
        for case in self.filtered("mail_warning_address"):
            case._mailgateway_add_watchers([case.mail_warning_address])
        self.action_dismiss_mail_warning()

    # BOUNCES

    def _register_report(self, verdict):
        """Note what a mail server tells of a mail of this case.

        :param Verdict verdict: of kind bounce or report
        :return: a sentence for the journal
        """
        address = ", ".join(verdict.recipients[:3]) or "?"
        if verdict.kind != BOUNCE:
            return _lt("A delivery report (%s)", verdict.signal)
        for case in self:
            case.bounced_address = address
            case.bounced_for_good = verdict.hard
            case._mailgateway_log(case._mailgateway_bounce_note(address, verdict.hard))
        if verdict.hard:
            return _lt("A bounce: its address was marked. %s is out of reach.", address)
        return _lt(
            "A bounce: its address was marked. %s cannot be reached now.", address
        )

    def _mailgateway_bounce_note(self, address, hard):
        if hard:
            return self.env._("A mail could not be delivered to %s.", address)
        return self.env._("A mail could not be delivered to %s for now.", address)

    def _get_reminder_recipients(self, audience):
        """Remind nobody whom our mails do not reach."""
        recipients = super()._get_reminder_recipients(audience)
        unreachable = self.bounced_for_good and (
            self.bounced_address == self.email_normalized
        )
        if unreachable and audience == "customer":
            return {name: False for name in recipients}
        return recipients

    def write(self, vals):
        """A new address has not bounced yet."""
        if "email_from" in vals or "partner_id" in vals:
            vals = {"bounced_address": False, "bounced_for_good": False, **vals}
        return super().write(vals)

    # ACKNOWLEDGEMENT

    def _prepare_acknowledgement_vals(self, email_from, trace):
        """Thank the customer, who need not be the sender."""
        decisions = trace.decisions
        if decisions.no_acknowledgement:
            reason = _lt("A routing rule wants no acknowledgement.")
            return {"ack_state": "withheld", "ack_terms": words.pack(reason)}
        correspondent = decisions.correspondent
        if decisions.forwarded or (
            correspondent and correspondent.address != correspondent.sender
        ):
            email_from = self.email_from
        return super()._prepare_acknowledgement_vals(email_from, trace)

    def _is_own_address(self, address):
        return super()._is_own_address(email_normalize(address) or address)
