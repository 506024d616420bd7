from werkzeug.urls import url_encode

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request
from odoo.tools import consteq

from ..models.case_uploads import PICTURE_TYPES, find_obstacle
from .portal import CasesPortal


class CasePortal(CasesPortal):
    """One case of a customer: the page, and what can be done there.

    ACCESS to every address below is decided by ``_find_case`` alone: who is logged in
    and may read the case, or who holds its token. Everybody else is led away without
    a word about whether the case exists.
    """

    # ------------------------------------------------------------
    # PAGE
    # ------------------------------------------------------------

    @http.route("/my/cases/<int:case_id>", type="http", auth="public", website=True)
    def portal_my_case(self, case_id, access_token=None, **kwargs):
        case = self._find_case(case_id, access_token)
        if not case:
            return request.redirect("/my")
        return self._render_case(case, access_token, **self._keep_link(kwargs))

    def _keep_link(self, parameters):
        """What an address may say; messages and texts come from us alone."""
        return {key: parameters.get(key) for key in ("done", "pid", "hash")}

    def _render_case(self, case, access_token, **kwargs):
        values = self._prepare_my_case_values(case, access_token, **kwargs)
        return self._render("crm_cases.portal_case_page", values)

    def _prepare_my_case_values(self, case, access_token, **kwargs):
        done = self._get_done_messages().get(kwargs.pop("done", None))
        values = {
            "page_name": "case",
            "case": case,
            "messages": case._get_portal_messages(),
            "opening_message": case._get_opening_message(),
            "timeline": case._get_portal_timeline(),
            "status": case._get_portal_status(),
            "done_message": done,
            "error_message": kwargs.pop("problem", None),
            "text": kwargs.pop("text", ""),
            "may_watch": self._may_manage_watchers(case),
            "case_link": self._make_linker(case, access_token, kwargs),
            "picture_types": PICTURE_TYPES,
        }
        return self._get_page_view_values(
            case, access_token, values, "my_cases_history", False, **kwargs
        )

    def _get_done_messages(self):
        return {
            "answered": request.env._("Thank you, your answer has been sent."),
            "closed": request.env._("Thank you. We have marked this as solved."),
            "told": request.env._("Thank you. We know now that it is solved."),
            "reopened": request.env._(
                "We have reopened this and will look at it again."
            ),
            "watchers": request.env._("The list of watchers has been changed."),
            "created": request.env._("Thank you, we have received your request."),
        }

    # ------------------------------------------------------------
    # DOING
    # ------------------------------------------------------------

    @http.route(
        "/my/cases/<int:case_id>/<any(answer,close,reopen):step>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_case_step(self, case_id, step, access_token=None, text="", **kwargs):
        case = self._find_case(case_id, access_token)
        if not case:
            return request.redirect("/my")
        author = self._find_author(case, kwargs)
        try:
            with request.env.cr.savepoint():
                done = getattr(self, f"_case_{step}")(case, author, text)
        except UserError as error:
            return self._render_case(
                case,
                access_token,
                problem=str(error),
                text=text,
                **self._keep_link(kwargs),
            )
        return request.redirect(
            self._make_linker(case, access_token, kwargs)(done=done)
        )

    # Each returns which of the messages above the customer reads next.

    def _case_answer(self, case, author, text):
        case._portal_answer(author, text, self._read_files())
        return "answered"

    def _case_close(self, case, author, text):
        return "closed" if case._portal_close(author, text) else "told"

    def _case_reopen(self, case, author, text):
        case._portal_reopen(author, text)
        return "reopened"

    @http.route(
        "/my/cases/<int:case_id>/watchers",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_case_watchers(self, case_id, add=None, remove=None, **kwargs):
        case = self._find_case(case_id, None)
        if not case or not self._may_manage_watchers(case):
            return request.redirect("/my")
        try:
            if remove:
                case._portal_remove_watcher(remove)
            else:
                case._portal_add_watcher(add)
        except UserError as error:
            return self._render_case(case, None, problem=str(error))
        return request.redirect(self._make_linker(case, None, {})(done="watchers"))

    @http.route(
        "/my/cases/<int:case_id>/print", type="http", auth="public", website=True
    )
    def portal_case_print(self, case_id, access_token=None, **kwargs):
        """The case on paper: a PDF where the program for it is installed, else a page
        that the browser prints."""
        case = self._find_case(case_id, access_token)
        if not case:
            return request.redirect("/my")
        program = request.env["ir.actions.report"].get_wkhtmltopdf_state()
        kind = "pdf" if program in ("ok", "upgrade") else "html"
        return self._show_report(case, kind, "crm_cases.action_report_case")

    # ------------------------------------------------------------
    # FILES
    # ------------------------------------------------------------

    @http.route(
        "/my/cases/<int:case_id>/files/<int:attachment_id>",
        type="http",
        auth="public",
        website=True,
    )
    def portal_case_file(
        self, case_id, attachment_id, access_token=None, show=None, **kw
    ):
        """A file of the conversation; pictures can be shown, the rest is saved."""
        case = self._find_case(case_id, access_token)
        attachment = case and case._get_portal_attachment(attachment_id)
        if not attachment:
            raise request.not_found()
        return self._send_file(attachment, show)

    def _send_file(self, attachment, show):
        stream = request.env["ir.binary"]._get_stream_from(attachment)
        is_shown = bool(show) and attachment.mimetype in PICTURE_TYPES
        return stream.get_response(as_attachment=not is_shown)

    def _read_files(self):
        """The uploaded files, checked.

        :return: list of (name, bytes)
        """
        uploads = request.httprequest.files.getlist("files")
        files = [
            (upload.filename, upload.read()) for upload in uploads if upload.filename
        ]
        obstacle = find_obstacle(request.env, files)
        if obstacle:
            raise UserError(obstacle)
        return files

    # ------------------------------------------------------------
    # ACCESS
    # ------------------------------------------------------------

    def _find_case(self, case_id, access_token):
        """The case, with all rights, if the visitor may see it; else nothing."""
        case = self._find_document("crm.case", case_id, access_token)
        # A link ends when the case is put away
        may_see = case.active or case.with_user(request.env.user).has_access("read")
        return case if may_see else case.browse()

    def _find_document(self, model, document_id, access_token):
        try:
            return self._document_check_access(model, document_id, access_token)
        except (AccessError, MissingError):
            return request.env[model]

    def _find_author(self, document, link):
        """Who writes: the user, else whom the link was sent to, else the customer.

        :param dict link: the parameters of the link, with ``pid`` and ``hash``
        """
        if not request.env.user._is_public():
            return request.env.user.partner_id
        pid, signature = str(link.get("pid") or ""), link.get("hash") or ""
        if pid.isdecimal() and consteq(signature, document._sign_token(int(pid))):
            # sudo: the signature says that we sent this link to that contact
            return request.env["res.partner"].sudo().browse(int(pid)).exists()
        return document.partner_id

    def _may_manage_watchers(self, case):
        """Only who can be called to account: writing to others is no right of a link
        that can be passed on."""
        return not request.env.user._is_public() and bool(
            case.with_user(request.env.user).has_access("read")
        )

    def _make_linker(self, document, access_token, link):
        """A function that makes addresses of this record which keep the visitor's
        right to see it."""
        keys = {
            "access_token": access_token,
            "pid": link.get("pid"),
            "hash": link.get("hash"),
        }
        kept = {key: value for key, value in keys.items() if access_token and value}

        def make(suffix="", **parameters):
            query = url_encode({**kept, **parameters})
            return f"{document.access_url}{suffix}" + (f"?{query}" if query else "")

        return make
