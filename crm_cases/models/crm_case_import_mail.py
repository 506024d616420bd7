import email
import email.policy
import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, email_split

from .case_states import CLOSED_STATES, DRAFT
from .crm_case_duplicates import PREFIX
from .crm_case_import import QUIET

# [CASE-00042] or #1001, as people and helpdesks write it
NUMBER = re.compile(r"\[#?([^\[\]\s]{1,40})\]|#([\w-]{1,40})")


class CrmCase(models.Model):
    """Conversations that were held elsewhere.

    A mail becomes a message of its case with its own date, author and files; nobody is
    told, thanked or made a follower, and no case is reopened. WHICH CASE: the one whose
    number stands in the subject, else the one that has a mail of the same thread, else
    a new one for the thread. A mail whose Message-ID is there already adds nothing.
    """

    _inherit = "crm.case"

    @api.model
    def _import_mail(self, raw, entry, case, defaults):
        """Add a mail to a case, or to a new one.

        :param bytes raw: the mail
        :param mail_files.Entry entry: what its headers say
        :param case: the case of its thread, or none
        :param dict defaults: values of a new case
        :return: the case
        """
        self = self.with_context(**QUIET)
        message = email.message_from_bytes(raw, policy=email.policy.SMTP)
        parsed = self.env["mail.thread"].message_parse(message)
        parsed["message_id"] = entry.message_id
        parsed["date"] = min(entry.date or defaults["date"], fields.Datetime.now())
        author, is_staff = self._find_import_author(parsed["email_from"])
        if not case:
            case = self._create_import_case(parsed, author, is_staff, defaults)
        case = case.with_env(self.env)
        if not author:
            author = case._find_partner_of(parsed["email_from"])
        self.env["mail.message"].create(
            case._prepare_import_message(parsed, author, entry)
        )
        case.write(case._prepare_import_dates(parsed["date"], is_staff))
        return case

    @api.model
    def _find_import_author(self, address):
        """The contact with this address, and whether it is one of our people."""
        normalized = email_normalize(address or "", strict=False)
        found = self._get_partners_by_address({normalized} if normalized else set())
        partner = self.env["res.partner"].browse(found.get(normalized, ()))
        return partner, bool(partner) and not partner.partner_share

    def _find_partner_of(self, address):
        normalized = email_normalize(address or "", strict=False)
        return self.partner_id.filtered(lambda p: p.email_normalized == normalized)

    @api.model
    def _create_import_case(self, parsed, author, is_staff, defaults):
        """The first mail of a thread says what it is about and whose matter it is."""
        address = parsed["email_from"]
        if is_staff:
            address = next(iter(email_split(parsed["to_filtered"])), False)
        if not email_normalize(address or "", strict=False):
            address = False
        subject = re.sub(PREFIX, "", parsed.get("subject") or "", flags=re.IGNORECASE)
        closed = defaults["state"] in CLOSED_STATES
        opened = defaults["state"] != DRAFT
        last = max(parsed["date"], defaults["last_date"])
        return self.create(
            {
                "name": subject.strip() or self._get_name_without_subject(),
                "team_id": defaults["team_id"],
                "type_id": defaults["type_id"],
                "state": defaults["state"],
                "email_from": address,
                "partner_id": not is_staff and author.id,
                "create_date": parsed["date"],
                "date_open": opened and parsed["date"],
                "date_closed": closed and last,
            }
        )

    def _prepare_import_message(self, parsed, author, entry):
        vals = {
            "model": self._name,
            "res_id": self.id,
            "body": parsed.get("body") or "",
        }
        files = self._process_attachments_for_post(
            parsed.get("attachments") or [], [], vals
        )
        vals.update(files)
        Message = self.env["mail.message"].sudo()  # which mails are there already
        parent = Message.search(
            [
                ("message_id", "in", entry.references),
                ("model", "=", self._name),
                ("res_id", "=", self.id),
            ],
            order="date desc",
            limit=1,
        )
        return {
            **vals,
            "message_type": "email",
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
            "subject": parsed.get("subject"),
            "email_from": parsed["email_from"],
            "reply_to": parsed["email_from"],
            "author_id": author.id,
            "date": parsed["date"],
            "message_id": parsed["message_id"],
            "parent_id": parent.id,
            "record_name": self.display_name,
        }

    def _prepare_import_dates(self, date, is_staff):
        """Dates of the conversation, which only move forward."""
        name = "date_last_staff_message" if is_staff else "date_last_customer_message"
        vals = {}
        if not self[name] or self[name] < date:
            vals[name] = date
        if is_staff and not self.date_first_response:
            vals["date_first_response"] = date
        if self.date_action_last and self.date_action_last < date:
            vals["date_action_last"] = date
        return vals

    # ------------------------------------------------------------
    # WHICH CASE
    # ------------------------------------------------------------

    @api.model
    def _get_known_mails(self, message_ids):
        """Cases that have these mails.

        :return: id of the case by Message-ID
        :rtype: dict
        """
        # sudo: whether a mail is there already, whoever may read it
        messages = self.env["mail.message"].sudo()
        domain = [("message_id", "in", list(message_ids)), ("model", "=", self._name)]
        found = messages.search_fetch(domain, ["message_id", "res_id"])
        return {message.message_id: message.res_id for message in found}

    @api.model
    def _find_by_number(self, subject):
        """The case whose number a subject quotes."""
        numbers = [a or b for a, b in NUMBER.findall(subject or "")]
        if not numbers:
            return self.browse()
        cases = self.with_context(active_test=False).search(
            [("number", "in", numbers)], limit=1
        )
        return cases._get_survivor() if cases else cases

    @api.model
    def _check_may_import(self):
        if not self._is_manager():
            raise UserError(
                self.env._("Only a manager of the Cases app brings conversations in.")
            )
