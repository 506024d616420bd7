import csv
import io

import odoo
from odoo import fields, http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request

BATCH_SIZE = 5000
GROUP = "crm_segmentation.crm_segmentation_group_user"


class SegmentationController(http.Controller):
    @http.route(
        "/crm_segmentation/<int:segmentation_id>/members.csv",
        type="http",
        auth="user",
        readonly=True,
    )
    def members_csv(self, segmentation_id, day=None):
        """Send who was in at the end of a day, row by row, however many they are.

        :param str day: ISO date, today by default
        """
        segmentation = request.env["crm.segmentation"].browse(segmentation_id)
        if not request.env.user.has_group(GROUP) or not segmentation.exists():
            return request.not_found()
        try:
            segmentation.check_access("read")
            day = fields.Date.to_date(day) or fields.Date.context_today(segmentation)
        except (AccessError, ValueError):
            return request.not_found()
        name = f"{segmentation.name} {day}.csv"
        headers = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", content_disposition(name)),
        ]
        return request.make_response(_stream(segmentation, day), headers=headers)


def _stream(segmentation, day):
    """Yield the file in pieces, on a cursor that lives as long as they are sent."""
    env = segmentation.env
    titles = env["crm.segmentation.membership"]._get_export_titles()
    # A mark tells spreadsheets that names are in UTF-8.
    yield "\ufeff" + _to_csv([titles])
    registry = odoo.modules.registry.Registry(env.cr.dbname)
    with registry.cursor(readonly=True) as cr:
        segmentation = segmentation.with_env(env(cr=cr))
        after = 0
        while True:
            query = segmentation._get_on_day_query(day, after, BATCH_SIZE)
            rows = segmentation.env.execute_query(query)
            if not rows:
                return
            after = rows[-1][0]
            yield _to_csv(rows)


def _to_csv(rows):
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_tame(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _tame(cell):
    """Keep spreadsheets from taking what a customer wrote for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
