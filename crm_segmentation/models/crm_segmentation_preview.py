import time
from collections import Counter

from odoo import fields, models

from ..engine.preview import preview_statement
from ..engine.sources import Range
from .crm_segmentation_ranges import RANGE_SIZE

SAMPLE_SIZE = 10
PREVIEW_SECONDS = 10


class CrmSegmentation(models.Model):
    """What a run would do, asked before it does.

    The same query as the run's, over the same ranges, and nothing is written. The
    first exclusive run over a category that others carry is not started by the button
    before somebody has seen how many they are and decided about them.

    On very many partners a preview ends after some seconds and says how many of them it
    looked at; it goes on if one asks for it.
    """

    _inherit = "crm.segmentation"

    def action_preview(self):
        """Open the answer in a dialog."""
        self.ensure_one()
        counts, samples = self._get_preview(seconds=PREVIEW_SECONDS)
        preview = self.env["crm.segmentation.preview"].create(
            self._prepare_preview_vals(counts, samples)
        )
        return preview._get_dialog(self.env._("Preview of %s", self.name))

    def action_compute(self):
        """Compute, or ask first when it concerns what somebody gave by hand."""
        self.ensure_one()
        if self.exclusif and not self.carriers_pinned:
            counts, _samples = self._get_preview()
            if counts["carrying"]:
                return self.action_preview()
        return self.action_process_start()

    def _get_preview(self, lower=0, seconds=float("inf")):
        """Return how many partners each event concerns, and some of them.

        :param int lower: the partner id behind which to begin
        :param seconds: stop after the range at which they are over
        :return: two mappings from ``matching``, ``entering``, ``leaving`` and
            ``carrying`` to a number and to partner ids; the numbers have also
            ``looked_at``, the highest partner id seen, and ``last``, the last there is
        """
        segmentation = self._for_processing()
        segmentation._check_ready()
        segmentation.env.flush_all()
        segmentation._tune_planner()
        plan = segmentation._prepare_plan(fields.Datetime.now(), asking=True)
        deadline = time.monotonic() + seconds
        last = segmentation._get_last_partner_id()
        counts, samples = Counter(last=last), {}
        while lower < last and time.monotonic() < deadline:
            ids = Range(lower, lower + RANGE_SIZE)
            statement = preview_statement(plan, ids, SAMPLE_SIZE)
            for event, count, found in segmentation.env.execute_query(statement):
                counts[event] += count
                sample = samples.setdefault(event, [])
                sample += (found or [])[: SAMPLE_SIZE - len(sample)]
            lower += RANGE_SIZE
        counts["looked_at"] = min(lower, last)
        return counts, samples

    def _prepare_preview_vals(self, counts, samples):
        events = ("matching", "entering", "leaving", "carrying")
        vals = {f"{event}_count": counts[event] for event in events}
        for event in events:
            # names alone, of partners whom the manager may change the category of
            partners = self.env["res.partner"].sudo().browse(samples.get(event, []))
            vals[f"{event}_sample"] = "\n".join(partners.mapped("display_name"))
        share = 100 * counts["looked_at"] / counts["last"] if counts["last"] else 100
        return {
            "segmentation_id": self.id,
            "looked_at": counts["looked_at"],
            "looked_at_percent": share,
            **vals,
        }
