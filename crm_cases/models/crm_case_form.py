from datetime import timedelta

from odoo import api, fields, models

DOUBLE_CLICK = timedelta(minutes=1)


class CrmCase(models.Model):
    """How a form becomes a case.

    A case from a form is nobody's and a draft, as one from a mail is; what the
    customer wrote is the first message of the conversation. The same subject of the
    same customer within a minute is a second click, not a second case.
    """

    _inherit = "crm.case"

    @api.model
    def _open_from_form(self, vals, text, attachments=()):
        """Open a case for a customer.

        :param dict vals: at least ``name``, ``team_id``, ``type_id``
        :param str text: plain text of the customer
        :param attachments: list of (name, bytes)
        :return: the case
        """
        double = self._find_double(vals)
        if double:
            return double
        case = self.with_context(mail_create_nosubscribe=True).create(
            {"user_id": False, **self._prepare_form_vals(), **vals}
        )
        case.message_subscribe(case.partner_id.ids)
        case._portal_post(case.partner_id, text or vals["name"], attachments)
        return case

    @api.model
    def _prepare_form_vals(self):
        website = self.env.ref("utm.utm_medium_website", raise_if_not_found=False)
        return {"medium_id": website.id if website else False}

    @api.model
    def _find_double(self, vals):
        if not vals.get("partner_id"):
            return self.browse()
        return self.search(
            [
                ("partner_id", "=", vals["partner_id"]),
                ("name", "=", vals["name"]),
                ("team_id", "=", vals["team_id"]),
                ("create_date", ">=", fields.Datetime.now() - DOUBLE_CLICK),
            ],
            limit=1,
        )
