from odoo import api, fields, models
from odoo.tools import formataddr


class CrmCase(models.Model):
    """What routing rules set on a case beyond what everybody may set."""

    _inherit = "crm.case"

    mail_reference = fields.Char(
        "Customer Reference",
        copy=False,
        help="As a routing rule found it in the mail, an order number for example.",
    )
    acknowledgement_template_id = fields.Many2one(
        "mail.template", readonly=True, copy=False, ondelete="set null"
    )

    @api.model
    def _mailgateway_as_customer(self, msg_dict, decisions):
        """A customer whom a rule found in the mail goes before its sender."""
        if decisions.customer and not decisions.forwarded:
            formatted = formataddr((decisions.correspondent.name, decisions.customer))
            return {**msg_dict, **self._as_sender(formatted)}
        return super()._mailgateway_as_customer(msg_dict, decisions)

    def _group_by_acknowledgement_template(self):
        own = self.filtered("acknowledgement_template_id")
        groups = super(CrmCase, self - own)._group_by_acknowledgement_template()
        for case in own:
            template = case.acknowledgement_template_id
            groups[template] = groups.get(template, self.browse()) | case
        return groups
