import hashlib

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.changed import changed_query, commercial_query
from ..engine.sources import INVOICE_KINDS
from .crm_segmentation_line import SCORES

FULL_EVERY = relativedelta(days=7)
# Rows of the log that no run may need any more
LOG_KEPT = relativedelta(days=9)

# Whatever they look at is logged when it is written, or moves with time alone
FOLLOWED = (
    *INVOICE_KINDS,
    *SCORES,
    "overdue",
    "days_late",
    "product",
    "product_amount",
    "product_quantity",
    "event_count",
    "segmentation",
    "domain",
)
FOLLOWED_SOURCES = ("manual", "rating", "refund", "late")


class CrmSegmentation(models.Model):
    """Runs that look only at the partners about whom something changed.

    The scheduled action computes that way between two full runs, which it makes once
    a week to prove it: what such a full run has to correct is reported as drift.
    Criteria over the records of other apps, over conditions that look beyond the
    partner's own fields, and over product categories are not followed; segmentations
    that use them are computed in full every time, and so is one whose rule, sources of
    events or exchange rates have changed since.
    """

    _inherit = "crm.segmentation"

    def _is_incremental(self, plan):
        """Return whether the next run of the scheduled action may be incremental."""
        return (
            bool(self.basis)
            and self.basis == plan.basis
            and 0 < self.dirty_xid <= self._get_snapshot_xid()
            and self._is_followed()
        )

    def _is_full_due(self):
        last = self.last_full_run
        return not last or last <= fields.Datetime.now() - FULL_EVERY

    def _is_followed(self):
        lines = self._get_leaf_lines()
        if any(line.expr_name not in FOLLOWED for line in lines):
            return False
        if lines.product_categ_ids or not all(
            line._is_followed_domain() for line in lines
        ):
            return False
        scored = lines.filtered(lambda line: line.expr_name in (*SCORES, "event_count"))
        sources = {source.code for source in self._get_event_sources()}
        return not scored or sources <= set(FOLLOWED_SOURCES)

    def _can_measure_drift(self, kind, plan):
        """Return whether nothing but logged changes can explain a difference.

        So right behind a run of the same definition on the same day.
        """
        return self.basis_day == plan.scope.today and (
            kind == "incremental" or self._is_incremental(plan)
        )

    def _get_basis(self, scope):
        """Return a fingerprint of everything that can change without a partner."""
        parts = (
            self._get_definition(pins=False),
            scope.company_ids,
            scope.partner_company_ids,
            scope.rates,
            self._get_timezone(),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _get_snapshot_xid(self):
        """Return the oldest transaction still open; all below it are visible."""
        query = SQL("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::float8")
        return self.env.execute_query(query)[0][0]

    def _get_changed_partner_ids(self, plan):
        before = self._get_criteria_tree(self.basis_day)
        self.env["crm.segmentation.dirty"]._append_pending()
        self._tune_planner()
        query = changed_query(plan, before, self.dirty_xid, self.basis_day)
        changed = [id_ for [id_] in self.env.execute_query(query) if id_]
        found = self.env.execute_query(commercial_query(changed))
        return [id_ for [id_] in found if id_]

    def _run_incremental(self, plan, waiting=0):
        """Process the partners about whom something changed.

        :return: False when the scheduled action's time is up
        """
        partner_ids = sorted(self._get_changed_partner_ids(plan))
        self.run_id.sudo().processed_count = len(partner_ids)
        self._commit_range(0, waiting + 1)
        return self._run_sets(plan, partner_ids, waiting)

    def _log_for_dependents(self, partner_ids):
        """Make the segmentations that look at this one look at these partners."""
        lines = self.env["crm.segmentation.line"]
        if lines.search_count([("other_segmentation_id", "in", self.ids)], limit=1):
            self.env["crm.segmentation.dirty"]._append(
                SQL("SELECT unnest(%s)", partner_ids)
            )

    @api.autovacuum
    def _gc_log(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_segmentation_dirty WHERE written_on < %s",
                fields.Datetime.now() - LOG_KEPT,
            )
        )


class CrmSegmentationLine(models.Model):
    """A criterion knows whether a change of its values is noticed."""

    _inherit = "crm.segmentation.line"

    def _is_followed_domain(self):
        """Return whether a condition looks at nothing but own fields of the partner."""
        return self.expr_name != "domain" or not self._get_domain_fields() & {None}

    def _get_domain_fields(self):
        """Return the stored fields a condition looks at, None for anything else."""
        return {
            condition.field_expr if self._is_own_field(condition) else None
            for condition in self._get_partner_domain().iter_conditions()
        }

    def _is_own_field(self, condition):
        """Return whether only the partner's own row decides, today and tomorrow."""
        field = self.env["res.partner"]._fields.get(condition.field_expr)
        if not field or not field.store or not field.column_type:
            return False
        if field.relational or field.type in ("date", "datetime"):
            # a name, a hierarchy, or "today" is not in the row
            return condition.operator in ("in", "not in", "=", "!=") and not isinstance(
                condition.value, str
            )
        return True

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if "domain" in vals or "expr_name" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)
