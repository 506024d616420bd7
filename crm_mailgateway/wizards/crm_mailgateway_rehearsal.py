from datetime import timedelta

from odoo import Command, fields, models

DAYS = 31
MAX_MAILS = 300
CASE = "crm.case"


class CrmMailgatewayRehearsal(models.TransientModel):
    """*Rehearse*: what the rules, as they are now, would have done with last month.

    Every mail whose bytes are kept is planned again, and nothing of it is kept. The
    list shows what would have gone to another team than the one that has its case, or
    would have been ignored or held.
    """

    _name = "crm.mailgateway.rehearsal"
    _description = "Rehearsal of Routing Rules"

    mail_count = fields.Integer("Mails", readonly=True)
    line_ids = fields.One2many(
        "crm.mailgateway.rehearsal.line", "rehearsal_id", readonly=True
    )

    def action_rehearse(self):
        self.ensure_one()
        received = self._get_mails()
        lines = [self._prepare_line_vals(mail) for mail in received]
        self.line_ids.unlink()
        self.write(
            {
                "mail_count": len(received),
                "line_ids": [Command.create(vals) for vals in lines if vals],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rehearsal"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_mails(self):
        """Return the mails of last month that made a case, the latest first."""
        since = fields.Datetime.now() - timedelta(days=DAYS)
        return self.env["crm.mailgateway.message"].search(
            [
                ("create_date", ">=", since),
                ("case_id", "!=", False),
                ("state", "=", "processed"),
            ],
            limit=MAX_MAILS,
        )

    def _prepare_line_vals(self, received):
        """Return values of a line, or None for a mail that goes where it went."""
        # sudo: the bytes are in a table of their own that nobody may read
        content = received.sudo()._read_content()
        if not content:
            return None
        plan = self.env["mail.thread"]._mailgateway_plan(content)
        if plan.trace and plan.trace.decisions.found_by:
            return None  # an answer: rules are not asked
        before = received.case_id.sudo().team_id
        if plan.obstacle or not plan.routes:
            outcome = self.env["crm.mailgateway.try"]._say_outcome(plan)
            return {"received_id": received.id, "before": before.name, "after": outcome}
        teams = self._get_teams(plan)
        if before in teams:
            return None
        names = ", ".join(teams.mapped("display_name"))
        return {"received_id": received.id, "before": before.name, "after": names}

    def _get_teams(self, plan):
        ids = [(values or {}).get("team_id") for _model, _id, values in plan.routes]
        teams = self.env["crm.case.team"].sudo().browse(filter(None, ids))
        return teams if all(ids) else teams | teams._get_fallback_team()


class CrmMailgatewayRehearsalLine(models.TransientModel):
    """A mail that would have gone elsewhere."""

    _name = "crm.mailgateway.rehearsal.line"
    _description = "Mail That Would Have Gone Elsewhere"

    rehearsal_id = fields.Many2one(
        "crm.mailgateway.rehearsal", required=True, ondelete="cascade"
    )
    received_id = fields.Many2one(
        "crm.mailgateway.message", "Mail", required=True, ondelete="cascade"
    )
    before = fields.Char("Went to")
    after = fields.Char("Would go to")
