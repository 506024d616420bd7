from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

BATCH_SIZE = 50  # reactions between two commits


class CrmSegmentationReaction(models.Model):
    """Server actions that are due because a partner entered or left.

    The run writes the row in the same transaction as the membership, so a partner who
    entered is owed exactly one reaction, whatever is killed or started twice. The
    scheduled action does them when the run is over, each in a savepoint of its own.
    What reaches other systems (mails, webhooks) can happen again if the process dies
    before its commit.

    * ``pending``: to be done. ``held``: the run brought more than the limit, somebody
      has to decide. ``failed``: see the error. ``dropped``: not to be done.
    """

    _name = "crm.segmentation.reaction"
    _description = "Reaction to Entering or Leaving"
    _order = "id desc"
    _log_access = False

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    run_id = fields.Many2one(
        "crm.segmentation.run", index="btree_not_null", ondelete="set null"
    )
    event = fields.Selection(
        [("enter", "Entered"), ("leave", "Left")], required=True, readonly=True
    )
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("held", "On Hold"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("dropped", "Dropped"),
        ],
        required=True,
        default="pending",
        readonly=True,
    )
    date = fields.Datetime("Since", default=fields.Datetime.now, readonly=True)
    error = fields.Text(readonly=True)

    _once = models.Constraint(
        "UNIQUE (segmentation_id, partner_id, event, run_id)",
        "A partner is owed one reaction for entering or leaving in one run.",
    )
    _open_idx = models.Index(
        "(segmentation_id, state) WHERE state IN ('pending', 'held')"
    )

    @api.model
    def _cron_react(self):
        """Do what is pending of runs that are over, batch after batch."""
        self._hold_excess()
        domain = self._get_due_domain()
        while due := self.search(domain, limit=BATCH_SIZE).try_lock_for_update():
            for reaction in due:
                reaction._react()
            remaining = self.search_count(domain, limit=1)
            segmentations = self.env["crm.segmentation"]
            if not segmentations._commit_range(len(due), remaining):
                if remaining:
                    # woken at once, see ``_call_again`` of segmentations
                    self.env.ref("crm_segmentation.ir_cron_react")._trigger()
                return

    def _get_due_domain(self):
        return Domain("state", "=", "pending") & Domain("run_id.state", "!=", "running")

    def _hold_excess(self):
        """Put the reactions of a run on hold if it has more of them than allowed."""
        groups = self._read_group(
            self._get_due_domain(), ["segmentation_id", "run_id"], ["__count"]
        )
        for segmentation, run, count in groups:
            if count > segmentation.reaction_limit and run != segmentation.released_run:
                domain = [("run_id", "=", run.id), ("state", "=", "pending")]
                self.search(domain).state = "held"

    def _react(self):
        """Run the actions with the rights of who chose them; keep what fails."""
        self.ensure_one()
        segmentation = self.segmentation_id
        actions = segmentation._get_reactions(self.event)
        try:
            with self.env.cr.savepoint():
                actions.with_user(segmentation._get_reaction_user()).with_context(
                    active_model="res.partner",
                    active_id=self.partner_id.id,
                    active_ids=self.partner_id.ids,
                ).run()
                self.env.flush_all()
        except Exception as error:  # noqa: BLE001 whatever an action does wrong
            self.env.invalidate_all(flush=False)
            self.write({"state": "failed", "error": str(error)})
        else:
            self.write({"state": "done", "error": False})

    def action_retry(self):
        """Do again what failed: nothing of it counted.

        :raise UserError: if none of these failed
        """
        failed = self.filtered(lambda reaction: reaction.state == "failed")
        if not failed:
            raise UserError(self.env._("None of these failed."))
        failed.segmentation_id.check_access("write")
        # sudo: the rows are written by runs and buttons alone
        failed.sudo().write({"state": "pending", "error": False})
        self.env.ref("crm_segmentation.ir_cron_react").sudo()._trigger()


