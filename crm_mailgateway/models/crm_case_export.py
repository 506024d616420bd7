from odoo import api, models


class CrmCaseExport(models.AbstractModel):
    """Received mails are part of what is known of a person, byte for byte."""

    _inherit = "crm.case.export"

    @api.model
    def _get_files(self, partner):
        yield from super()._get_files(partner)
        # sudo: whose mails these are does not depend on who asks
        erasure = self.env["crm.case.erasure"].sudo()
        cases = self._get_cases(partner).sudo()
        mails = erasure._get_mails_of_cases(cases).with_env(self.env)
        for mail in mails._filtered_access("read"):
            if content := mail._read_content():
                yield f"mails/{mail.id}.eml", content
