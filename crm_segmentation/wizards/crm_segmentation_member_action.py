from odoo import api, fields, models
from odoo.exceptions import UserError

MAX_MEMBERS = 10_000


class CrmSegmentationMemberAction(models.TransientModel):
    """Something done once for each present member, with the rights of who asks."""

    _name = "crm.segmentation.member.action"
    _description = "Action on the Members"
    _rec_name = "segmentation_id"

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, ondelete="cascade"
    )
    member_count = fields.Integer(compute="_compute_member_count")
    has_cases = fields.Boolean(compute="_compute_has_cases")
    kind = fields.Selection(
        [
            ("activity", "Plan an activity"),
            ("server", "Run an action"),
            ("case", "Open a case"),
        ],
        "For each Member",
        required=True,
        default="activity",
    )
    activity_type_id = fields.Many2one(
        "mail.activity.type",
        domain=[("res_model", "in", (False, "res.partner"))],
        default=lambda self: self.env.ref(
            "mail.mail_activity_data_call", raise_if_not_found=False
        ),
        ondelete="set null",
    )
    summary = fields.Char()
    date_deadline = fields.Date("Until", default=fields.Date.context_today)
    user_id = fields.Many2one(
        "res.users", "For", default=lambda self: self.env.user, ondelete="set null"
    )
    server_action_id = fields.Many2one(
        "ir.actions.server",
        "Action",
        domain=[("model_name", "=", "res.partner")],
        ondelete="cascade",
    )

    @api.depends("segmentation_id")
    def _compute_member_count(self):
        for wizard in self:
            wizard.member_count = len(wizard._get_members(MAX_MEMBERS + 1))

    def _compute_has_cases(self):
        cases = "crm.case" in self.env and self.env["crm.case"].has_access("create")
        self.has_cases = cases

    def _get_members(self, limit=None):
        return self.env["res.partner"].search(
            self.segmentation_id._get_member_domain(), limit=limit
        )

    def action_apply(self):
        """Do it for each member, or for none."""
        self.ensure_one()
        members = self._get_members(MAX_MEMBERS + 1)
        if not members:
            raise UserError(self.env._("Nobody is in “%s”.", self.segmentation_id.name))
        if len(members) > MAX_MEMBERS:
            raise UserError(
                self.env._(
                    "More than %s members: choose some of them in the list instead.",
                    MAX_MEMBERS,
                )
            )
        getattr(self, f"_apply_{self.kind}")(members)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Done for %s partners.", len(members)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _apply_activity(self, members):
        members.activity_schedule(
            activity_type_id=self.activity_type_id.id,
            summary=self.summary or self.segmentation_id.name,
            date_deadline=self.date_deadline or fields.Date.context_today(self),
            user_id=self.user_id.id,
        )

    def _apply_server(self, members):
        if not self.server_action_id:
            raise UserError(self.env._("Choose the action."))
        self.server_action_id.with_context(
            active_model="res.partner",
            active_id=members[:1].id,
            active_ids=members.ids,
        ).run()

    def _apply_case(self, members):
        if not self.has_cases:
            raise UserError(self.env._("You cannot open cases."))
        title = self.summary or self.segmentation_id.name
        self.env["crm.case"].create(
            [{"name": title, "partner_id": member.id} for member in members]
        )
