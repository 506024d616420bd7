from odoo import models

from .case_states import CLOSED_STATES


class CrmCaseParty(models.Model):
    """What a supplier sees: the subject, where it stands, and the own conversation.

    Nothing of the case itself: not its description, its customer, its messages, nor
    that there are other parties.
    """

    _name = "crm.case.party"
    _inherit = ["crm.case.conversation.mixin", "crm.case.party"]  # as of a case

    def _has_portal_page(self):
        return True

    def _get_portal_status(self):
        """Where the enquiry stands, in the words of its reader; see the case."""
        self.ensure_one()
        # sudo: whether a case is closed, its suppliers may know
        if self.sudo().case_id.state in CLOSED_STATES:
            text = self.env._("This matter is closed. Thank you for your help.")
            return {"label": self.env._("Closed"), "text": text, "tone": "secondary"}
        if self.status == "waiting":
            text = self.env._("We wait for your answer.")
            return {"label": self.env._("Waiting"), "text": text, "tone": "warning"}
        if self.status == "answered":
            text = self.env._("We have your answer and come back to you if need be.")
            return {"label": self.env._("Answered"), "text": text, "tone": "success"}
        text = self.env._("We have not written to you yet.")
        return {"label": self.env._("New"), "text": text, "tone": "info"}