class CrmSegmentation(models.Model):
    """Server actions on who enters and who leaves.

    Not on those already in: a first run calls none, and an action that is added later
    concerns who enters from then on. A run that owes more reactions than the limit
    puts them on hold and asks. Undoing a run drops what it still owes.
    """

    _inherit = "crm.segmentation"

    enter_action_ids = fields.Many2many(
        "ir.actions.server",
        "crm_segmentation_enter_action_rel",
        string="When a Partner Enters",
        domain=[("model_name", "=", "res.partner")],
        copy=False,
    )
    leave_action_ids = fields.Many2many(
        "ir.actions.server",
        "crm_segmentation_leave_action_rel",
        string="When a Partner Leaves",
        domain=[("model_name", "=", "res.partner")],
        copy=False,
    )
    has_reactions = fields.Boolean(compute="_compute_has_reactions", store=True)
    reaction_user_id = fields.Many2one(
        "res.users",
        "Actions with the Rights of",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    reaction_limit = fields.Integer(
        "Ask above",
        default=200,
        help="When more partners enter and leave in one run, the actions wait until "
        "somebody has seen how many they are.",
    )
    released_run = fields.Many2one(
        "crm.segmentation.run", readonly=True, copy=False, ondelete="set null"
    )
    held_count = fields.Integer("On Hold", compute="_compute_held_count")

    _reaction_limit_check = models.Constraint(
        "CHECK (reaction_limit >= 0)", "The limit of actions must not be negative."
    )

    @api.depends("enter_action_ids", "leave_action_ids")
    def _compute_has_reactions(self):
        for segmentation in self:
            segmentation.has_reactions = bool(
                segmentation.enter_action_ids or segmentation.leave_action_ids
            )

    def _compute_held_count(self):
        groups = self.env["crm.segmentation.reaction"]._read_group(
            [("segmentation_id", "in", self.ids), ("state", "=", "held")],
            ["segmentation_id"],
            ["__count"],
        )
        counts = {segmentation.id: count for segmentation, count in groups}
        for segmentation in self:
            segmentation.held_count = counts.get(segmentation.id, 0)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_reaction_user(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_reaction_user(vals))

    def _with_reaction_user(self, vals):
        """Return the values with who answers for the actions: nobody else's choice."""
        if {"enter_action_ids", "leave_action_ids"} & vals.keys():
            return {**vals, "reaction_user_id": self.env.uid}
        return {key: vals[key] for key in vals if key != "reaction_user_id"}

    def _get_reactions(self, event):
        """Return the server actions of an event, ``enter`` or ``leave``."""
        return self.enter_action_ids if event == "enter" else self.leave_action_ids

    def _get_reaction_user(self):
        if not self.reaction_user_id.active:
            raise UserError(
                self.env._(
                    "The user behind the actions of “%s” is gone: choose them anew.",
                    self.name,
                )
            )
        return self.reaction_user_id

    def _segmentation_changed(self, entered, left):
        result = super()._segmentation_changed(entered, left)
        if not self.has_reactions:
            return result
        if self.state != "running":
            self._drop_reactions()  # a run is being undone
        elif self.last_full_run:
            for event, partners in (("enter", entered), ("leave", left)):
                if partners and self._get_reactions(event):
                    self._owe_reactions(event, partners)
        return result

    def _owe_reactions(self, event, partners):
        self.env.cr.execute(
            SQL(
                "INSERT INTO crm_segmentation_reaction"
                " (segmentation_id, partner_id, run_id, event, state, date)"
                " SELECT %s, id, %s, %s, 'pending',"
                " date_trunc('second', now() AT TIME ZONE 'UTC')"
                " FROM unnest(%s) id ON CONFLICT DO NOTHING",
                self.id,
                self.run_id.id or None,
                event,
                partners.ids,
            )
        )
        # Managers of segmentations have no rights on scheduled actions.
        self.env.ref("crm_segmentation.ir_cron_react").sudo()._trigger()

    def _drop_reactions(self):
        self.env["crm.segmentation.reaction"].search(
            [("run_id", "=", self.run_id.id), ("state", "in", ("pending", "held"))]
        ).state = "dropped"

    def _get_due_reactions_text(self, counts):
        """Return what the actions would do after a run, for who looks before.

        :param counts: numbers of partners by ``entering`` and ``leaving``
        """
        texts = []
        for event, key in (("enter", "entering"), ("leave", "leaving")):
            # Managers read the names of the actions alone.
            names = self._get_reactions(event).sudo().mapped("name")
            if names and counts[key]:
                names = ", ".join(names)
                texts.append(self.env._("%(names)s: %(n)s", names=names, n=counts[key]))
        return "\n".join(texts)

    def _prepare_preview_vals(self, counts, samples):
        vals = super()._prepare_preview_vals(counts, samples)
        return {**vals, "reactions": self._get_due_reactions_text(counts)}

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_reactions(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_segmentation.crm_segmentation_reaction_action"
        )
        return {**action, "domain": [("segmentation_id", "=", self.id)]}

    def action_release_reactions(self):
        """Do what is on hold."""
        for segmentation, held in self._get_held():
            segmentation.released_run = held.run_id[:1]
            held.state = "pending"
        self.env.ref("crm_segmentation.ir_cron_react").sudo()._trigger()
        return True

    def action_drop_reactions(self):
        """Forget what is on hold."""
        for _segmentation, held in self._get_held():
            held.state = "dropped"
        return True

    def _get_held(self):
        self.check_access("write")
        # The rows are written by runs and these two buttons alone.
        reactions = self.env["crm.segmentation.reaction"].sudo()
        held = reactions.search(
            [("segmentation_id", "in", self.ids), ("state", "=", "held")]
        ).grouped("segmentation_id")
        if not held:
            raise UserError(self.env._("Nothing is on hold."))
        return list(held.items())
