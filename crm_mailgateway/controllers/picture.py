from odoo import http
from odoo.http import request

PLACEHOLDER = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24">'
    '<rect x="1" y="4" width="22" height="16" rx="2" fill="none" stroke="#adb5bd"/>'
    '<path d="M3 18l6-7 4 4 3-3 5 6z" fill="#adb5bd"/></svg>'
)


class RemotePictureController(http.Controller):
    """Stands for a picture of a mail that lies elsewhere."""

    @http.route(
        "/crm_mailgateway/picture/<int:journal_id>",
        type="http",
        auth="public",
        readonly=True,
    )
    def picture(self, journal_id, url="", sign=""):
        """Lead to the picture if somebody who works on its case asked for pictures.

        Everybody else, and every mail program, gets a small drawing. The signature
        keeps others from using our address to lead people somewhere.
        """
        if self._is_wanted(journal_id, url, sign):
            response = request.redirect(url, code=302, local=False)
            response.headers["Referrer-Policy"] = "no-referrer"
        else:
            headers = [("Content-Type", "image/svg+xml")]
            response = request.make_response(PLACEHOLDER, headers)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _is_wanted(self, journal_id, url, sign):
        if not request.env.user._is_internal():
            return False
        secret = request.env["crm.mailgateway.secret"]
        if not secret._is_picture(journal_id, url, sign):
            return False
        received = request.env["crm.mailgateway.message"].browse(journal_id).exists()
        if not received or not received.has_access("read"):
            return False
        # sudo: whoever may read its mails may know whether their pictures show
        return received.sudo().case_id.shows_remote_pictures
