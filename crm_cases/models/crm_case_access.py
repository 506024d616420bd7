from odoo import api, models
from odoo.exceptions import UserError

# What only the code sets: it says where mails go and which team a case may reach.
KEPT_BY_CODE = {
    "escalation_level",
    "escalation_trail",
    "merged_into_id",
    "repeat_previous_id",
}

FOLLOWERS_OF = "crm_cases_followers_of"


class CrmCase(models.Model):
    """What nobody may do by a call that no screen offers: set what merging, repeating
    and escalating keep, or name a case as parent to learn its subject.

    Whether somebody may read a page of cases is asked of the database. Odoo decides it
    in Python after each search, once more: the rules ask who follows a case, so every
    column and every follower of the page would be read for that. One query by key
    answers the same; who may not is found, and told, as ever.
    """

    _inherit = "crm.case"

    def _validate_fields(self, field_names, excluded_names=()):
        """Here, because constraints do not know any more who called."""
        names = set(field_names)
        if not (self.env.su or KEPT_BY_CODE.isdisjoint(names)):
            raise UserError(
                self.env._(
                    "How a case was merged, repeated or escalated cannot be set: use "
                    "the buttons."
                )
            )
        if "parent_id" in names:
            self.parent_id.check_access("read")
        return super()._validate_fields(names, excluded_names)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        for vals in vals_list:
            if not self.browse(vals.get("parent_id")).has_access("read"):
                vals["parent_id"] = False
        return vals_list

    def _check_access(self, operation):
        unsure = self
        page = operation == "read" and len(self) > 1 and all(self._ids)
        if page and self.browse().has_access("read"):
            unsure = self - self._get_readable()
            if not unsure:
                return None
        return super(CrmCase, unsure)._check_access(operation)

    def _get_readable(self):
        """Those of these cases that the rules let the user read."""
        cases = self.with_context(**{FOLLOWERS_OF: frozenset(self.ids)})
        return self.browse(cases._search([("id", "in", self.ids)], active_test=False))

    @api.model
    def _search_message_partner_ids(self, operator, operand):
        """Of a page, look at the followers of its cases, not at all that somebody
        follows: that may be ten thousand."""
        found = super()._search_message_partner_ids(operator, operand)
        case_ids = self.env.context.get(FOLLOWERS_OF)
        # By type: a context that comes by RPC holds no such set.
        narrow = isinstance(case_ids, frozenset) and operator == "in"
        if not narrow or found is NotImplemented:
            return found
        # sudo: as Odoo does, which has checked what may be asked
        followers = self.env["mail.followers"].sudo()
        domain = [("res_model", "=", self._name), ("res_id", "in", list(case_ids))]
        query = followers._search([*domain, ("partner_id", operator, operand)])
        return [("id", "in", query.subselect("res_id"))]
