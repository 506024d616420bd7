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


# Most fields of ours ask for it, and core takes four microseconds per value to answer.
INTERNAL = "base.group_user"


class CrmCase(models.Model):
    """People outside who read a case by other ways than our pages get no more of it
    than these show: no token, no watchers, no reason, no figure, no deadline of ours.
    """

    _inherit = "crm.case"

    @api.model
    def _has_field_access(self, field, operation):
        access = _get_quick_access(self.env, field, CASE)
        return super()._has_field_access(field, operation) if access is None else access


class CrmCaseParty(models.Model):
    """As of a case, see there."""

    _inherit = "crm.case.party"

    @api.model
    def _has_field_access(self, field, operation):
        access = _get_quick_access(self.env, field, PARTY)
        return super()._has_field_access(field, operation) if access is None else access


def _get_quick_access(env, field, outside):
    """Say whether a field may be read, without looking at its groups if possible.

    Asked for each value that is read, so what costs nothing comes first.

    :param set outside: names of the fields that people outside may read
    :return: None if its groups decide
    """
    if env.su:
        return True
    groups = field.groups
    if field.name in outside and not groups:
        return True
    if env.user.share:  # whoever is not in the group of internal users
        return False
    return True if not groups or groups == INTERNAL else None
