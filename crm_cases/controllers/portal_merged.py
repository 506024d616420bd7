from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from .portal_case import CasePortal


class MergedCasePortal(CasePortal):
    """Old links and mails lead to the case that a merged one became."""

    @http.route()
    def portal_my_case(self, case_id, access_token=None, **kwargs):
        try:
            case = self._document_check_access("crm.case", case_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        successor = case._get_portal_successor(request.env.user)
        if successor:
            return request.redirect(successor.get_portal_url())
        return super().portal_my_case(case_id, access_token, **kwargs)
