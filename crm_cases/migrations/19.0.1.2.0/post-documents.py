from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Offer the usual documents; data that is not updated is not loaded either."""
    if version:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["crm.case.document.model"]._create_usual()
