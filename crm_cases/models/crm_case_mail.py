from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.tools import parse_contact_from_email

from .case_states import CLOSED_STATES, OPEN, PENDING
from .known_records import known

# What people write themselves. Acknowledgements, reminders, out-of-office notes and
# system messages have other types: they answer nobody and are nobody's answer.
HUMAN_MESSAGE_TYPES = ("comment", "email")

CUSTOMER = "customer"
STAFF = "staff"


class CrmCase(models.Model):
    """How a case talks.

    INTAKE: a mail to the address of a team becomes a case of that team; without a
    team it goes to General. Subject, sender and watchers come from the mail, the
    contact is matched by address but never created, nobody becomes responsible.
    The mail itself is the first message of the conversation.

    ANSWERS: a human message of the customer (mail or portal) reopens the case, see
    ``_reopen_on_customer_reply``.

    SPEAKER: each message is by the customer, by staff, or by nobody: notes,
    automatic messages and OdooBot count for neither side. A colleague who is the
    customer of the case speaks as the customer.

    OUTGOING: the subject carries the number as ``[CASE-00042]``, the reply address
    is that of the team.
    """

    _inherit = "crm.case"
    _mail_thread_customer = True  # whom we write to as the customer, follows

    # ------------------------------------------------------------
    # INTAKE
    # ------------------------------------------------------------

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        values = {**self._prepare_mail_vals(msg_dict), **(custom_values or {})}
        return super().message_new(self._mail_without_aliases(msg_dict), values)

    def message_update(self, msg_dict, update_vals=None):
        return super().message_update(self._mail_without_aliases(msg_dict), update_vals)

    @api.model
    def _prepare_mail_vals(self, msg_dict):
        """Values of a new case from a mail.

        The responsible is explicitly nobody: the default is the caller, and here
        that is the gateway.
        """
        email_from = msg_dict.get("email_from")
        name, _email = parse_contact_from_email(email_from or "")
        vals = {
            "name": msg_dict.get("subject") or self._get_name_without_subject(),
            "email_from": email_from,
            "partner_id": msg_dict.get("author_id") or False,
            "user_id": False,
        }
        if name and not vals["partner_id"]:
            vals["partner_name"] = name
        return vals

    @api.model
    def _get_name_without_subject(self):
        return self.env._("(no subject)")

    def _is_without_subject(self):
        """Tell whether the mail that made this case had no subject.

        Its name says so, in the language of whoever ran the gateway.
        """
        self.ensure_one()
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        return any(
            self.name == self.with_context(lang=code)._get_name_without_subject()
            for code in languages
        )

    @api.model
    def _mail_without_aliases(self, msg_dict):
        """Our own addresses among the recipients are no watchers."""
        return {**msg_dict, "cc": msg_dict.get("cc_filtered", msg_dict.get("cc"))}

    # ------------------------------------------------------------
    # EVERY MESSAGE
    # ------------------------------------------------------------

    def _message_post_after_hook(self, message, msg_values):
        self._link_new_customer(message)
        if message.message_type in HUMAN_MESSAGE_TYPES:
            self._register_human_message(message)
        return super()._message_post_after_hook(message, msg_values)

    def _register_human_message(self, message):
        speaker = self._detect_speaker(message)
        # sudo: a customer answering on the portal may read the case, not write it.
        # Tracking is off because these dates are no news for anybody.
        self.sudo().with_context(tracking_disable=True).write(
            self._prepare_message_dates(speaker)
        )
        if speaker == CUSTOMER:
            self.sudo()._reopen_on_customer_reply()

    def _detect_speaker(self, message):
        """Whose word this message is: CUSTOMER, STAFF or False."""
        self.ensure_one()
        message = message.sudo()  # a portal author cannot read all of his message
        author = message.author_id
        if message._is_note():
            return False
        if author == known(self.env, "base.partner_root"):
            return False
        if self._is_customer(author):
            return CUSTOMER
        return STAFF if author and not author.partner_share else CUSTOMER

    def _is_customer(self, partner):
        return bool(partner) and (
            partner == self.partner_id
            or bool(
                self.email_normalized
                and partner.email_normalized == self.email_normalized
            )
        )

    def _prepare_message_dates(self, speaker):
        now = fields.Datetime.now()
        vals = {"date_action_last": now}
        if speaker == CUSTOMER:
            vals["date_last_customer_message"] = now
        elif speaker == STAFF:
            vals["date_last_staff_message"] = now
            if not self.date_first_response:
                vals["date_first_response"] = now
        return vals

    def _reopen_on_customer_reply(self):
        """The customer wrote: work goes on. A case nobody began to work on stays a
        draft. Override to follow another policy for closed cases."""
        self.filtered(
            lambda case: (
                case.state in CLOSED_STATES
                or case.state == PENDING
                and (case.team_id.reopen_pending or not case.team_id)
            )
        )._transition(OPEN)

    def _get_opening_message(self):
        """The mail that became this case, if a mail did."""
        self.ensure_one()
        return self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("message_type", "=", "email"),
                ("subtype_id", "=", self._creation_subtype().id),
            ],
            order="id",
            limit=1,
        )

    def _link_new_customer(self, message):
        """A first message written to a mere address creates its contact on the way
        (suggested recipients): make it the customer of all open cases of that
        address."""
        email = self.email_normalized
        if self.partner_id or not email or not message.partner_ids:
            return
        partner = message.partner_ids.filtered(lambda p: p.email_normalized == email)
        self._link_customer_of_address(partner[:1])

    # ------------------------------------------------------------
    # SUBTYPES
    # ------------------------------------------------------------

    def _creation_subtype(self):
        return known(self.env, "crm_cases.mt_case_new")

    def _creation_message(self):
        self.ensure_one()
        if self.team_id:
            return self.env._("New case for %s", self.team_id.display_name)
        return self.env._("New case")

    def _track_subtype(self, initial_values):
        self.ensure_one()
        if self.escalation_level > initial_values.get(
            "escalation_level", self.escalation_level
        ):
            return known(self.env, "crm_cases.mt_case_escalated")
        if "stage_id" in initial_values:
            before = initial_values["stage_id"].state
            closes = self.state in CLOSED_STATES and before not in CLOSED_STATES
            return known(
                self.env,
                "crm_cases.mt_case_closed" if closes else "crm_cases.mt_case_stage",
            )
        if "user_id" in initial_values and self.user_id:
            return known(self.env, "crm_cases.mt_case_assigned")
        return super()._track_subtype(initial_values)

    # ------------------------------------------------------------
    # OUTGOING
    # ------------------------------------------------------------

    def _message_compute_subject(self):
        """The number goes out in the subject: people quote it, and a reply whose
        headers got lost is still recognised by it."""
        self.ensure_one()
        return self.display_name

    def _notify_get_reply_to(self, default=None, author_id=False):
        # sudo: the address of the team is no secret to whoever may post
        teams = self.sudo().team_id
        addresses = teams._notify_get_reply_to(default=default, author_id=author_id)
        result = {case.id: addresses.get(case.sudo().team_id.id) for case in self}
        teamless = self.filtered(lambda case: not case.sudo().team_id)
        if teamless:
            result.update(
                super(CrmCase, teamless)._notify_get_reply_to(
                    default=default, author_id=author_id
                )
            )
        return result

    def _get_customer_information(self):
        info = super()._get_customer_information()
        for case in self.filtered("email_normalized"):
            values = info.setdefault(case.email_normalized, {})
            values.update(case._prepare_customer_vals())
        return info

    def _prepare_customer_vals(self):
        """Values for the contact that this case would create."""
        self.ensure_one()
        name, _email = parse_contact_from_email(self.email_from)
        vals = {
            "name": self.partner_name or name or self.email_normalized,
            "phone": self.phone,
            "company_id": self.company_id.id,
        }
        return {key: value for key, value in vals.items() if value}

    # ------------------------------------------------------------
    # EMPTY LISTS
    # ------------------------------------------------------------

    @api.model
    def get_empty_list_help(self, help_message):
        """Say which address to write to, if there is one."""
        address = self._get_intake_address()
        if address:
            hint = escape(self.env._("Mails to %(address)s become cases."))
            link = Markup('<a href="mailto:%(address)s">%(address)s</a>')
            help_message = Markup("%s<p>%s</p>") % (
                Markup(help_message or ""),
                hint % {"address": link % {"address": address}},
            )
        return super().get_empty_list_help(help_message)

    @api.model
    def _get_intake_address(self):
        Team = self.env["crm.case.team"]
        own = Team._get_teams_by_user(self.env.user).get(self.env.user, Team)
        general = Team._get_fallback_team()
        others = Team.search([("alias_name", "!=", False)], limit=1)
        return next(
            (t.alias_email for t in (own, general, others) if t.alias_email), ""
        )
