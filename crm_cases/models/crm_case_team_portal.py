from datetime import timedelta

from odoo import fields, models

REOPEN_ALWAYS = "always"
REOPEN_DAYS = "days"
REOPEN_NEVER = "never"


class CrmCaseTeam(models.Model):
    """What customers may do with the cases of a team, without asking anybody.

    SEEING: each customer sees the own cases, and those of colleagues in the same
    company unless the team keeps them apart.

    ASKING: the form for new cases is open to nobody, to customers with an account,
    or to everybody.

    COMING BACK: a solved case can be reopened always, for some days, or never.
    """

    _inherit = "crm.case.team"

    portal_company = fields.Boolean(
        string="Colleagues See Each Other's Cases",
        default=True,
        help="On the portal, a customer also sees the cases of the other contacts of "
        "the same company. Otherwise only the own ones and those that name the "
        "customer as a follower.",
    )
    form_access = fields.Selection(
        [
            ("none", "Nobody"),
            ("portal", "Customers with an account"),
            ("public", "Everybody"),
        ],
        string="Form for New Cases",
        default="none",
        required=True,
        help="Who finds a form that opens a case of this team. What somebody without "
        "an account sends counts once the address is confirmed.",
    )
    form_url = fields.Char(string="Address of the Form", compute="_compute_form_url")
    reopen_policy = fields.Selection(
        [
            (REOPEN_ALWAYS, "At any time"),
            (REOPEN_DAYS, "For some days after closing"),
            (REOPEN_NEVER, "Never"),
        ],
        string="Customers Reopen",
        default=REOPEN_ALWAYS,
        required=True,
        help="Whether customers may reopen a closed case on the portal.",
    )
    reopen_days = fields.Integer(
        string="Days Customers May Reopen",
        default=30,
        help="How many days after closing a customer may still reopen a case.",
    )

    _reopen_days_positive = models.Constraint(
        "CHECK(reopen_days >= 0)", "The days to reopen cannot be negative."
    )

    def _compute_form_url(self):
        slug = self.env["ir.http"]._slug
        for team in self:
            public = team.form_access == "public" and team.id
            team.form_url = public and f"{team.get_base_url()}/cases/new/{slug(team)}"

    def _may_reopen(self, closed_on):
        """Whether a customer may reopen what was closed at ``closed_on`` (UTC)."""
        if not self or self.reopen_policy == REOPEN_ALWAYS:
            return True
        since = fields.Datetime.now() - timedelta(days=self.reopen_days)
        return self.reopen_policy == REOPEN_DAYS and closed_on >= since
