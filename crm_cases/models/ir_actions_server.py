from odoo import api, fields, models

from .case_states import ACTIVE_STATES
from .crm_case_reminder import CUSTOMER, RESPONSIBLE, WATCHERS

ESCALATE = "case_escalate"
REMIND = "case_remind"
ASSIGN = "case_assign"
CASE_KINDS = (ESCALATE, REMIND, ASSIGN)


class IrActionsServer(models.Model):
    """Three things that a server action can do with cases.

    ESCALATE CASE hands them to the parent team, or at once to the top of the tree. A
    case that stands at the top gets a note that says so; a closed one is left alone.

    SEND CASE REMINDER writes to the customer, the responsible or the watchers, with a
    mail template of one's own or the one that is delivered.

    ASSIGN CASE moves cases to a team, if one is named, and gives them to a user or to
    whomever the method of the team finds.

    They run from automation rules, timed rules, the *Actions* menu and code, on many
    cases at once. What one case gets never depends on the others.
    """

    _inherit = "ir.actions.server"

    usage = fields.Selection(
        selection_add=[("crm_case_rule", "Timed Rule of Cases")],
        ondelete={"crm_case_rule": "cascade"},
    )
    state = fields.Selection(
        selection_add=[
            (ESCALATE, "Escalate Case"),
            (REMIND, "Send Case Reminder"),
            (ASSIGN, "Assign Case"),
            ("code",),
        ],
        ondelete={kind: "cascade" for kind in CASE_KINDS},
    )

    case_escalate_to = fields.Selection(
        [("parent", "The parent team"), ("top", "The top of the tree")],
        string="Escalate To",
        default="parent",
    )
    case_remind_to = fields.Selection(
        [
            (CUSTOMER, "The customer"),
            (RESPONSIBLE, "The responsible"),
            (WATCHERS, "The watchers"),
        ],
        string="Remind",
        default=CUSTOMER,
    )
    case_remind_template_id = fields.Many2one(
        "mail.template",
        string="Text of the Reminder",
        domain="[('model', '=', 'crm.case')]",
        ondelete="set null",
        help="Empty: the text that is delivered with the Cases app.",
    )
    case_remind_attachments = fields.Boolean(
        string="Attach Documents",
        help="Documents of the case go with the reminder. Customers and watchers only "
        "get those that stand in messages which they can read.",
    )
    case_assign_method = fields.Selection(
        [("team", "Whoever is next in the team"), ("user", "This user")],
        string="Assign To",
        default="team",
    )
    case_assign_team_id = fields.Many2one(
        "crm.case.team",
        string="Team",
        ondelete="restrict",
        help="The cases move to this team first. Empty: they stay where they are.",
    )
    case_assign_user_id = fields.Many2one(
        "res.users",
        string="User",
        domain="[('share', '=', False)]",
        ondelete="restrict",
    )

    @api.depends("state")
    def _compute_available_model_ids(self):
        ours = self.filtered(lambda action: action.state in CASE_KINDS)
        if ours:
            ours.available_model_ids = self.env["ir.model"]._get("crm.case")
        return super(IrActionsServer, self - ours)._compute_available_model_ids()

    @api.model
    def _warning_depends(self):
        return [
            *super()._warning_depends(),
            "case_escalate_to",
            "case_remind_to",
            "case_remind_template_id",
            "case_assign_method",
            "case_assign_user_id",
            "case_assign_team_id",
        ]

    def _get_warning_messages(self):
        warnings = super()._get_warning_messages()
        if self.state not in CASE_KINDS:
            return warnings
        if self.model_id.model != "crm.case":
            warnings.append(self.env._("This action is made for cases only."))
        if self.state == ESCALATE and not self.case_escalate_to:
            warnings.append(self.env._("Choose where the cases go."))
        if self.state == REMIND and not self.case_remind_to:
            warnings.append(self.env._("Choose who is reminded."))
        template = self.case_remind_template_id
        if self.state == REMIND and template and template.model != "crm.case":
            warnings.append(
                self.env._("The text of the reminder is not made for cases.")
            )
        if self.state == ASSIGN:
            warnings += self._get_assign_warnings()
        return warnings

    def _get_assign_warnings(self):
        if self.case_assign_method == "user":
            missing = not self.case_assign_user_id
            return [self.env._("Choose the user who gets the cases.")] * missing
        team = self.case_assign_team_id
        if team.assign_method == "manual":
            return [
                self.env._(
                    "Team %s assigns by hand: cases would stay unassigned.", team.name
                )
            ]
        return []

    # ------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------

    @api.model
    def _get_cases_to_run_on(self, eval_context):
        """The cases at hand, with the rights of whoever runs the action."""
        empty = self.env["crm.case"]
        return eval_context.get("records") or eval_context.get("record") or empty

    def _run_action_case_escalate_multi(self, eval_context=None):
        cases = self._get_cases_to_run_on(eval_context)
        cases._escalate_by_action(to_top=self.case_escalate_to == "top")

    def _run_action_case_remind_multi(self, eval_context=None):
        cases = self._get_cases_to_run_on(eval_context)
        cases._send_reminder(
            self.case_remind_to,
            self.case_remind_template_id,
            with_documents=self.case_remind_attachments,
        )

    def _run_action_case_assign_multi(self, eval_context=None):
        cases = self._get_cases_to_run_on(eval_context)
        cases = cases.filtered(lambda case: case.state in ACTIVE_STATES)
        team = self.case_assign_team_id
        if team:
            # Who comes from another team is no responsible of this one.
            moving = cases.filtered(lambda case: case.team_id != team)
            moving.write({"team_id": team.id, "user_id": False})
        if self.case_assign_method == "user":
            cases.write({"user_id": self.case_assign_user_id.id})
        else:
            cases._assign()
