from datetime import timedelta

from odoo import fields, models

REOPEN = "reopen"
NEW = "new"
DAYS = "days"


class CrmCaseTeam(models.Model):
    """A team says what happens when a customer answers to a closed case."""

    _inherit = "crm.case.team"

    follow_up = fields.Selection(
        [
            (REOPEN, "Reopen the case"),
            (NEW, "Open a new case that follows it"),
            (DAYS, "Reopen for some days, then open a new case"),
        ],
        string="Answer to a Closed Case",
        required=True,
        default=REOPEN,
    )
    follow_up_days = fields.Integer(
        "Days to Reopen",
        default=14,
        help="Days after closing during which an answer opens the case again.",
    )
    ignore_thanks = fields.Boolean(
        "Thanks Do Not Reopen",
        help="An answer that says nothing but thank you leaves a closed case closed. "
        "It has to be short and without a question; many languages are understood.",
    )

    _follow_up_days_positive = models.Constraint(
        "CHECK(follow_up_days >= 0)", "The days to reopen cannot be negative."
    )

    def _crm_mailgateway_wants_new_case(self, date_closed):
        """Tell whether an answer to a case closed then makes a new one."""
        if self.follow_up == DAYS and date_closed:
            limit = date_closed + timedelta(days=self.follow_up_days)
            return fields.Datetime.now() > limit
        return self.follow_up == NEW
