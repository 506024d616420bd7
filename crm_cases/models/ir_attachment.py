from odoo import models

CONVERSATIONS = ("crm.case", "crm.case.party")


class IrAttachment(models.Model):
    """Nobody outside is given a token of a file of a case: it would open the file for
    weeks, whatever was revoked since. Our pages ask for the right each time."""

    _inherit = "ir.attachment"

    def _is_for_our_pages(self):
        # sudo: who reads the message of a file need not read where it hangs
        return self.env.user.share and self.sudo().res_model in CONVERSATIONS

    def _get_raw_access_token(self):
        return not self._is_for_our_pages() and super()._get_raw_access_token()

    def _get_ownership_token(self):
        return not self._is_for_our_pages() and super()._get_ownership_token()

    def _get_thumbnail_token(self):
        return not self._is_for_our_pages() and super()._get_thumbnail_token()
