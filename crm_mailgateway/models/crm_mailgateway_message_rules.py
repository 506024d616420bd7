from odoo import models


class CrmMailgatewayMessage(models.Model):
    """From a received mail to the rule for mails like it, and to a trial of it."""

    _inherit = "crm.mailgateway.message"

    def action_make_rule(self):
        """Write a rule that does the same with mails like this one, and open it."""
        self.ensure_one()
        self.check_access("read")
        rule = self.env["crm.mailgateway.rule"]._create_from_mail(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": rule._name,
            "res_id": rule.id,
            "view_mode": "form",
        }

    def action_try(self):
        """Show what the gateway would do with this mail now."""
        self.ensure_one()
        trial = self.env["crm.mailgateway.try"].create({"received_id": self.id})
        return trial.action_try()
