from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

TREND_RUNS = 12
TREND_DAYS = 30


class CrmSegmentation(models.Model):
    """How large it was, run by run."""

    _inherit = "crm.segmentation"

    trend = fields.Json(compute="_compute_trend", help="Members after the last runs.")
    trend_change = fields.Integer(
        "Change", compute="_compute_trend", help="Entered less left, in 30 days."
    )

    @api.depends("run_ids.state")
    def _compute_trend(self):
        sizes, changes = self._get_sizes()
        for segmentation in self:
            segmentation.trend = sizes.get(segmentation.id, [])
            segmentation.trend_change = changes.get(segmentation.id, 0)

    def _get_sizes(self):
        """Return the sizes after the last runs, and what changed, by segmentation."""
        self.env["crm.segmentation.run"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT s.id, array_agg(r.member_count ORDER BY r.started_on, r.id),
                       (SELECT SUM(entered_count - left_count)
                          FROM crm_segmentation_run
                         WHERE segmentation_id = s.id AND state = 'done'
                           AND started_on >= %(since)s)
                  FROM unnest(%(ids)s) s(id)
                 CROSS JOIN LATERAL (
                       SELECT id, member_count, entered_count, left_count, started_on
                         FROM crm_segmentation_run
                        WHERE segmentation_id = s.id AND state = 'done'
                        ORDER BY started_on DESC, id DESC LIMIT %(limit)s) r
                 GROUP BY s.id
                """,
                ids=self.ids,
                since=fields.Datetime.now() - timedelta(days=TREND_DAYS),
                limit=TREND_RUNS,
            )
        )
        return {id_: sizes for id_, sizes, _n in rows}, {
            id_: change or 0 for id_, _sizes, change in rows
        }

    def action_view_sizes(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_segmentation.crm_segmentation_run_action"
        )
        return {
            **action,
            "name": self.env._("Size of %s", self.name),
            "domain": [("segmentation_id", "=", self.id), ("state", "=", "done")],
        }
