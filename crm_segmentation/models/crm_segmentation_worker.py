from contextlib import contextmanager

from odoo import models, modules
from odoo.exceptions import UserError
from odoo.tools import SQL

# First keys of the advisory locks that tell who computes which segmentation, and
# which category somebody is changing
WORKER_LOCK = 0x5E6
CATEGORY_LOCK = 0x5E7

RANGE_MEMORY = 32 * 1024 * 1024  # bytes per sort or hash table of a range


class CrmSegmentation(models.Model):
    """Transactions and locks of a run.

    ONE WORKER
    Whoever computes holds advisory locks of his database session: on each
    segmentation, and on each category, as two that share one would take the category
    away behind each other's back. They outlive the commits after each range and vanish
    with a killed process, so they tell a run that is being computed from one that was
    interrupted.
    """

    _inherit = "crm.segmentation"

    def _commit_range(self, processed=0, remaining=0):
        """Make the range durable, and return how many seconds are left.

        :param processed: ranges done since the last call, for the scheduler
        :param remaining: at least 1 while there is something left to do
        """
        self.env.flush_all()
        if not self._owns_transaction():
            return float("inf")
        # Outside a scheduled action this commits: category, membership and watermark
        # of a range become durable together, and locks are held for one range only.
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def _tune_planner(self):
        """Set what suits one range, until the transaction ends.

        Compiling its expressions costs more than it saves, and the partners of a range
        are to be added up in memory.
        """
        self.env.cr.execute(
            """
            SELECT set_config('jit', 'off', TRUE), set_config('work_mem', GREATEST(
                pg_size_bytes(current_setting('work_mem')), %s) / 1024 || 'kB', TRUE)
            """,
            [RANGE_MEMORY],
        )

    def _owns_transaction(self):
        """Return whether the run may end the caller's transaction.

        Not under a test, nor while modules and their demo data are being loaded.
        """
        return self.env.registry.ready and not modules.module.current_test

    def _rollback_range(self):
        if self._owns_transaction():
            # The failed range only: everything before it is committed.
            self.env.cr.rollback()

    def _check_no_worker(self):
        for segmentation in self:
            if not segmentation._try_worker_lock():
                raise UserError(
                    self.env._(
                        "“%s” is being computed. Stop it first.", segmentation.name
                    )
                )
            segmentation._release_worker_lock()

    @contextmanager
    def _worker_lock(self):
        """Hold the locks of all these segmentations, and wait for them if need be."""
        if not self._try_worker_lock():
            self._wait_for_worker_lock()
        try:
            self._forget_snapshot()
            yield
        finally:
            self._release_worker_lock()

    def _wait_for_worker_lock(self):
        if not self._owns_transaction():
            raise UserError(
                self.env._("“%s” is already being computed.", self[:1].name)
            )
        # What the other one does is to be seen afterwards: no snapshot may stay open.
        self._commit_range()
        for key in self._get_lock_keys():
            self.env.execute_query(SQL("SELECT pg_advisory_lock(%s, %s)", *key))

    def _forget_snapshot(self):
        """See what another worker did until it let the locks go."""
        if self._owns_transaction():
            self._commit_range()
            self.env.invalidate_all()

    def _try_worker_lock(self):
        """Take all the locks or none, and return whether they were free."""
        taken = []
        for key in self._get_lock_keys():
            query = SQL("SELECT pg_try_advisory_lock(%s, %s)", *key)
            if not self.env.execute_query(query)[0][0]:
                self._unlock(taken)
                return False
            taken.append(key)
        return True

    def _release_worker_lock(self):
        self._unlock(self._get_lock_keys())

    def _unlock(self, keys):
        for key in keys:
            self.env.execute_query(SQL("SELECT pg_advisory_unlock(%s, %s)", *key))

    def _get_lock_keys(self):
        """Return the keys in the order in which everybody takes them."""
        self.fetch(["categ_id"])  # and nothing that is stale once they are taken
        return [
            *((WORKER_LOCK, id_) for id_ in sorted(self.ids)),
            *((CATEGORY_LOCK, id_) for id_ in sorted(self.categ_id.ids)),
        ]

    # ------------------------------------------------------------------
    # STOP
    # ------------------------------------------------------------------

    def _set_stop_requested(self, requested):
        control = self.env["crm.segmentation.control"]
        domain = [("segmentation_id", "in", self.ids)]
        domain += [("stop_requested", "=", not requested)]
        control.search(domain).stop_requested = requested

    def _get_stop_requested(self):
        """Read the requests from the table: the cache is older than the last range."""
        self.env["crm.segmentation.control"].flush_model(["stop_requested"])
        query = SQL(
            "SELECT segmentation_id FROM crm_segmentation_control"
            " WHERE segmentation_id IN %s AND stop_requested",
            self._ids,
        )
        return self.browse(id_ for [id_] in self.env.execute_query(query))
