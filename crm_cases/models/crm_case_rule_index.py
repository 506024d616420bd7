from odoo import models


class CrmCase(models.Model):
    """Indexes by which timed rules find what came to be due, and what was written."""

    _inherit = "crm.case"

    _write_date_idx = models.Index("(write_date)")
    _create_date_idx = models.Index("(create_date)")
    _date_open_idx = models.Index("(date_open) WHERE date_open IS NOT NULL")
    _date_action_last_idx = models.Index(
        "(date_action_last) WHERE date_action_last IS NOT NULL"
    )
    _date_customer_idx = models.Index(
        "(date_last_customer_message) WHERE date_last_customer_message IS NOT NULL"
    )
    _date_staff_idx = models.Index(
        "(date_last_staff_message) WHERE date_last_staff_message IS NOT NULL"
    )
    _date_action_next_idx = models.Index(
        "(date_action_next) WHERE date_action_next IS NOT NULL"
    )
    _date_stage_idx = models.Index("(date_last_stage_update)")
