import time

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.case_states import STATES
from ..models.crm_case_move import BATCH
from ..models.crm_case_move_sources import LEAD, TICKET

SECONDS = 60  # of a click; the next one goes on
SHOWN = 200  # problems


class CrmCaseMove(models.TransientModel):
    """Convert what another app of this database holds into cases.

    It proposes what each stage there means here, and counts by type, stage and team
    what there is, what has moved already and what would come. *Try* does everything
    and takes it back, *Convert* does it, a minute per click. The other app keeps its
    records; only those that its rules show to the user move.
    """

    _name = "crm.case.move"
    _description = "Convert into Cases"

    source = fields.Selection(
        "_get_source_selection",
        required=True,
        string="Convert From",
        default=lambda self: (
            self._get_source_selection()[:1][0][0]
            if self._get_source_selection()
            else False
        ),
    )
    type_id = fields.Many2one(
        "crm.case.type",
        string="Type of Tickets",
        ondelete="cascade",
        default=lambda self: self.env["crm.case.type"]._get_default_type(),
    )
    stage_ids = fields.One2many(
        "crm.case.move.stage",
        "move_id",
        string="Stages",
        compute="_compute_stage_ids",
        store=True,
        readonly=False,
    )
    team_ids = fields.One2many(
        "crm.case.move.count",
        "move_id",
        string="Counts",
        compute="_compute_stage_ids",
        store=True,
        readonly=False,
    )
    total_count = fields.Integer(string="Records There", compute="_compute_counts")
    moved_count = fields.Integer(string="Already Here", compute="_compute_counts")
    todo_count = fields.Integer(string="To Convert", compute="_compute_counts")
    result = fields.Selection([("tried", "Tried"), ("done", "Done")], readonly=True)
    added_count = fields.Integer(string="Converted", readonly=True)
    failed_count = fields.Integer(string="Not Converted", readonly=True)
    problem_ids = fields.One2many(
        "crm.case.move.problem", "move_id", string="Problems", readonly=True
    )
    case_ids = fields.Many2many("crm.case", string="Cases", readonly=True)

    @api.model
    def _get_source_selection(self):
        sources = self.env["crm.case"]._get_move_sources()
        labels = {
            LEAD: self.env._("Leads and Opportunities (CRM)"),
            TICKET: self.env._("Tickets (Helpdesk of the OCA)"),
        }
        return [(name, labels[name]) for name in sources if name in self.env]

    # ------------------------------------------------------------
    # COUNTS
    # ------------------------------------------------------------

    def _get_records(self):
        """The other model, archived records included."""
        return self.env[self.source].with_context(active_test=False)

    def _get_todo_domain(self):
        return self.env["crm.case"]._get_move_domain(self.source)

    @api.depends("source", "added_count")
    def _compute_counts(self):
        for move in self:
            move.total_count = move.todo_count = move.moved_count = 0
            if move.source:
                records = move._get_records()
                move.total_count = records.search_count([])
                move.todo_count = records.search_count(move._get_todo_domain())
                move.moved_count = move.total_count - move.todo_count

    @api.depends("source")
    def _compute_stage_ids(self):
        for move in self:
            move.stage_ids = [Command.clear(), *move._prepare_stages()]
            move.team_ids = [Command.clear(), *move._prepare_counts()]

    def _prepare_stages(self):
        if not self.source:
            return []
        groups = self._get_records()._read_group(
            self._get_todo_domain(), ["stage_id"], ["__count"]
        )
        return [
            Command.create(
                {
                    "stage_ref": stage.id,
                    "name": stage.name or self.env._("(none)"),
                    "state": self.env["crm.case"]._get_move_state(stage),
                    "count": count,
                }
            )
            for stage, count in groups
            if stage
        ]

    def _prepare_counts(self):
        """How many would come, by team and by type."""
        if not self.source:
            return []
        names = ["team_id", "type"] if self.source == LEAD else ["team_id"]
        groups = self._get_records()._read_group(
            self._get_todo_domain(), names, ["__count"]
        )
        kinds = dict(
            self._get_records()
            .fields_get(["type"])
            .get("type", {})
            .get("selection", [])
        )
        return [
            Command.create(
                {
                    "name": team.display_name or self.env._("(none)"),
                    "kind": kinds.get(kind[0]) if kind else self.env._("Ticket"),
                    "count": count,
                }
            )
            for team, *kind, count in groups
        ]

    # ------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------

    def action_try(self):
        """Convert everything, look what happens, and take it back."""
        self.ensure_one()
        self._check_can_run()
        savepoint = self.env.cr.savepoint()
        cases, problems = self._run()
        count = len(cases)
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        # as Odoo's own import does after a trial run
        self.env.registry.clear_all_caches()
        self.env.registry.reset_changes()
        self._report("tried", count, cases.browse(), problems)
        return self._get_action()

    def action_convert(self):
        self.ensure_one()
        self._check_can_run()
        cases, problems = self._run()
        self._report("done", len(cases), cases, problems)
        return self._get_action()

    def _check_can_run(self):
        if not self.env["crm.case"]._is_manager():
            raise UserError(self.env._("Only a manager of the Cases app converts."))
        self._get_records().check_access("read")

    def _run(self):
        states = {line.stage_ref: line.state for line in self.stage_ids}
        records = self._get_records().search(self._get_todo_domain(), order="id")
        cases, problems = self.env["crm.case"], []
        stop = time.monotonic() + SECONDS
        for start in range(0, len(records), BATCH):
            if start and time.monotonic() > stop:
                break
            moved, refused = cases._move_in(
                records[start : start + BATCH], states, {"type_id": self.type_id.id}
            )
            cases |= moved
            problems += refused
        return cases, problems

    def _report(self, result, count, cases, problems):
        done = self.added_count if self.result == "done" else 0
        self.write(
            {
                "result": result,
                "added_count": done + count,
                "failed_count": len(problems),
                "case_ids": [Command.link(case.id) for case in cases],
                "problem_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {"name": record.display_name, "reason": words[:300]}
                        )
                        for record, words in problems[:SHOWN]
                    ),
                ],
            }
        )

    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Convert into Cases"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_view_cases(self):
        return self.env["crm.case"]._get_cases_action(
            self.env._("Converted Cases"), [("id", "in", self.case_ids.ids)], {}
        )


class CrmCaseMoveStage(models.TransientModel):
    """What a stage of the other app means here."""

    _name = "crm.case.move.stage"
    _description = "Meaning of a Stage"

    move_id = fields.Many2one("crm.case.move", required=True, ondelete="cascade")
    stage_ref = fields.Integer()
    name = fields.Char(string="Stage There")
    state = fields.Selection(STATES, string="State Here", required=True)
    count = fields.Integer(string="Records")


class CrmCaseMoveCount(models.TransientModel):
    """How many records of a team and a kind would come."""

    _name = "crm.case.move.count"
    _description = "Count of a Move"

    move_id = fields.Many2one("crm.case.move", required=True, ondelete="cascade")
    name = fields.Char(string="Team There")
    kind = fields.Char()
    count = fields.Integer(string="Records")


class CrmCaseMoveProblem(models.TransientModel):
    """A record that could not be converted."""

    _name = "crm.case.move.problem"
    _description = "Record Not Converted"

    move_id = fields.Many2one("crm.case.move", required=True, ondelete="cascade")
    name = fields.Char(string="Record")
    reason = fields.Char()
