from odoo import models


class CrmCase(models.Model):
    """Whether somebody may read a page of cases is asked of the database.

    Odoo decides it in Python after each search, once more: the rules ask who follows
    a case, so every column and every follower of the page would be read for that.
    One query by key answers the same; who may not is found, and told, as ever.
    """

    _inherit = "crm.case"

    def _check_access(self, operation):
        unsure = self
        page = operation == "read" and len(self) > 1 and all(self._ids)
        if page and self.browse().has_access("read"):
            unsure = self - self._get_readable()
            if not unsure:
                return None
        return super(CrmCase, unsure)._check_access(operation)

    def _get_readable(self):
        """Those of these cases that the rules let the user read."""
        query = self._search([("id", "in", self.ids)], active_test=False)
        return self.browse(query)
