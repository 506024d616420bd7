from odoo import http
from odoo.http import content_disposition, request


class ReceivedMailController(http.Controller):
    """The download of a received mail, byte for byte as it came."""

    @http.route(
        "/crm_mailgateway/eml/<int:journal_id>", type="http", auth="user", readonly=True
    )
    def eml(self, journal_id):
        """Send the bytes of a received mail to whoever may read its journal row."""
        received = request.env["crm.mailgateway.message"].browse(journal_id).exists()
        if not received:
            return request.not_found()
        received.check_access("read")
        headers = [
            # Never text/html or message/rfc822, which a browser might render.
            ("Content-Type", "application/octet-stream"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", content_disposition(f"mail-{journal_id}.eml")),
        ]
        content = received._read_content()
        if not content:
            return request.not_found()  # forgotten: its time is over
        return request.make_response(content, headers)
