from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.crm_case_party import EXCERPT_LENGTH

SHOWN = 80  # newest messages


class CrmCaseSplit(models.TransientModel):
    """Chosen messages of a case become a case of their own, related to it.

    The messages move with their files; the new case belongs to whoever of the outside
    wrote the first of them, else to the customer of the case. Merging the two takes
    it back.
    """

    _name = "crm.case.split"
    _description = "Split a Case"

    case_id = fields.Many2one("crm.case", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="case_id.company_id")
    line_ids = fields.One2many(
        "crm.case.split.line",
        "split_id",
        string="Messages",
        compute="_compute_line_ids",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    name = fields.Char(
        string="Subject",
        required=True,
        compute="_compute_from_case",
        store=True,
        compute_sudo=False,
        precompute=True,
        readonly=False,
    )
    type_id = fields.Many2one(
        "crm.case.type",
        required=True,
        ondelete="cascade",
        compute="_compute_from_case",
        store=True,
        compute_sudo=False,
        precompute=True,
        readonly=False,
    )
    team_id = fields.Many2one(
        "crm.case.team",
        ondelete="cascade",
        check_company=True,
        compute="_compute_from_case",
        store=True,
        compute_sudo=False,
        precompute=True,
        readonly=False,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        ondelete="cascade",
        domain="[('share', '=', False)]",
        compute="_compute_from_case",
        store=True,
        compute_sudo=False,
        precompute=True,
        readonly=False,
    )

    @api.depends("case_id")
    def _compute_line_ids(self):
        chosen = self.env.context.get("split_message_ids") or []
        for wizard in self:
            messages = wizard.case_id._get_splittable_messages(SHOWN)
            wizard.line_ids = [Command.clear()] + [
                Command.create({"message_id": m.id, "is_chosen": m.id in chosen})
                for m in messages
            ]

    @api.depends("case_id")
    def _compute_from_case(self):
        for wizard in self:
            case = wizard.case_id
            wizard.name = case.name
            wizard.type_id = case.type_id
            wizard.team_id = case.team_id
            wizard.user_id = case.user_id

    def action_split(self):
        self.ensure_one()
        messages = self.line_ids.filtered("is_chosen").message_id
        if not messages:
            raise UserError(self.env._("Choose the messages that move."))
        case = self.case_id._split(messages, self._prepare_case_vals())
        return case._get_form_action(case)

    def _prepare_case_vals(self):
        return {
            "name": self.name,
            "type_id": self.type_id.id,
            "team_id": self.team_id.id,
            "user_id": self.user_id.id,
        }


class CrmCaseSplitLine(models.TransientModel):
    """A message that may move."""

    _name = "crm.case.split.line"
    _description = "Message to Split Off"
    _order = "date desc, id desc"

    split_id = fields.Many2one("crm.case.split", required=True, ondelete="cascade")
    is_chosen = fields.Boolean(string="Move")
    message_id = fields.Many2one(
        "mail.message", string="Whole Message", required=True, ondelete="cascade"
    )
    date = fields.Datetime(related="message_id.date", store=True)
    excerpt = fields.Text(string="Message", compute="_compute_content")
    file_count = fields.Integer(string="Files", compute="_compute_content")
    is_note = fields.Boolean(compute="_compute_content")

    @api.depends("message_id")
    def _compute_content(self):
        for line in self:
            message = line.message_id
            named = message.with_context(excerpt_length=EXCERPT_LENGTH)
            line.excerpt = named.display_name
            line.file_count = len(message.attachment_ids)
            line.is_note = message._is_note()
