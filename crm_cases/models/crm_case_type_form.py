from odoo import fields, models


class CrmCaseType(models.Model):
    """Which types customers can choose in the forms for new cases."""

    _inherit = "crm.case.type"

    show_in_forms = fields.Boolean(
        string="Customers Can Choose It",
        help="Offer this type in the forms by which customers open a case.",
    )
