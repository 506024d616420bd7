from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import LazyTranslate, email_normalize, ormcache

from .. import words

_lt = LazyTranslate(__name__)

IT_IS_SPAM = _lt("The case is spam.")


class CrmMailgatewayBlocked(models.Model):
    """An address whose mails to cases are ignored, in one company.

    Made by *Mark as Spam* on a case and taken back by *Not Spam*; managers see the list
    and change it. What such an address writes stays in the journal, with the reason,
    for as long as ignored mails do: nothing is lost that was blocked by mistake.

    NEVER one of our people and never an address of ours. Who proves to be one of our
    people is heard, whatever the list says.
    """

    _name = "crm.mailgateway.blocked"
    _description = "Blocked Sender"
    _rec_name = "email"
    _order = "id desc"

    email = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )

    _email_company_unique = models.Constraint(
        "UNIQUE(email, company_id)", "This sender is blocked already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create([self._normalize(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._normalize(vals))

    @api.model
    def _normalize(self, vals):
        if "email" not in vals:
            return vals
        return {**vals, "email": email_normalize(vals["email"] or "") or vals["email"]}

    @api.constrains("email")
    def _check_email(self):
        for blocked in self:
            if not email_normalize(blocked.email):
                raise ValidationError(
                    self.env._("“%s” is not one e-mail address.", blocked.email)
                )
        ours = self._filter_ours(self.mapped("email"))
        if ours:
            raise ValidationError(
                self.env._(
                    "%s is one of our own addresses and cannot be blocked.",
                    ", ".join(sorted(ours)),
                )
            )

    @api.model
    def _filter_ours(self, addresses):
        """Those of our people, our teams and our mailboxes.

        :param addresses: normalised
        :rtype: set
        """
        addresses = list(addresses)
        # sudo: whoever blocks a sender need not see all users
        users = self.env["res.users"].sudo()
        users = users.with_context(active_test=False).search(
            Domain("share", "=", False)
            & (
                Domain("email_normalized", "in", addresses)
                | Domain("login", "in", addresses)
            )
        )
        known = {email_normalize(user.login) for user in users}
        known.update(users.mapped("email_normalized"))
        own = self.env["crm.case"]._filter_own_addresses(addresses)
        return (known | own) & set(addresses)

    @api.model
    def _block(self, cases):
        """Block the senders of cases.

        :return: the addresses that are blocked now
        """
        wanted = {
            (case.email_normalized, case.company_id.id)
            for case in cases
            if case.email_normalized
        }
        ours = self._filter_ours({address for address, _company in wanted})
        wanted = {pair for pair in wanted if pair[0] not in ours}
        known = {
            (row.email, row.company_id.id)
            for row in self.search([("email", "in", [pair[0] for pair in wanted])])
        }
        self.create(
            [
                {"email": address, "company_id": company}
                for address, company in sorted(wanted - known)
            ]
        )
        return {address for address, _company in wanted}

    @api.model
    def _unblock(self, cases):
        for company, group in cases.grouped("company_id").items():
            addresses = group.mapped("email_normalized")
            self.search(
                [("email", "in", addresses), ("company_id", "=", company.id)]
            ).unlink()

    @api.model
    @ormcache()
    def _has_any(self):
        """Whether anybody is blocked: where nobody is, a mail asks nothing."""
        return bool(self.sudo().search_count([], limit=1))  # the mere existence

    @api.model
    def _get_companies(self, addresses):
        """The companies that hear nothing from any of these addresses."""
        if not self._has_any():
            return self.env["res.company"]
        return self.search_fetch([("email", "in", addresses)], ["company_id"])[
            "company_id"
        ]


class CrmCase(models.Model):
    """Spam blocks its sender."""

    _inherit = "crm.case"

    def _block_senders(self):
        self._withhold_acknowledgements()
        # sudo: whoever may close a case may say that it is spam
        blocked = self.env["crm.mailgateway.blocked"].sudo()._block(self)
        return super()._block_senders() | blocked

    def _withhold_acknowledgements(self):
        """Thanks that still wait are not sent: nothing answers spam."""
        # sudo: the books of the gateway are no business of whoever marks a case
        waiting = self.env["crm.mailgateway.result"].sudo()
        waiting.search(
            [
                ("ack_state", "=", "pending"),
                ("res_model", "=", "crm.case"),
                ("res_id", "in", self.ids),
            ]
        ).write({"ack_state": "withheld", "ack_terms": words.pack(IT_IS_SPAM)})

    def _unblock_senders(self):
        self.env["crm.mailgateway.blocked"].sudo()._unblock(self)  # as above
        return super()._unblock_senders()
