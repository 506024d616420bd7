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

    COMING BACK: the answer to a closed case, on the portal or by mail, reopens it
    always, for some days, or never. After that, the portal asks to open a new case; a
    mail does so by itself where *Cases by Mail* is installed.
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
            (REOPEN_ALWAYS, "Reopens the case"),
            (REOPEN_DAYS, "Reopens it for some days, then opens a new one"),
            (REOPEN_NEVER, "Opens a new case"),
        ],
        string="Answer to a Closed Case",
        default=REOPEN_ALWAYS,
        required=True,
        help="What happens when a customer comes back to a closed case, on the portal "
        "or by mail. A new case names the one that it follows.",
    )
    reopen_days = fields.Integer(
        string="Days to Reopen",
        default=30,
        help="Days after closing during which an answer opens the case again.",
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
        """Whether a customer may reopen what was closed then.

        :param datetime closed_on: in UTC; False: nobody knows when
        """
        if not self or self.reopen_policy == REOPEN_ALWAYS:
            return True
        if self.reopen_policy == REOPEN_NEVER:
            return False
        since = fields.Datetime.now() - timedelta(days=self.reopen_days)
        return not closed_on or closed_on >= since
