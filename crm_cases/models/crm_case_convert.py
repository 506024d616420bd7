from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .case_states import ACTIVE_STATES, CLOSED_STATES


class CrmCase(models.Model):
    """How a case becomes a case of the next type: a lead, an opportunity.

    It stays the same case, with its number, conversation, activities and dates, and
    gets a customer: the contact chosen, the one with its address, or a new one. All
    open cases of that address get the same customer.
    """

    _inherit = "crm.case"

    convert_type_id = fields.Many2one(related="type_id.convert_type_id")
    date_converted = fields.Datetime(string="Converted On", readonly=True, copy=False)

    def _check_convert(self):
        for case in self:
            if not case.type_id.convert_type_id:
                raise UserError(
                    self.env._(
                        "%(case)s is a %(type)s, which becomes nothing else.",
                        case=case.display_name,
                        type=case.type_id.name,
                    )
                )
            if case.state in CLOSED_STATES:
                raise UserError(
                    self.env._(
                        "%s is closed. Reopen it to convert it.", case.display_name
                    )
                )

    def _convert(self, partner_by_case, vals):
        """Make these cases what their type becomes.

        :param dict partner_by_case: customer of each case; none leaves it as it is
        :param dict vals: further values for all of them
        """
        self._check_convert()
        now = fields.Datetime.now()
        for (target, partner), cases in self.grouped(
            lambda case: (case.type_id.convert_type_id, partner_by_case.get(case))
        ).items():
            customer = {"partner_id": partner.id} if partner else {}
            note = self.env._(
                "Converted from %(old)s to %(new)s.",
                old=cases.type_id[:1].name,
                new=target.name,
            )
            cases.write(
                {**vals, **customer, "type_id": target.id, "date_converted": now}
            )
            cases._message_log_batch(dict.fromkeys(cases.ids, note))
            cases._link_customer_of_address(partner)

    def _link_customer_of_address(self, partner):
        """Give ``partner`` to the open cases of these addresses that have nobody."""
        emails = [email for email in self.mapped("email_normalized") if email]
        if not partner or not emails:
            return
        self.search(
            Domain("partner_id", "=", False)
            & Domain("email_normalized", "in", emails)
            & Domain("state", "in", ACTIVE_STATES)
        ).write({"partner_id": partner.id})

    def _find_customers(self):
        """Contacts with the addresses of these cases, in one search.

        :rtype: dict[crm.case, res.partner]
        """
        emails = {case.email_normalized for case in self if case.email_normalized}
        contacts = self.env["res.partner"].search(
            Domain("email_normalized", "in", emails), order="is_company, id"
        )
        return {
            case: case.partner_id or contacts.filtered(case._may_be_customer)[:1]
            for case in self
        }

    def _may_be_customer(self, partner):
        """Same address, and of no other company."""
        return (
            partner.email_normalized == self.email_normalized
            and partner.company_id <= self.company_id
        )

    def action_convert(self):
        self._check_convert()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Convert"),
            "res_model": "crm.case.convert",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_ids": self.ids},
        }
