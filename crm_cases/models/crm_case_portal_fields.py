from odoo import api, models

# What the pages show, search or sort by. A field that is not named here is closed.
BASIC = {
    "id",
    "display_name",
    "name",
    "create_date",
    "write_date",
    "access_url",
    "message_ids",
    "website_message_ids",
    "partner_id",
}
CASE = BASIC | {
    "number",
    "active",
    "state",
    "type_id",
    "stage_id",
    "team_id",
    "email_from",
    "partner_name",
    "date_open",
    "date_closed",
    "date_last_customer_message",
    "date_last_staff_message",
    "pending_until",
    "rating_ids",
    "priority",  # of the default order
}
PARTY = BASIC | {"case_number", "role", "status", "date_asked", "date_answered"}


class CrmCase(models.Model):
    """People outside who read a case by other ways than our pages get no more of it
    than these show: no token, no watchers, no reason, no figure, no deadline of ours.
    """

    _inherit = "crm.case"

    @api.model
    def _has_field_access(self, field, operation):
        # Asked for every value that is read, so what costs nothing comes first.
        is_open = self.env.su or field.name in CASE or not self.env.user.share
        return is_open and super()._has_field_access(field, operation)


class CrmCaseParty(models.Model):
    """As of a case, see there."""

    _inherit = "crm.case.party"

    @api.model
    def _has_field_access(self, field, operation):
        # Asked for every value that is read, so what costs nothing comes first.
        is_open = self.env.su or field.name in PARTY or not self.env.user.share
        return is_open and super()._has_field_access(field, operation)
