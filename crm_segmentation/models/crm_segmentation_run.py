from odoo import fields, models


class CrmSegmentationRun(models.Model):
    """One computation of a segmentation: what it did, and how long it took.

    * ``full``: every partner was looked at.
    * ``incremental``: only those about whom something changed since the last run.

    ``drift_count`` is what a full run had to correct although nothing had been
    written that would explain it; it should be 0. Memberships name the run that opened
    and the one that closed them, so that the last run can be undone.
    """

    _name = "crm.segmentation.run"
    _description = "Segmentation Run"
    _order = "started_on desc, id desc"
    _rec_name = "started_on"
    _log_access = False

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="segmentation_id.company_id")
    kind = fields.Selection(
        [("full", "Full"), ("incremental", "Incremental")],
        required=True,
        default="full",
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("done", "Done"),
            ("broken off", "Broken off"),
            ("undone", "Undone"),
        ],
        required=True,
        default="running",
    )
    started_on = fields.Datetime(required=True, default=fields.Datetime.now)
    ended_on = fields.Datetime()
    duration = fields.Float("Duration (seconds)", help="Time of computing alone.")
    sentence = fields.Char("Rule", help="The rule as it was at the time.")
    processed_count = fields.Integer("Partners Looked at")
    entered_count = fields.Integer("Entered", aggregator="sum")
    left_count = fields.Integer("Left", aggregator="sum")
    member_count = fields.Integer("Members", aggregator="max")
    drift_count = fields.Integer("Drift", aggregator="sum")

    def _undoes_pins(self):
        """Return whether undoing this run takes automatic pins away."""
        changes = self.env["crm.segmentation.change"]
        return bool(
            changes.search_count(
                [("run_id", "in", self.ids), ("event", "=", "pinned")], limit=1
            )
        )
