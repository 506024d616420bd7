from odoo import fields, models


class ResUsers(models.Model):
    """A user may say to which team the cases go that he creates."""

    _inherit = "res.users"

    case_team_id = fields.Many2one(
        "crm.case.team",
        string="Default Case Team",
        ondelete="set null",
        check_company=True,
        help="New cases of yours go to this team. Empty: the first team you are in.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ["case_team_id"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ["case_team_id"]
