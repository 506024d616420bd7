from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty

from ..models.crm_case_party import ROLES


class CrmCasePartyAsk(models.TransientModel):
    """Write to another party of a case.

    A known party goes on with its conversation, a new one begins one. Nothing of the
    case goes along but what stands in the form: the subject can be changed, files of
    the case are chosen one by one and copied.
    """

    _name = "crm.case.party.ask"
    _description = "Ask Another Party"

    case_id = fields.Many2one("crm.case", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="case_id.company_id")
    known_partner_ids = fields.Many2many(
        "res.partner", compute="_compute_known_partner_ids"
    )
    party_id = fields.Many2one(
        "crm.case.party",
        string="Conversation",
        compute="_compute_party_id",
        store=True,
        compute_sudo=False,
        precompute=True,
        readonly=False,
        domain="[('case_id', '=', case_id), ('partner_id', '=', partner_id)]",
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Party", required=True, ondelete="cascade"
    )
    role = fields.Selection(
        ROLES,
        required=True,
        compute="_compute_from_party",
        store=True,
        compute_sudo=False,
        precompute=True,
        readonly=False,
    )
    subject = fields.Char(
        required=True,
        compute="_compute_from_party",
        store=True,
        compute_sudo=False,
        precompute=True,
        readonly=False,
    )
    body = fields.Html(string="Message", sanitize_style=True)
    case_attachment_ids = fields.Many2many(
        "ir.attachment",
        "crm_case_party_ask_case_attachment_rel",
        string="Files of the Case",
        domain="[('res_model', '=', 'crm.case'), ('res_id', '=', case_id)]",
        help="Only what you choose here is sent.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment", "crm_case_party_ask_attachment_rel", string="Further Files"
    )

    @api.depends("case_id")
    def _compute_known_partner_ids(self):
        for wizard in self:
            wizard.known_partner_ids = wizard.case_id.party_ids.partner_id

    @api.depends("partner_id", "case_id")
    def _compute_party_id(self):
        for wizard in self:
            wizard.party_id = wizard.case_id.party_ids.filtered(
                lambda party, w=wizard: party.partner_id == w.partner_id
            )[-1:]

    @api.depends("party_id")
    def _compute_from_party(self):
        for wizard in self:
            wizard.role = wizard.party_id.role or wizard.role or "supplier"
            wizard.subject = wizard.party_id.name or wizard.case_id.name

    def action_send(self):
        self.ensure_one()
        if is_html_empty(self.body):
            raise UserError(self.env._("Write what you want to ask."))
        if not self.partner_id.email:
            raise UserError(
                self.env._(
                    "%s has no e-mail address yet. Add one to the contact.",
                    self.partner_id.display_name,
                )
            )
        party = self.party_id or self._create_party()
        chosen = self.case_attachment_ids | self.attachment_ids
        party.message_post(
            body=self.body,
            subject=party.display_name,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.partner_id.ids,
            attachment_ids=chosen._copy_to(party).ids,
        )
        return {"type": "ir.actions.act_window_close"}

    def _create_party(self):
        return self.env["crm.case.party"].create(
            {
                "case_id": self.case_id.id,
                "partner_id": self.partner_id.id,
                "role": self.role,
                "name": self.subject,
            }
        )
