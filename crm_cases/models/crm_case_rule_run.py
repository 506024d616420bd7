from datetime import timedelta

from odoo import fields, models

DUE = "due"
FAILED = "failed"
DONE = "done"
SKIPPED = "skipped"
PARKED = "parked"

# Minutes before a failed run is tried again; then it waits for a person.
BACK_OFF = (5, 30, 120, 480)
# No worker is at it any more.
NOBODY = {"worker": False, "alone": False}


class CrmCaseRuleRun(models.Model):
    """What a rule does to one case, once: to be done, done, or why not.

    The unique key (level, case, reference, iteration) is what makes a rule fire once.
    A run is written when it comes to be due, in the transaction that moves the clock,
    and done in the one that marks it so: a server that dies in between repeats or
    loses nothing of what is in the database. A web hook, or code that talks to another
    system, may then be called again.

    One that fails is tried again, later and later, and is then parked for a person; it
    never stops another, nor does one that takes the whole process with it
    (``crm_case_rule_drain``). Before it acts, a run makes sure that rule, case and
    reference still fit (``crm_case_rule_execute``).

    Runs of one case are done by one worker at a time, in the order of the rules.
    """

    _name = "crm.case.rule.run"
    _description = "Run of a Case Rule"
    _inherit = ["crm.case.shadow.mixin"]
    _order = "id desc"

    rule_id = fields.Many2one(
        "crm.case.rule", required=True, index=True, ondelete="cascade"
    )
    level_id = fields.Many2one("crm.case.rule.level", required=True, ondelete="cascade")
    case_id = fields.Many2one("crm.case", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="case_id.company_id")
    reference = fields.Datetime(required=True, help="The date it was counted from.")
    iteration = fields.Integer(string="Repetition", required=True)
    state = fields.Selection(
        [
            (DUE, "Due"),
            (FAILED, "Will be tried again"),
            (DONE, "Done"),
            (SKIPPED, "Not needed"),
            (PARKED, "Needs a person"),
        ],
        required=True,
        default=DUE,
    )
    attempts = fields.Integer()
    next_try = fields.Datetime()
    done_on = fields.Datetime()
    duration = fields.Float(string="Seconds", digits=(10, 3))
    message = fields.Char(help="Why it was not done.")
    # Which connection to the database began with it, and whether with nothing else.
    worker = fields.Char(readonly=True, copy=False)
    alone = fields.Boolean(readonly=True, copy=False)

    _once = models.Constraint(
        "UNIQUE(level_id, case_id, reference, iteration)",
        "A rule acts on a case once for each reference.",
    )
    _waiting_idx = models.Index("(next_try) WHERE state IN ('due', 'failed')")
    _state_idx = models.Index("(rule_id, state)")

    def _compute_display_name(self):
        for run in self:
            run.display_name = f"{run.rule_id.name}: {run.case_id.display_name}"

    # ------------------------------------------------------------
    # RESULTS
    # ------------------------------------------------------------

    def _stop_later_rules(self):
        """These were done by a rule that stops the ones after it."""
        rule = self.rule_id
        later = self.search(
            [("case_id", "in", self.case_id.ids), ("state", "in", (DUE, FAILED))]
        ).filtered(
            lambda run: (
                (run.rule_id.sequence, run.rule_id.id) > (rule.sequence, rule.id)
            )
        )
        later._skip(self.env._("Stopped by rule %s.", rule.name))

    def _skip(self, reason):
        self.write({"state": SKIPPED, "message": reason, **NOBODY})

    def _park(self, reason):
        self.write({"state": PARKED, "message": reason, "next_try": False, **NOBODY})

    def _register_failure(self, error, duration=0.0):
        """Note a failure of this run, to be tried again later or by a person.

        :param error: what was raised, or what happened
        :param float duration: in seconds
        """
        attempts = self.attempts + 1
        message = " ".join(str(error).split()) or type(error).__name__
        vals = {
            "attempts": attempts,
            "message": message[:500],
            "duration": duration,
            "state": PARKED,
            "next_try": False,
            **NOBODY,
        }
        if attempts <= len(BACK_OFF):
            pause = timedelta(minutes=BACK_OFF[attempts - 1])
            vals.update(state=FAILED, next_try=fields.Datetime.now() + pause)
        self.write(vals)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_retry(self):
        """Try again what failed, in the next pass."""
        self.check_access("write")
        failed = self.filtered(lambda run: run.state in (FAILED, PARKED))
        failed.write({"state": DUE, "next_try": False, "attempts": 0})
        self.env["crm.case.rule"]._wake_up()

    def action_dismiss(self):
        """Leave it undone."""
        self.check_access("write")
        open_runs = self.filtered(lambda run: run.state in (DUE, FAILED, PARKED))
        open_runs._skip(self.env._("Dismissed by %s.", self.env.user.name))
