from collections import Counter

from odoo import fields, models

from ..engine.preview import preview_statement
from ..engine.sources import Range
from .crm_segmentation_ranges import RANGE_SIZE

SAMPLE_SIZE = 10


class CrmSegmentation(models.Model):
    """What a run would do, asked before it does.

    The same query as the run's, over the same ranges, and nothing is written. The
    first exclusive run over a category that others carry is not started by the button
    before somebody has seen how many they are and decided about them.
    """

    _inherit = "crm.segmentation"

    def action_preview(self):
        """Open the answer in a dialog."""
        self.ensure_one()
        counts, samples = self._get_preview()
        preview = self.env["crm.segmentation.preview"].create(
            self._prepare_preview_vals(counts, samples)
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview of %s", self.name),
            "res_model": preview._name,
            "res_id": preview.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_compute(self):
        """Compute, or ask first when it concerns what somebody gave by hand."""
        self.ensure_one()
        if self.exclusif and not self.carriers_pinned:
            counts, _samples = self._get_preview()
            if counts["carrying"]:
                return self.action_preview()
        return self.action_process_start()

    def _get_preview(self):
        """Return how many partners each event concerns, and some of them.

        :return: two mappings from ``matching``, ``entering``, ``leaving`` and
            ``carrying`` to a number and to partner ids
        """
        segmentation = self._for_processing()
        segmentation._check_ready()
        segmentation.env.flush_all()
        segmentation._tune_planner()
        plan = segmentation._prepare_plan(fields.Datetime.now(), asking=True)
        counts, samples = Counter(), {}
        for lower in range(0, segmentation._get_last_partner_id(), RANGE_SIZE):
            ids = Range(lower, lower + RANGE_SIZE)
            statement = preview_statement(plan, ids, SAMPLE_SIZE)
            for event, count, found in segmentation.env.execute_query(statement):
                counts[event] += count
                sample = samples.setdefault(event, [])
                sample += (found or [])[: SAMPLE_SIZE - len(sample)]
        return counts, samples

    def _prepare_preview_vals(self, counts, samples):
        events = ("matching", "entering", "leaving", "carrying")
        vals = {f"{event}_count": counts[event] for event in events}
        for event in events:
            # names alone, of partners whom the manager may change the category of
            partners = self.env["res.partner"].sudo().browse(samples.get(event, []))
            vals[f"{event}_sample"] = "\n".join(partners.mapped("display_name"))
        return {"segmentation_id": self.id, **vals}
