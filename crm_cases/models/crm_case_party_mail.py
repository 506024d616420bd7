from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

CASE = "crm.case"
PARTY = "crm.case.party"


class CrmCase(models.Model):
    """A case keeps its other parties out of the conversation with the customer.

    IN: a mail that reaches the case but belongs to a party (it answers that party's
    thread, or its sender is one) is filed with the party. The customer is never
    mistaken for a party, whatever he answers to.

    OUT: a party can neither follow the case nor be written to on it, and is not
    suggested as a recipient.
    """

    _inherit = "crm.case"

    party_ids = fields.One2many(
        PARTY, "case_id", string="Other Parties", groups="base.group_user"
    )
    # Stored: every message of every case asks whether there are any.
    party_count = fields.Integer(
        compute="_compute_party_count", store=True, groups="base.group_user"
    )
    party_answer_count = fields.Integer(
        compute="_compute_party_answer_count",
        string="Answers of Other Parties",
        groups="base.group_user",
    )

    @api.depends("party_ids")
    def _compute_party_count(self):
        for case in self:
            case.party_count = len(case.party_ids)

    @api.depends("party_ids.status")
    def _compute_party_answer_count(self):
        for case in self:
            answered = case.party_ids.filtered(lambda p: p.status == "answered")
            case.party_answer_count = len(answered)

    # ------------------------------------------------------------
    # WHO IS WHO
    # ------------------------------------------------------------

    def _get_party_addresses(self):
        """Normalized addresses of the other parties, and of nobody else."""
        self.ensure_one()
        # sudo: asked for everybody who writes here, customers included
        parties = self.sudo().party_ids if self.sudo().party_count else []
        return {party.email_normalized for party in parties if party.email_normalized}

    def _filter_parties(self, partners):
        """Those of ``partners`` who are kept out of this case: its other parties and
        their colleagues, unless they belong to the customer's own company or to us."""
        self.ensure_one()
        case = self.sudo()  # as above
        if not case.party_count:
            return partners.browse()
        entities = case.party_ids.partner_id.commercial_partner_id
        entities -= case.partner_id.commercial_partner_id
        return partners.filtered(
            lambda p: (
                p.partner_share
                and p != case.partner_id
                and (
                    p in case.party_ids.partner_id
                    or p.commercial_partner_id in entities
                )
            )
        )

    def _detect_party(self, msg_dict):
        """The party whose conversation a mail to this case belongs to.

        :param dict msg_dict: a parsed mail, or the values of a message about to be
            posted: ``parent_id``, ``author_id``, ``email_from``
        :return: a ``crm.case.party``, empty for the customer's conversation
        """
        self.ensure_one()
        case = self.sudo()  # asked for everybody who writes here, customers included
        parties = case.party_ids if case.party_count else case.env[PARTY]
        if not parties:
            return parties
        author = self.env["res.partner"].sudo().browse(msg_dict.get("author_id") or [])
        email = email_normalize(msg_dict.get("email_from") or "")
        if self._is_customer(author) or (email and email == case.email_normalized):
            return parties.browse()
        parent = self.env["mail.message"].sudo().browse(msg_dict.get("parent_id") or [])
        if parent.model == PARTY and parent.res_id in parties.ids:
            return parties.browse(parent.res_id)
        return parties.filtered(
            lambda p: p.partner_id == author or email and p.email_normalized == email
        ).sorted(lambda p: (p.date_asked or p.create_date, p.id))[-1:]

    # ------------------------------------------------------------
    # IN
    # ------------------------------------------------------------

    def message_update(self, msg_dict, update_vals=None):
        """Nothing of the case changes by the word of a party: no watchers, no state."""
        if self._detect_party(msg_dict):
            return True
        return super().message_update(msg_dict, update_vals)

    def message_post(self, **kwargs):
        self.ensure_one()
        if kwargs.get("message_type") == "email":
            party = self._detect_party(kwargs)
            if party:
                return party._file_mail(kwargs)
        else:
            self._check_no_party(kwargs.get("partner_ids"))
        return super().message_post(**kwargs)

    # ------------------------------------------------------------
    # OUT
    # ------------------------------------------------------------

    def _check_no_party(self, partner_ids):
        # sudo: whoever may post here may learn that a recipient is refused
        partners = self.env["res.partner"].sudo().browse(partner_ids or [])
        refused = self._filter_parties(partners) if partners else partners
        if refused:
            raise UserError(
                self.env._(
                    "%s is another party of this case and would read the conversation "
                    "with the customer. Write under “Other Parties” instead.",
                    ", ".join(refused.mapped("display_name")),
                )
            )

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        for case in self:
            case._check_no_party(partner_ids)
        return super().message_subscribe(partner_ids, subtype_ids)

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """The last gate: whatever path led here, no party is told."""
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        if not self or not self.sudo().party_count:
            return recipients
        partners = self.env["res.partner"].sudo()
        ids = [data["id"] for data in recipients if data["id"]]
        refused = set(self._filter_parties(partners.browse(ids)).ids)
        return [data for data in recipients if data["id"] not in refused]

    def _message_get_suggested_recipients_batch(self, **kwargs):
        suggested = super()._message_get_suggested_recipients_batch(**kwargs)
        for case in self.filtered(lambda case: case.sudo().party_count):
            addresses = case._get_party_addresses() - {case.email_normalized}
            suggested[case.id] = [
                recipient
                for recipient in suggested[case.id]
                if email_normalize(recipient.get("email") or "") not in addresses
            ]
        return suggested

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_parties(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Other Parties"),
            "res_model": PARTY,
            "view_mode": "list,kanban,form",
            "domain": [("case_id", "=", self.id)],
            "context": {"default_case_id": self.id},
        }

    def action_ask_party(self):
        """Write to a supplier, a carrier, an expert."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ask Another Party"),
            "res_model": "crm.case.party.ask",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_id": self.id},
        }


class MailThread(models.AbstractModel):
    """Mails that answer a party's thread enter through its case.

    Their reply address is the team's, whose alias makes cases: without this, Odoo
    takes them for new ones. One door for all mail means that whatever watches cases
    (the journal of a gateway, loop detection) sees these mails too.
    """

    _inherit = "mail.thread"

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        if not any(route[0] in (CASE, PARTY) for route in routes or []):
            return routes
        answered = self._find_answered_party_message(message_dict)
        if not answered:
            return routes
        message_dict["parent_id"] = answered.id
        party = self.env[PARTY].sudo().browse(answered.res_id)
        return self._route_to_case_of_party(party, routes)

    @api.model
    def _find_answered_party_message(self, message_dict):
        text = message_dict.get("references") or message_dict.get("in_reply_to") or ""
        references = text.split()[-32:]  # the newest, as Odoo looks at no more either
        if not references:
            return self.env["mail.message"]
        # sudo: routing happens before anybody is known
        found = self.env["mail.message"].sudo()
        found = found.search(
            [("message_id", "in", references)], order="id desc", limit=1
        )
        return found if found.model == PARTY and found.res_id else found.browse()

    @api.model
    def _route_to_case_of_party(self, party, routes):
        """Replace what would begin a case or post on the party; others stay."""
        result = []
        for route in routes:
            if route[0] == PARTY or route[0] == CASE and not route[1]:
                route = (CASE, party.case_id.id, None, route[3], None)
            if route[:2] not in [other[:2] for other in result]:
                result.append(route)
        return result

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        routes = [self._route_to_survivor(route) for route in routes or []]
        for model, thread_id, *_rest in routes:
            if model == CASE and thread_id and message_dict.get("partner_ids"):
                self._drop_outside_recipients(thread_id, message_dict)
        return super()._message_route_process(message, message_dict, routes)

    @api.model
    def _route_to_survivor(self, route):
        """An answer to a case that was merged goes where the conversation went."""
        model, thread_id, *rest = route
        if model != CASE or not thread_id:
            return route
        case = self.env[CASE].browse(thread_id).exists()
        return (CASE, case._get_survivor().id, *rest) if case else route

    @api.model
    def _drop_outside_recipients(self, case_id, message_dict):
        """Whom a party copied in is no recipient of ours: he would be let in."""
        party = self.env[CASE].browse(case_id)._detect_party(message_dict)
        if party:
            partners = party.env["res.partner"].browse(message_dict["partner_ids"])
            message_dict["partner_ids"] = party._filter_allowed_partners(partners).ids
