from odoo import fields, models


class CrmCaseTeam(models.Model):
    """What a customer's answer to a closed case does is a setting of the team; here
    it can say that bare thanks are no answer."""

    _inherit = "crm.case.team"

    ignore_thanks = fields.Boolean(
        "Thanks Do Not Reopen",
        help="An answer that says nothing but thank you leaves a closed case closed. "
        "It has to be short and without a question; many languages are understood.",
    )
