import base64

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from .. import words
from ..models.mail_thread_threading import FOUND

CASE = "crm.case"


class CrmMailgatewayTry(models.TransientModel):
    """*Try a mail*: what the gateway would do with it, without doing it.

    Takes a file or a received mail. Shows the kind of mail and what gave it away, the
    case that it belongs to and why, whose voice it is, the verdict of each rule, and
    where it would go.
    """

    _name = "crm.mailgateway.try"
    _description = "Try a Mail"

    eml = fields.Binary("Mail File (.eml)", attachment=False)
    eml_name = fields.Char()
    received_id = fields.Many2one("crm.mailgateway.message", "Received Mail")
    is_tried = fields.Boolean()
    kind = fields.Char("Kind of Mail", readonly=True)
    thread = fields.Char("Belongs to", readonly=True)
    voice = fields.Char("Speaks as", readonly=True)
    outcome = fields.Char(readonly=True)
    line_ids = fields.One2many("crm.mailgateway.try.line", "try_id", readonly=True)

    def action_try(self):
        self.ensure_one()
        plan = self._get_gateway()._mailgateway_plan(self._get_content())
        self.line_ids.unlink()
        self.write({"is_tried": True, **self._prepare_plan_vals(plan)})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Try a Mail"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_gateway(self):
        """A received mail is tried as one of the mailbox that it lay in."""
        mailbox = self.received_id.sudo().mailbox_id  # its form is for administrators
        gateway = self.env["mail.thread"]
        return gateway.with_context(default_fetchmail_server_id=mailbox.id)

    def _get_content(self):
        """Return the bytes to try.

        :raise UserError: if there are none
        """
        if self.eml:
            return base64.b64decode(self.eml)
        if self.received_id:
            self.received_id.check_access("read")
            # sudo: the bytes are in a table of their own that nobody may read
            content = self.received_id.sudo()._read_content()
            if content:
                return content
            raise UserError(self.env._("The bytes of this mail are not kept any more."))
        raise UserError(self.env._("Choose a file, or a received mail."))

    def _prepare_plan_vals(self, plan):
        if not plan.trace:
            return {"kind": "", "thread": "", "voice": "", "outcome": plan.obstacle}
        return {
            "kind": self._say_kind(plan.trace.classification),
            "thread": self._say_thread(plan),
            "voice": self._say_voice(plan.trace.decisions),
            "outcome": self._say_outcome(plan),
            "line_ids": [
                Command.create(
                    {
                        "rule_id": rule.id,
                        "is_met": match.matched,
                        "reason": self._say_failed(rule, match),
                    }
                )
                for rule, match in plan.trace.decisions.rule_log
            ],
        }

    def _say_kind(self, verdict):
        received = self.env["crm.mailgateway.message"]
        labels = dict(
            received._fields["classification"]._description_selection(self.env)
        )
        kind = labels[verdict.kind]
        return f"{kind} ({verdict.signal})" if verdict.signal else kind

    def _say_thread(self, plan):
        decisions = plan.trace.decisions
        if not decisions.found_by:
            return self.env._("No case yet")
        why = words.speak(self.env, words.pack(FOUND[decisions.found_by]))
        case_id = decisions.origin_id or plan.routes[0][1]
        case = self.env[CASE].browse(case_id)
        return f"{case.display_name if case.has_access('read') else case_id}: {why}"

    def _say_voice(self, decisions):
        sender = decisions.correspondent.sender if decisions.correspondent else "?"
        if decisions.user_id:
            user = self.env["res.users"].browse(decisions.user_id)
            return self.env._("%s, who is proven to be the sender", user.name)
        if decisions.claimed_user_id:
            return self.env._("a customer: %s is a colleague's, not proven", sender)
        if decisions.forwarded:
            return self.env._("forwarded for %s", decisions.forwarded.sender)
        return sender

    @api.model
    def _say_outcome(self, plan):
        if plan.obstacle:
            return plan.obstacle
        if not plan.routes:
            return words.speak(self.env, words.pack(plan.trace.verdict)) or self.env._(
                "Nothing"
            )
        return "; ".join(self._say_route(*route) for route in plan.routes)

    def _say_route(self, model, res_id, values):
        if model != CASE:
            name = self.env["ir.model"]._get(model).name
            return self.env._("Left to Odoo (%s)", name)
        if res_id:
            return self.env._("Added to the case")
        team = self.env["crm.case.team"].browse((values or {}).get("team_id") or [])
        team = team or team._get_fallback_team()
        return self.env._("New case for %s", team.display_name)

    def _say_failed(self, rule, match):
        if match:
            return rule.sentence
        for condition in rule.condition_ids:
            if condition._as_conditions()[0] == match.failed:
                return self.env._("not met: %s", condition.sentence)
        return ""


class CrmMailgatewayTryLine(models.TransientModel):
    """The verdict of one rule about a tried mail."""

    _name = "crm.mailgateway.try.line"
    _description = "Verdict of a Routing Rule"

    try_id = fields.Many2one("crm.mailgateway.try", required=True, ondelete="cascade")
    rule_id = fields.Many2one("crm.mailgateway.rule", required=True, ondelete="cascade")
    is_met = fields.Boolean("Met")
    reason = fields.Char("Why")
