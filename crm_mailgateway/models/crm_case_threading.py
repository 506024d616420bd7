from odoo import api, fields, models
from odoo.tools import LazyTranslate, email_normalize_all

from odoo.addons.crm_cases.models.case_states import CLOSED_STATES

from ..pipeline import thread_key
from ..pipeline.gratitude import is_bare_thanks
from ..pipeline.quoting import without_signature
from ..trace import CONTEXT_KEY

_lt = LazyTranslate(__name__)

# What an answer reads of its case: a fifth of what Odoo would fetch with the first.
ANSWERED_FIELDS = (
    "active",
    "awaiting_answer",
    "company_id",
    "date_action_last",
    "date_last_customer_message",
    "date_last_staff_message",
    "email_cc",
    "email_from",
    "email_normalized",
    "is_automatic",
    "mail_references",
    "merged_into_id",
    "origin_id",
    "partner_id",
    "party_count",
    "pending_until",
    "stage_id",
    "state",
    "team_id",
    "type_id",
    "user_id",
    "write_date",
    "write_uid",
)


class CrmCase(models.Model):
    """Which mails belong to a case, and what a mail does to a closed one.

    PARTICIPANTS are the customer and his colleagues of the same company, watchers,
    other parties, and whoever we wrote to about the case. Their mails are filed by
    the number in the subject alone. A stranger needs a mail of ours to answer, or a
    token; then a warning stands over the case until somebody has looked.

    CLOSED: the team says whether an answer reopens the case, or makes a new one that
    names it as its origin. Machines, and bare thanks if the team wants so, do neither.
    """

    _inherit = "crm.case"

    origin_id = fields.Many2one(
        "crm.case",
        string="Follows",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        readonly=True,
        copy=False,
        help="The closed case that this one continues, or the one that the same mail "
        "made for another team.",
    )

    # FINDING

    def _mailgateway_survivor(self):
        """Return the case that this one was merged into, at the end of all merges."""
        self.ensure_one()
        # sudo: as _get_survivor does; nothing is told of it here
        self.sudo().fetch(ANSWERED_FIELDS)
        return self._get_survivor()

    @api.model
    def _mailgateway_find_by_tag(self, subject, decisions):
        """Return the case whose number a participant wrote in the subject."""
        numbers = thread_key.find_tags(subject)
        if not numbers:
            return self
        # Merged cases are archived, and lead to the one that survived.
        cases = self.with_context(active_test=False)
        for case in cases.search([("number", "in", numbers)], limit=5):
            if case._mailgateway_survivor()._mailgateway_is_participant(decisions):
                return case
        return self

    def _mailgateway_is_participant(self, decisions):
        """Tell whether the sender of a mail has had part in this case.

        Who only looks like one of our people is judged as anybody else.
        """
        self.ensure_one()
        if decisions.user_id:
            return True
        address = decisions.correspondent.sender
        if decisions.claimed_user_id:
            # What we wrote to a colleague makes nobody a participant who bears his
            # address; he may be the customer of the case, though.
            return address == self.email_normalized
        return bool(address) and (
            address in self._mailgateway_known_addresses()
            or self._mailgateway_is_colleague(address)
            or self._mailgateway_was_written_to(address)
        )

    def _mailgateway_known_addresses(self):
        partner = self.partner_id
        known = {self.email_normalized, partner.email_normalized}
        known.update(email_normalize_all(self.email_cc or ""))
        if hasattr(self, "_get_party_addresses"):
            known.update(self._get_party_addresses() or ())
        return known - {False, None, ""}

    def _mailgateway_is_colleague(self, address):
        company = self.partner_id.commercial_partner_id
        return bool(company) and bool(
            self.env["res.partner"].search_count(
                [
                    ("email_normalized", "=", address),
                    ("commercial_partner_id", "=", company.id),
                ],
                limit=1,
            )
        )

    def _mailgateway_was_written_to(self, address):
        """Whether a mail of this case went to an address, or it follows the case."""
        if address in self.message_partner_ids.mapped("email_normalized"):
            return True
        return bool(
            self.env["mail.notification"].search_count(
                [
                    ("mail_message_id.model", "=", self._name),
                    ("mail_message_id.res_id", "=", self.id),
                    ("res_partner_id.email_normalized", "=", address),
                ],
                limit=1,
            )
        )

    # CLOSED CASES

    def _mailgateway_asks_for_new_case(self, trace):
        """Decide what an answer to a closed case does: reopen it, or open another.

        :return: whether a new case is wanted
        """
        self.ensure_one()
        decisions = trace.decisions
        if self.state not in CLOSED_STATES:
            return False
        if decisions.user_id or not trace.classification.is_customers_word:
            return False
        text = without_signature(decisions.text)
        if self.team_id.ignore_thanks and is_bare_thanks(text):
            decisions.keeps_closed = True
            decisions.reasons.append(_lt("a bare thank-you"))
            return False
        return not self.team_id._may_reopen(self.date_closed)

    def _prepare_follow_up_vals(self):
        """Return values of the case that follows this one."""
        return {
            "team_id": self.team_id.id,
            "type_id": self.type_id.id,
            "category_id": self.category_id.id,
            "origin_id": self.id,
        }

    def _reopen_on_customer_reply(self):
        trace = self.env.context.get(CONTEXT_KEY)
        cases = self
        if trace and trace.decisions.keeps_closed:
            cases = self.filtered(lambda case: case.state not in CLOSED_STATES)
        return super(CrmCase, cases)._reopen_on_customer_reply()

    def _register_human_message(self, message):
        """A machine's word is nobody's, whatever it is filed under."""
        trace = self.env.context.get(CONTEXT_KEY)
        if trace and not trace.classification.is_customers_word:
            return None
        return super()._register_human_message(message)
