import time
from collections import Counter

from odoo import fields, models

from ..engine.preview import preview_statement
from .crm_segmentation_ranges import RANGE_SIZE, _next_size

SAMPLE_SIZE = 10
PREVIEW_SECONDS = 1  # between two answers


class CrmSegmentation(models.Model):
    """What a run would do, asked before it does.

    The same query as the run's, over the same ranges, and nothing is written. The
    first exclusive run over a category that others carry is not started by the button
    before somebody has seen how many they are and decided about them.

    On very many partners a preview shows what it has found after a second, and the
    dialog asks for the rest, a second's worth at a time, until it is told to stop.
    """

    _inherit = "crm.segmentation"

    def action_preview(self):
        """Open the answer in a dialog."""
        self.ensure_one()
        preview = self.env["crm.segmentation.preview"].create(self._look())
        return preview._get_dialog(self.env._("Preview of %s", self.name))

    def action_compute(self):
        """Compute, or ask first when it concerns what somebody gave by hand."""
        self.ensure_one()
        if self.exclusif and not self.carriers_pinned and self.category_count:
            vals = self._look()
            if vals["carrying_count"] or vals["looked_at_percent"] < 100:
                preview = self.env["crm.segmentation.preview"].create(vals)
                return preview._get_dialog(self.env._("Preview of %s", self.name))
        return self.action_process_start()

    def _look(self, lower=0, size=RANGE_SIZE, found=()):
        """Look at partners for a second, and return the values of the answer.

        :param int lower: the partner id behind which to begin
        :param int size: partners to ask for at once
        :param found: how many each event concerns so far, by event
        """
        counts, samples = self._get_preview(lower, PREVIEW_SECONDS, size)
        counts.update(found)
        return self._prepare_preview_vals(counts, samples)

    def _get_preview(self, lower=0, seconds=float("inf"), size=RANGE_SIZE):
        """Return how many partners each event concerns, and some of them.

        :param int lower: the partner id behind which to begin
        :param seconds: stop after the range at which they are over
        :param int size: partners per range, as long as none takes too long
        :return: two mappings from ``matching``, ``entering``, ``leaving`` and
            ``carrying`` to a number and to partner ids; the numbers have also
            ``looked_at``, the highest partner id seen, ``last``, the last there is,
            and ``size``, the range to go on with
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
            started = time.monotonic()
            ids, _last = segmentation._get_next_range(lower, size)
            statement = preview_statement(plan, ids, SAMPLE_SIZE)
            for event, count, found in segmentation.env.execute_query(statement):
                counts[event] += count
                sample = samples.setdefault(event, [])
                sample += (found or [])[: SAMPLE_SIZE - len(sample)]
            lower = ids.upper
            size = _next_size(size, time.monotonic() - started)
        counts["looked_at"] = lower
        counts["size"] = size
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
            "range_size": counts["size"],
            **vals,
        }
