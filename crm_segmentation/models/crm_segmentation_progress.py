from odoo import api, fields, models

RHYTHM_DAYS = {"weekly": 7, "monthly": 30, "quarterly": 91, "yearly": 365}


class CrmSegmentation(models.Model):
    """How far the run is, and how often customers usually buy.

    The form asks for the rhythm in words; the number of days behind it follows and can
    still be changed. The run commits after each range, so that who asks from outside
    sees it move.
    """

    _inherit = "crm.segmentation"

    buying_rhythm = fields.Selection(
        [
            ("weekly", "Weekly"),
            ("monthly", "Monthly"),
            ("quarterly", "Quarterly"),
            ("yearly", "Yearly"),
        ],
        "Customers Usually Buy",
        default="monthly",
        help="How long a silence is normal. It sets the days per period.",
    )
    som_interval = fields.Integer(
        compute="_compute_som_interval",
        store=True,
        readonly=False,
        precompute=True,
        default=None,
    )

    @api.depends("buying_rhythm")
    def _compute_som_interval(self):
        for segmentation in self:
            days = RHYTHM_DAYS.get(segmentation.buying_rhythm)
            segmentation.som_interval = days or segmentation.som_interval

    def get_progress(self):
        """Return how far the computation is, for the form that shows it live.

        :return: a mapping of ``state``, ``processed`` and ``total`` (partner ids),
            ``percent``, ``rate`` (partners a second), ``remaining`` (seconds, None
            while nothing can be told), ``entered`` and ``left``
        """
        self.ensure_one()
        self.check_access("read")
        processed = self.partner_id
        total = max(self.partner_id_end, processed)
        seconds = self.duration * self._count_together()
        rate = processed / seconds if seconds else 0
        return {
            "state": self.state,
            "processed": processed,
            "total": total,
            "percent": round(self.progress, 1),
            "rate": round(rate),
            "remaining": round((total - processed) / rate) if rate else None,
            "entered": self.entered_count,
            "left": self.left_count,
        }

    def _count_together(self):
        """Return how many are computed together, as each notes its share of the time.

        They have gone equally far (``_run_ranges``).
        """
        if self.state != "running":
            return 1
        # Those of companies that the user does not see take their time as well.
        return self.sudo().search_count(
            [("state", "=", "running"), ("partner_id", "=", self.partner_id)]
        )
