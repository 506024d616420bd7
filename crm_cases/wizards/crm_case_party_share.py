from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, is_html_empty


class CrmCasePartyShare(models.TransientModel):
    """Give the customer what another party wrote: an editable copy, by our name.

    The text begins as the chosen message, quoted without the name of its author. What
    is in the box when *Share* is pressed is what the customer reads; files are chosen
    one by one and copied. The conversation with the party notes what was shared.
    """

    _name = "crm.case.party.share"
    _description = "Share with Customer"

    party_id = fields.Many2one("crm.case.party", required=True, ondelete="cascade")
    case_id = fields.Many2one(related="party_id.case_id", related_sudo=False)
    customer_name = fields.Char(compute="_compute_customer_name", string="To")
    message_id = fields.Many2one(
        "mail.message",
        string="Message of the Party",
        compute="_compute_message_id",
        store=True,
        compute_sudo=False,
        readonly=False,
        domain="[('model', '=', 'crm.case.party'), ('res_id', '=', party_id), "
        "('message_type', 'in', ('comment', 'email'))]",
        ondelete="cascade",
    )
    body = fields.Html(
        string="The Customer Reads",
        compute="_compute_body",
        store=True,
        compute_sudo=False,
        readonly=False,
        sanitize_style=True,
    )
    available_attachment_ids = fields.Many2many(
        "ir.attachment",
        "crm_case_party_share_available_rel",
        compute="_compute_available_attachment_ids",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "crm_case_party_share_attachment_rel",
        string="Files",
        domain="[('id', 'in', available_attachment_ids)]",
    )

    @api.depends("party_id")
    def _compute_customer_name(self):
        for wizard in self:
            case = wizard.case_id
            wizard.customer_name = (
                case.partner_id.display_name or case.partner_name or case.email_from
            )

    @api.depends("party_id")
    def _compute_message_id(self):
        """The last word of the party."""
        for wizard in self:
            wizard.message_id = wizard.party_id.message_ids.filtered(
                lambda m: (
                    m.message_type in ("comment", "email")
                    and not m.is_internal
                    and (not m.author_id or m.author_id.partner_share)
                )
            )[:1]

    @api.depends("message_id")
    def _compute_body(self):
        for wizard in self:
            message = wizard.message_id
            intro = escape(
                self.env._(
                    "We received this answer on %s:",
                    format_date(self.env, message.date),
                )
            )
            wizard.body = message and Markup("<p>%s</p><blockquote>%s</blockquote>") % (
                intro,
                message.body,
            )

    @api.depends("message_id", "party_id")
    def _compute_available_attachment_ids(self):
        for wizard in self:
            wizard.available_attachment_ids = wizard.party_id.message_ids.attachment_ids

    def _validate_fields(self, field_names, excluded_names=()):
        self.party_id.check_access("read")  # what it wrote would be shown
        return super()._validate_fields(field_names, excluded_names)

    def action_share(self):
        self.ensure_one()
        if is_html_empty(self.body):
            raise UserError(self.env._("There is no text yet that could be shared."))
        case = self.case_id
        chosen = self.attachment_ids & self.available_attachment_ids
        message = case.message_post(
            body=self.body,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self._link_customer().ids,
            outgoing_email_to=not case.partner_id and case.email_from,
            attachment_ids=chosen._copy_to(case).ids,
        )
        self._note_on_party(message)
        return {"type": "ir.actions.act_window_close"}

    def _link_customer(self):
        """The customer; a mere address becomes a contact if one may be created."""
        case = self.case_id
        if not case.partner_id and case.email_normalized:
            case.partner_id = case._partner_find_from_emails_single(
                [case.email_from],
                no_create=not self.env["res.partner"].has_access("create"),
            )
        return case.partner_id

    def _note_on_party(self, message):
        self.party_id.message_post(
            body=Markup("<p>%s</p><blockquote>%s</blockquote>")
            % (self.env._("Shared with the customer:"), message.body),
            subtype_xmlid="mail.mt_note",
        )
