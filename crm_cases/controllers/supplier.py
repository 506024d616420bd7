from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.case_uploads import PICTURE_TYPES
from .portal_case import CasePortal


class SupplierPortal(CasePortal):
    """The pages of a supplier, carrier or expert: the own enquiries, and no case.

    As on the pages of a case, ``_find_document`` alone decides who gets in.
    """

    @http.route(
        ["/my/case-parties", "/my/case-parties/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_parties(self, page=1, **kwargs):
        found, party_pager = self._search_page(
            request.env["crm.case.party"], [], "id desc", page, "/my/case-parties"
        )
        values = {
            **self._prepare_portal_layout_values(),
            "parties": found,
            "page_name": "case_party",
            "pager": party_pager,
        }
        return self._render("crm_cases.portal_my_parties", values)

    @http.route(
        "/my/case-parties/<int:party_id>", type="http", auth="public", website=True
    )
    def portal_my_party(self, party_id, access_token=None, **kwargs):
        party = self._find_document("crm.case.party", party_id, access_token)
        if not party:
            return request.redirect("/my")
        return self._render_party(party, access_token, **self._keep_link(kwargs))

    @http.route(
        "/my/case-parties/<int:party_id>/answer",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_party_answer(self, party_id, access_token=None, text="", **kwargs):
        party = self._find_document("crm.case.party", party_id, access_token)
        if not party:
            return request.redirect("/my")
        author = self._find_author(party, kwargs)
        try:
            with request.env.cr.savepoint():
                party._portal_post_answer(author, text, self._read_files())
        except UserError as error:
            problem = {"problem": str(error), "text": text}
            problem.update(self._keep_link(kwargs))
            return self._render_party(party, access_token, **problem)
        link = self._make_linker(party, access_token, kwargs)
        return request.redirect(link(done="answered"))

    @http.route(
        "/my/case-parties/<int:party_id>/files/<int:attachment_id>",
        type="http",
        auth="public",
        website=True,
    )
    def portal_party_file(
        self, party_id, attachment_id, access_token=None, show=None, **kwargs
    ):
        party = self._find_document("crm.case.party", party_id, access_token)
        attachment = party and party._get_portal_attachment(attachment_id)
        if not attachment:
            raise request.not_found()
        return self._send_file(attachment, show)

    def _render_party(self, party, access_token, **kwargs):
        values = {
            "page_name": "case_party",
            "party": party,
            "messages": party._get_portal_messages(),
            "status": party._get_portal_status(),
            "done_message": self._get_done_messages().get(kwargs.pop("done", None)),
            "error_message": kwargs.pop("problem", None),
            "text": kwargs.pop("text", ""),
            "case_link": self._make_linker(party, access_token, kwargs),
            "picture_types": PICTURE_TYPES,
        }
        values = self._get_page_view_values(
            party, access_token, values, "my_parties_history", False, **kwargs
        )
        return self._render("crm_cases.portal_party_page", values)
