from werkzeug.wsgi import wrap_file

from odoo import fields, http
from odoo.http import request


class CaseExport(http.Controller):
    """Cases as a ZIP, sent while it is read from the disk."""

    @http.route(
        "/cases/archive/<int:export_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,  # external ids are given to what has none
    )
    def case_export(self, export_id):
        export = request.env["crm.case.move.out"].search([("id", "=", export_id)])
        if not export or export.create_uid != request.env.user:
            raise request.not_found()
        archive = export._get_cases()._write_archive()
        size = archive.seek(0, 2)
        archive.seek(0)
        name = f"cases-{fields.Date.context_today(export)}.zip"
        headers = [
            ("Content-Type", "application/zip"),
            ("Content-Length", size),
            ("Content-Disposition", http.content_disposition(name)),
            ("Cache-Control", "no-store"),
        ]
        return http.Response(
            wrap_file(request.httprequest.environ, archive),
            headers=headers,
            direct_passthrough=True,
        )
