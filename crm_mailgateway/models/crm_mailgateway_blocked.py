from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import LazyTranslate, email_normalize, ormcache

from .. import words

_lt = LazyTranslate(__name__)

IT_IS_SPAM = _lt("The case is spam.")


class CrmMailgatewayBlocked(models.Model):
    """An address whose mails to cases are ignored, in one company.

    Made by *Mark as Spam* on a case and taken back by *Not Spam* on the last of the
    cases that made it. Managers see the list and change it; what they block stays
    blocked. What such an address writes stays in the journal, with the reason, for as
    long as ignored mails do: nothing is lost that was blocked by mistake.

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
    case_ids = fields.Many2many(
        "crm.case",
        "crm_mailgateway_blocked_case_rel",
        string="Because of Spam",
        readonly=True,
        copy=False,
        context={"active_test": False},
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
        senders = cases.filtered("email_normalized").grouped(self._get_sender)
        ours = self._filter_ours({address for address, _company in senders})
        known = self._get_blocked(senders)
        new = []
        for (address, company), group in senders.items():
            if address in ours:
                continue
            links = [Command.link(case.id) for case in group]
            row = known.get((address, company))
            if row is None:
                new.append({"email": address, "company_id": company, "case_ids": links})
            elif row.case_ids:  # what somebody blocked by hand stays his
                row.case_ids = links
        self.create(new)
        return {address for address, _company in senders} - ours

    @api.model
    def _unblock(self, cases):
        """Lift what these cases blocked, and nothing that has another reason.

        :return: the addresses that are blocked still
        """
        rows = self.search([("case_ids", "in", cases.ids)])
        rows.case_ids = [Command.unlink(case.id) for case in cases]
        rows.filtered(lambda row: not row.case_ids).unlink()
        senders = cases.filtered("email_normalized").grouped(self._get_sender)
        return {address for address, _company in self._get_blocked(senders)}

    @api.model
    def _get_sender(self, case):
        return case.email_normalized, case.company_id.id

    @api.model
    def _get_blocked(self, senders):
        """Rows by address and company, of these pairs."""
        rows = self.search([("email", "in", [address for address, _c in senders])])
        found = {(row.email, row.company_id.id): row for row in rows}
        return {pair: row for pair, row in found.items() if pair in senders}

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
        # sudo: as above
        blocked = self.env["crm.mailgateway.blocked"].sudo()._unblock(self)
        return super()._unblock_senders() | blocked
