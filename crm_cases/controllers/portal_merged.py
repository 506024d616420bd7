from odoo import http
from odoo.http import request
from odoo.tools import consteq

from .portal_case import CasePortal


class MergedCasePortal(CasePortal):
    """Old links and mails lead to the case that a merged one became.

    A merged case is archived, and what is archived shows nothing. Whoever may see the
    survivor is led there: by his own rights, or by the link of the merged case if both
    are of the same customer.
    """

    @http.route()
    def portal_my_case(self, case_id, access_token=None, **kwargs):
        successor = self._find_successor(case_id, access_token)
        if successor:
            return request.redirect(successor.get_portal_url())
        return super().portal_my_case(case_id, access_token, **kwargs)

    def _find_successor(self, case_id, access_token):
        # sudo: customers do not read archived cases; rights are asked below
        case = request.env["crm.case"].sudo().browse(case_id).exists()
        survivor = case._get_survivor() if case.merged_into_id else case.browse()
        if not survivor:
            return survivor
        link = bool(
            access_token
            and case.access_token
            and consteq(case.access_token, access_token)
        )
        return case._get_portal_successor(request.env.user, by_link=link)
