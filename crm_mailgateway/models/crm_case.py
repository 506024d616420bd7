from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import LazyTranslate, email_normalize

from .. import words
from ..batch import CONTEXT_KEY as BATCH_KEY
from ..batch import BatchMemory
from ..pipeline.classify import AUTOMATIC, BOUNCE
from ..trace import CONTEXT_KEY

_lt = LazyTranslate(__name__)

TEMPLATE = "crm_mailgateway.acknowledgement_template"
# RFC 3834 §5 for everybody, and the header that Exchange listens to.
HEADERS = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}


class CrmCase(models.Model):
    """A case that came by mail thanks its sender, once.

    Nobody is thanked who is a machine, a mailing list or ourselves, nor anybody
    who has been thanked often in the last hour: that ends a loop between two
    automatic answers after a handful of mails. A machine's mail neither reopens a
    case nor counts as the customer's word.
    """

    _inherit = "crm.case"

    received_mail_ids = fields.One2many(
        "crm.mailgateway.message", "case_id", groups="crm_cases.crm_cases_group_own"
    )
    received_mail_count = fields.Integer(
        compute="_compute_received_mail_count",
        groups="crm_cases.crm_cases_group_own",
    )

    def _compute_received_mail_count(self):
        counts = dict(
            self.env["crm.mailgateway.message"]._read_group(
                [("case_id", "in", self.ids)], ["case_id"], ["__count"]
            )
        )
        for case in self:
            case.received_mail_count = counts.get(case, 0)

    def action_received_mails(self):
        """Open the mails that made and fed this case."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_mailgateway.crm_mailgateway_message_action"
        )
        return dict(action, domain=[("case_id", "=", self.id)], context={})

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            is_automatic = not trace.classification.may_be_answered
            custom_values = {**(custom_values or {}), "is_automatic": is_automatic}
        case = super().message_new(msg_dict, custom_values)
        if trace:
            trace.new_cases.append(case.id)
        return case

    def message_update(self, msg_dict, update_vals=None):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace:
            trace.updated_cases.extend(self.ids)
        return super().message_update(msg_dict, update_vals)

    def _register_human_message(self, message):
        trace = self.env.context.get(CONTEXT_KEY)
        if trace and trace.classification.kind in (AUTOMATIC, BOUNCE):
            return
        super()._register_human_message(message)

    def _is_word_of_person(self, message):
        trace = self.env.context.get(CONTEXT_KEY)
        if not trace:
            return super()._is_word_of_person(message)
        is_answer = self.id not in trace.new_cases
        return is_answer and trace.classification.may_be_answered

    # ACKNOWLEDGEMENT

    def _prepare_acknowledgement_vals(self, email_from, trace):
        """Decide whether the sender of a new case is thanked.

        :param str email_from: the From header
        :param MailTrace trace: what is known of the mail
        :return: values for its result row
        """
        self.ensure_one()
        reason = self._acknowledgement_obstacle(
            email_normalize(email_from or ""), trace
        )
        if reason:
            return {"ack_state": "withheld", "ack_terms": words.pack(reason)}
        return {"ack_state": "pending"}

    def _acknowledgement_obstacle(self, address, trace):
        """Say in words why a sender must not be thanked, if so."""
        if not self.team_id.acknowledge:
            return _lt("The team sends no acknowledgements.")
        if not address:
            return _lt("The sender has no valid address.")
        if not trace.classification.may_be_answered:
            return _lt("Automatic mail: %s", trace.classification.signal)
        if self._is_own_address(address):
            return _lt("The sender is one of our own addresses.")
        if self._thanked_too_often(address):
            return _lt("The sender was thanked often in the last hour.")
        return None

    def _is_own_address(self, address):
        return bool(self._filter_own_addresses([address]))

    def _filter_own_addresses(self, addresses):
        """Aliases, and the mailboxes that are fetched."""
        own = super()._filter_own_addresses(addresses)
        users = self.env["fetchmail.server"]._crm_mailgateway_own_users()
        return own | {address for address in addresses if address.lower() in users}

    def _group_by_acknowledgement_template(self):
        """Return the cases by the template of their team."""
        standard = self.env.ref(TEMPLATE)
        groups = defaultdict(self.browse)
        for case in self:
            groups[case.team_id.acknowledgement_template_id or standard] |= case
        return groups

    def _queue_acknowledgements(self, template, results):
        """Queue the thank-you mails of cases that use the same template.

        :param template: the ``mail.template``
        :param dict results: the result row of each case, by case id
        """
        mails = template.send_mail_batch(
            self.ids,
            email_values={
                "headers": repr(HEADERS),
                "message_type": "auto_comment",
                "subtype_id": self.env.ref("mail.mt_comment").id,
                # The mail goes once it was sent; its message stays in the chatter,
                # which is how an answer to it finds the case.
                "is_notification": True,
                "auto_delete": True,
            },
        )
        by_id = {case.id: case for case in self}
        for mail in mails:
            result = results[mail.res_id]
            company = by_id[mail.res_id].company_id or self.env.company
            mail.write(
                {"references": result.message_id, "author_id": company.partner_id.id}
            )
        self.env["crm.mailgateway.result"].browse(
            results[mail.res_id].id for mail in mails
        ).ack_state = "queued"

    def _get_acknowledgement_from(self):
        """Return the address that thanks: the one that customers write to."""
        self.ensure_one()
        company = self.company_id or self.env.company
        team = self.team_id.sudo()  # its mailbox is not for everybody to read
        memory = self.env.context.get(BATCH_KEY) or BatchMemory()
        key = ("sender", team, company)
        return memory.recall(key, lambda: team._crm_mailgateway_sender(company))
