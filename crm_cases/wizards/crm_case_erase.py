from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmCaseErase(models.TransientModel):
    """Erase a person: first say what there is, then forget it.

    Opened from contacts or cases. Other contacts with the same address are proposed,
    because they are most likely the same person. What goes and what stays is told
    with numbers, and has to be confirmed: there is no way back.

    Our own people and companies are refused: they belong to what others did here.
    """

    _name = "crm.case.erase"
    _description = "Erase a Person"

    partner_ids = fields.Many2many(
        "res.partner",
        string="Contacts",
        context={"active_test": False},
        help="All contacts that are this person.",
    )
    addresses = fields.Char(
        string="Other Addresses",
        help="Further e-mail addresses of the person, with commas between them.",
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    is_sure = fields.Boolean("I know that this cannot be undone")

    @api.model
    def default_get(self, field_names):
        vals = super().default_get(field_names)
        if self.env.context.get("active_model") == "crm.case":
            cases = self._get_active().with_context(active_test=False)
            addresses = set(cases.mapped("email_normalized"))
            partners = cases.partner_id
        else:
            partners = self._get_active()
            addresses = set()
        addresses |= set(partners.mapped("email_normalized"))
        addresses -= {False}
        partners |= partners.with_context(active_test=False).search(
            [("email_normalized", "in", list(addresses))]
        )
        alone = addresses - set(partners.mapped("email_normalized"))
        vals["partner_ids"] = [fields.Command.set(partners.ids)]
        vals["addresses"] = ", ".join(sorted(alone))
        return vals

    def _get_active(self):
        model = self.env.context.get("active_model")
        if model not in ("crm.case", "res.partner"):
            return self.env["res.partner"]
        return self.env[model].browse(self.env.context.get("active_ids") or [])

    @api.depends("partner_ids", "addresses")
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = wizard._get_preview()

    def _get_preview(self):
        erasure, person = self._get_person()
        rows = [row for row in erasure._count_person(person) if row[1]]
        stays = person.partners._count_references()
        return Markup(
            '<p class="fw-bold mb-1">%s</p><ul>%s</ul>'
            '<p class="fw-bold mb-1">%s</p><ul>%s</ul>'
        ) % (
            self.env._("Will be forgotten"),
            self._list_rows(rows) or self._list_rows([(self.env._("Nothing"), 0)]),
            self.env._("Stays"),
            self._list_rows(self._get_kept_rows(person, stays)),
        )

    def _list_rows(self, rows):
        return Markup("").join(
            Markup("<li>%s%s</li>") % (label, f": {count}" if count else "")
            for label, count in rows
        )

    def _get_kept_rows(self, person, stays):
        """What is left, in words; tables by the names of their models."""
        names = {
            model._table: self.env["ir.model"]._get(name).name
            for name, model in self.env.items()
            if model._table in stays and not model._abstract
        }
        rows = [
            (
                self.env._(
                    "That there were cases, with number, dates, type, team and state"
                ),
                0,
            )
        ]
        if stays:
            rows.append(
                (
                    self.env._(
                        "The contact, archived and without a name, because of these "
                        "records, which are not changed (posted invoices must stay by "
                        "law):"
                    ),
                    0,
                )
            )
            rows += [(names.get(table, table), stays[table]) for table in stays]
        return rows

    def _get_person(self):
        # sudo: who may open this wizard may forget what he could not even read
        erasure = self.env["crm.case.erasure"].sudo()
        partners = self.env["res.partner"].sudo().browse(self.partner_ids.ids)
        return erasure, erasure._get_person(partners, (self.addresses or "").split(","))

    def action_erase(self):
        self.ensure_one()
        if not self.is_sure:
            raise UserError(
                self.env._("Please tick that you know this cannot be undone.")
            )
        self._check_is_outsider()
        erasure, person = self._get_person()
        self._check_is_not_ours(person.addresses)
        if not person.partners and not person.addresses:
            raise UserError(self.env._("Please say whom to erase."))
        cases = person.cases
        erasure._erase_person(person)
        cases._message_log_batch(
            bodies=dict.fromkeys(cases.ids, self.env._("Personal data was erased."))
        )
        # Files leave the disk with the next run of Odoo's housekeeping.
        self.env.ref("base.autovacuum_job").sudo()._trigger()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Erased Cases"),
            "res_model": "crm.case",
            "view_mode": "list,form",
            "domain": [("id", "in", cases.ids)],
            "context": {"active_test": False},
            "target": "main",
        }

    def _check_is_outsider(self):
        partners = self.partner_ids.sudo()  # sudo: users are not for everybody
        users = partners.with_context(active_test=False).user_ids
        if users.filtered(lambda user: not user.share):
            raise UserError(
                self.env._(
                    "%s has worked here: take the user's access away first, and keep "
                    "the contact, or the past would lose its authors.",
                    ", ".join(users.mapped("name")),
                )
            )
        if self.env["res.company"].sudo().search([("partner_id", "in", partners.ids)]):
            raise UserError(self.env._("This is one of our own companies."))

    def _check_is_not_ours(self, addresses):
        """An address of a team stands in every conversation."""
        # sudo: aliases are not for everybody
        aliases = (
            self.env["mail.alias"]
            .sudo()
            .search([("alias_full_name", "in", list(addresses))])
        )
        domains = self.env["mail.alias.domain"].sudo().search_fetch([], limit=1000)
        ours = set(aliases.mapped("alias_full_name"))
        for name in ("catchall_email", "bounce_email", "default_from_email"):
            ours |= set(domains.mapped(name)) & set(addresses)
        if ours:
            raise UserError(
                self.env._("%s is one of our own addresses.", ", ".join(sorted(ours)))
            )
