from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import html2plaintext

ROLES = [
    ("supplier", "Supplier"),
    ("carrier", "Carrier"),
    ("expert", "Expert"),
    ("other", "Other"),
]

EXCERPT_LENGTH = 200


class CrmCaseParty(models.Model):
    """Somebody other than the customer whom a case needs: supplier, carrier, expert.

    CONVERSATION: each party has a thread of its own, on this record, never on the
    case. That alone keeps it apart: messages, followers, attachments and tokens of
    the case lead nowhere near it. Two conversations with one supplier are two
    records.

    WHO SEES IT: staff who may read the case, the party itself (with a portal account,
    or by the link in its mails), nobody else. Only staff and people of the party's own
    commercial entity can follow it or be written to; the customer and other parties
    are refused, whoever asks.

    ANSWERS come by mail or from the portal; both end in ``message_post`` of this
    record. The case gets an internal note with the first words, the responsible a
    notification, ``status`` becomes *answered*. The customer learns of it only by
    *Share with Customer*, which posts an editable copy on the case.

    SEAMS

    * Mail: route every mail to the *case* (``crm_case_party_mail`` does so with replies
      to a party's thread). ``crm.case._detect_party(msg_dict)`` names the party whose
      conversation a mail belongs to; ``crm.case.message_update`` and ``message_post``
      follow it by themselves. Whether a sender belongs to a case:
      ``crm.case._get_party_addresses()``.
    * Portal: ``access_url`` is ``/my/case-parties/ID``; portal users have read access
      on the records of their own commercial entity, and its page posts for them.
      ``case_id`` and everything computed from the case are for staff (``groups``): a
      party knows its subject and the number of the case, in ``name`` and
      ``case_number``. Mails to a party carry no button until ``_has_portal_page``
      returns True.
    * Everybody: ``_register_answer(message)`` runs after each answer of a party.
    """

    _name = "crm.case.party"
    _description = "Other Party of a Case"
    _inherit = ["mail.thread", "portal.mixin"]
    _order = "id"
    _check_company_auto = True

    name = fields.Char(
        string="Subject",
        required=True,
        compute="_compute_name",
        store=True,
        precompute=True,
        readonly=False,
        help="The party reads it: begin with that of the case, change what is not "
        "meant for them.",
    )
    case_id = fields.Many2one(
        "crm.case",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        groups="base.group_user",
    )
    case_number = fields.Char(
        related="case_id.number", related_sudo=True, string="Number"
    )
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Party",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    email_normalized = fields.Char(
        related="partner_id.email_normalized",
        store=True,
        index="btree_not_null",
        string="Email",
    )
    role = fields.Selection(ROLES, required=True, default="supplier")
    date_asked = fields.Datetime(readonly=True, copy=False, string="We Wrote On")
    date_answered = fields.Datetime(readonly=True, copy=False, string="They Wrote On")
    status = fields.Selection(
        [("new", "Not asked yet"), ("waiting", "Waiting"), ("answered", "Answered")],
        default="new",
        readonly=True,
        required=True,
        copy=False,
        help="Who wrote last: we (waiting) or they (answered).",
    )
    last_answer = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="First words of the party's last message.",
    )

    @api.depends("case_id")
    def _compute_name(self):
        for party in self:
            party.name = party.name or party.case_id.name

    @api.depends("partner_id.name", "name", "case_number")
    def _compute_display_name(self):
        """What the subject of a mail shows: nothing of the case but its number."""
        for party in self:
            party.display_name = f"[{party.case_number}] {party.name}"

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for party in self:
            party.access_url = f"/my/case-parties/{party.id}"
        return result

    # ------------------------------------------------------------
    # RIGHTS
    # ------------------------------------------------------------

    def _check_access(self, operation):
        """Staff have the rights that they have on the case."""
        result = super()._check_access(operation)
        parties = self - result[0] if result else self
        if not parties or self.env.su or not self.env.user._is_internal():
            return result
        needed = "read" if operation == "read" else "write"
        cases = parties.sudo().case_id.sudo(False)
        allowed = cases._filtered_access(needed)
        forbidden = parties.filtered(lambda p: p.sudo().case_id not in allowed)
        if not forbidden:
            return result
        if result:
            forbidden += result[0]
        rules = self.env["ir.rule"]
        return forbidden, lambda: rules._make_access_error(needed, cases - allowed)

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not (self.env.su or bypass_access) and self.env.user._is_internal():
            cases = self.env["crm.case"].with_context(active_test=False)
            domain = Domain(domain) & Domain("case_id", "in", cases._search([]))
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    @api.constrains("partner_id", "case_id")
    def _check_partner_id(self):
        for party in self:
            if party.case_id._is_customer(party.partner_id):
                raise ValidationError(
                    self.env._(
                        "%s is the customer of the case, and cannot be another party "
                        "of it as well.",
                        party.partner_id.name,
                    )
                )

    # ------------------------------------------------------------
    # WHO MAY HEAR
    # ------------------------------------------------------------

    def _filter_allowed_partners(self, partners):
        """Those who may read this conversation: staff who may know the case, and the
        party's own people."""
        self.ensure_one()
        own = self.partner_id.commercial_partner_id
        # A customer may know an expert in the own company: that one, no colleague.
        mixed = own == self.case_id.partner_id.commercial_partner_id
        return self._filter_staff(partners) | partners.filtered(
            lambda p: (
                p == self.partner_id
                or p.partner_share
                and p.commercial_partner_id == own
                and not mixed
            )
        )

    def _filter_staff(self, partners):
        """A colleague who is the customer of the case is no staff here."""
        case = self.case_id
        staff = partners.filtered(lambda p: not p.partner_share)
        staff -= case.partner_id - case.user_id.partner_id
        if not case.is_private:
            return staff
        return staff & (case.team_id._get_insiders() | case.user_id).partner_id

    def _check_recipients(self, partner_ids):
        self.ensure_one()
        # sudo: whoever may post here may learn that a recipient is refused
        party = self.sudo()
        partners = self.env["res.partner"].sudo().browse(partner_ids or [])
        refused = partners - party._filter_allowed_partners(partners)
        if refused:
            raise UserError(
                self.env._(
                    "This conversation is with %(party)s only. %(others)s cannot read "
                    "it: use “Share with Customer”, or write to them separately.",
                    party=party.partner_id.name,
                    others=", ".join(refused.mapped("display_name")),
                )
            )

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        for party in self:
            party._check_recipients(partner_ids)
        return super()._message_subscribe(partner_ids, subtype_ids, customer_ids)

    def message_post(self, **kwargs):
        self.ensure_one()
        if kwargs.get("message_type") != "email":
            self._check_recipients(kwargs.get("partner_ids"))
        if kwargs.get("outgoing_email_to"):
            raise UserError(
                self.env._("This conversation is with its party only, not with others.")
            )
        return super().message_post(**kwargs)

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """The last gate: whatever path led here, only the allowed are told."""
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        party = self.sudo()
        partners = self.env["res.partner"].sudo()
        ids = [data["id"] for data in recipients if data["id"]]
        allowed = set(party._filter_allowed_partners(partners.browse(ids)).ids)
        return [data for data in recipients if data["id"] in allowed]

    def _has_portal_page(self):
        """Whether ``access_url`` leads anywhere, so that mails may show a button."""
        return False

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals
        )
        if self and not self._has_portal_page():
            for name, _function, data in groups:
                if name != "user":
                    data["has_button_access"] = False
        return groups

    def _notify_get_reply_to(self, default=None, author_id=False):
        """Answers come to the address of the team, and from there back here."""
        # sudo: the address of the team is no secret to whoever may post
        cases = self.sudo().case_id
        addresses = cases._notify_get_reply_to(default=default, author_id=author_id)
        return {party.id: addresses.get(party.sudo().case_id.id) for party in self}

    # ------------------------------------------------------------
    # MESSAGES
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Let the party follow its conversation, and no longer the customer's."""
        parties = super().create(vals_list)
        for party in parties.sudo():  # a member needs no right on followers
            party._message_subscribe(party.partner_id.ids)
            case = party.case_id
            case.message_unsubscribe(case._filter_parties(case.message_partner_ids).ids)
        return parties

    def write(self, vals):
        """A conversation never gets another party: that one would read it all."""
        if "partner_id" in vals and any(
            p.partner_id.id != vals["partner_id"] for p in self
        ):
            raise UserError(
                self.env._("Ask somebody else in a conversation of their own.")
            )
        return super().write(vals)

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        sudo_message = message.sudo()  # a portal author cannot read all of it
        human = sudo_message.message_type in ("comment", "email")
        if human and not sudo_message._is_note():
            if sudo_message.author_id and not sudo_message.author_id.partner_share:
                # sudo: a member may write here with read access to the case
                self.sudo().write(
                    {"date_asked": fields.Datetime.now(), "status": "waiting"}
                )
            else:
                self.sudo()._register_answer(sudo_message)
        return result

    def _file_mail(self, values):
        """Post a mail that came in on the case.

        :param dict values: what would have been posted on the case; whom the mail
            itself reached is not told again
        """
        self.ensure_one()
        party = self.with_context(mail_post_autofollow_author_skip=True)
        return party.message_post(**{**values, "partner_ids": []})

    def _register_answer(self, message):
        """Remember that the party answered and tell staff, on the case, internally.

        :param message: the answer, a ``mail.message`` of this record
        """
        self.ensure_one()
        responsible = self.case_id.user_id.partner_id
        if responsible not in self.message_partner_ids:
            self._message_subscribe(responsible.ids)
        excerpt = self._get_excerpt(message)
        self.write(
            {
                "date_answered": fields.Datetime.now(),
                "last_answer": excerpt,
                "status": "answered",
            }
        )
        # By nobody: whoever answers this note by mail must not write to the party.
        self.case_id.message_post(
            body=self._get_answer_note(excerpt),
            author_id=self.env.ref("base.partner_root").id,
            subtype_xmlid="mail.mt_note",
        )

    def _get_answer_note(self, excerpt):
        line = escape(
            self.env._("%(party)s (%(role)s) answered, visible to staff only:")
        )
        roles = dict(self._fields["role"]._description_selection(self.env))
        return Markup("<p>%s<br/>%s</p>") % (
            line
            % {
                "party": self._get_html_link(self.partner_id.name),
                "role": roles[self.role],
            },
            excerpt,
        )

    @api.model
    def _get_excerpt(self, message, length=EXCERPT_LENGTH):
        text = " ".join(html2plaintext(message.body or "").split())
        if len(text) <= length:
            return text
        return text[:length].rsplit(" ", 1)[0] + " …"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open(self):
        self.ensure_one()
        return self._get_records_action(name=self.partner_id.name)

    def action_share(self):
        """Choose what the customer gets to read of this conversation."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Share with Customer"),
            "res_model": "crm.case.party.share",
            "view_mode": "form",
            "target": "new",
            "context": {"default_party_id": self.id},
        }
