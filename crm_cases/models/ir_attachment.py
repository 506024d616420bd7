from odoo import models

CONVERSATIONS = ("crm.case", "crm.case.party")


class IrAttachment(models.Model):
    """Nobody outside is given a token of a file of a case: it would open the file for
    weeks, whatever was revoked since. Our pages ask for the right each time.

    Files that go from one conversation to another are copied: who may read the copy has
    no way to the original.
    """

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

    def _copy_to(self, record):
        """:return: copies of these files that belong to ``record``"""
        self.check_access("read")
        # sudo: readable files of a case that a member may not write to
        copies = self.sudo().browse()
        for attachment in self.sudo():
            copies |= attachment.copy(
                {
                    "res_model": record._name,
                    "res_id": record.id,
                    "access_token": False,
                }
            )
        return copies.sudo(False)
