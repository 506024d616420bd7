from itertools import compress

from odoo import api, models, tools


class MailMessage(models.Model):
    """What is said on a case, changed or withdrawn there, is found or not any more."""

    _inherit = "mail.message"

    @api.model_create_multi
    def create(self, vals_list):
        # What is said where is not asked of the messages: they would have to be read.
        places = [(vals.get("model"), vals.get("res_id")) for vals in vals_list]
        messages = super().create(vals_list)
        case_ids = [res_id for model, res_id in places if model == "crm.case"]
        if case_ids:
            self.env["crm.case.document"]._mark_stale(case_ids)
        unplaced = [not model for model, _res_id in places]
        if any(unplaced):  # by a default, maybe
            messages.browse(compress(messages.ids, unplaced))._mark_cases_stale()
        return messages

    def write(self, vals):
        moves = bool({"body", "subject", "model", "res_id"} & vals.keys())
        if moves:
            self._mark_cases_stale()
        result = super().write(vals)
        if moves:
            self._mark_cases_stale()
        return result

    def unlink(self):
        self._mark_cases_stale()
        return super().unlink()

    def _is_note(self):
        """Whether it is for staff only."""
        return self.is_internal or self.subtype_id._is_for_staff()

    def _mark_cases_stale(self):
        # sudo: words are of the case, whoever may read which message
        of_cases = self.sudo().filtered(lambda message: message.model == "crm.case")
        if of_cases:
            self.env["crm.case.document"]._mark_stale(of_cases.mapped("res_id"))


class MailMessageSubtype(models.Model):
    """Which subtypes are for staff only is remembered: each message asks."""

    _inherit = "mail.message.subtype"

    def _is_for_staff(self):
        return bool(self) and self._is_for_staff_by_id(self.id)

    @api.model
    @tools.ormcache("subtype_id")
    def _is_for_staff_by_id(self, subtype_id):
        """Forgotten when any subtype changes: Odoo clears its caches then."""
        # sudo: a portal author knows no subtypes
        return self.browse(subtype_id).sudo().internal
