from tempfile import TemporaryFile

from werkzeug.wsgi import wrap_file

from odoo import http
from odoo.http import Response, content_disposition, request


class PersonController(http.Controller):
    """The download of all that is known of a person."""

    @http.route(
        "/crm_cases/person/<int:partner_id>.zip",
        type="http",
        auth="user",
        readonly=True,
    )
    def person(self, partner_id):
        """Send the archive from the disk in pieces: it may be larger than memory."""
        partner = request.env["res.partner"].browse(partner_id).exists()
        if not partner:
            return request.not_found()
        target = TemporaryFile()  # noqa: SIM115 closed with the response
        request.env["crm.case.export"]._write_zip(partner, target)
        size = target.tell()
        target.seek(0)
        return Response(
            wrap_file(request.httprequest.environ, target),
            headers=[
                ("Content-Type", "application/zip"),
                ("Content-Length", str(size)),
                (
                    "Content-Disposition",
                    content_disposition(f"person-{partner_id}.zip"),
                ),
            ],
            direct_passthrough=True,
        )
