from odoo import api, models
from odoo.tools import LazyTranslate

from .. import words
from ..decisions import BY_ADDRESS, BY_MARKER, BY_REFERENCES, BY_TAG
from ..pipeline import thread_key
from ..pipeline.classify import BOUNCE, OWN, REPORT
from ..trace import CONTEXT_KEY

_lt = LazyTranslate(__name__)

CASE = "crm.case"
FOUND = {
    BY_REFERENCES: _lt("it answers one of our mails"),
    BY_ADDRESS: _lt("the address it was sent to names the case"),
    BY_MARKER: _lt("its text carries the mark of the case"),
    BY_TAG: _lt("its subject carries the number, and its sender takes part"),
}


class MailThread(models.AbstractModel):
    """Which case does a mail belong to?

    In this order: References and In-Reply-To (Odoo's own), a token in the address,
    the mark in the body, the number in the subject. Only the number can be guessed,
    so it counts for participants only; the others may come from a new address, and
    staff are told so. What was merged leads to the case that survived.

    A case that is closed follows the policy of its team.
    """

    _inherit = "mail.thread"

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        trace = self.env.context.get(CONTEXT_KEY)
        arguments = (message, message_dict, model, thread_id, custom_values)
        if not trace or trace.route is not None:
            return super().message_route(*arguments)
        if self._mailgateway_set_aside(message, message_dict, trace):
            return []
        routes = super().message_route(*arguments)
        to_cases = [route for route in routes or () if route[0] == CASE]
        if not to_cases:
            return routes
        trace.target = CASE
        others = [route for route in routes if route[0] != CASE]
        return [*self._mailgateway_thread(message_dict, to_cases, trace), *others]

    @api.model
    def _mailgateway_verdict(self, model, is_reply, trace):
        """Say also why a mail went where it went."""
        verdict = super()._mailgateway_verdict(model, is_reply, trace)
        for reason in trace.decisions.reasons:
            verdict = _lt("%(what)s; %(why)s", what=verdict, why=reason)
        return verdict

    # MAILS ABOUT MAILS

    @api.model
    def _mailgateway_set_aside(self, message, message_dict, trace):
        """Deal with a mail that is about a mail of ours, and makes no case.

        :return: whether that is all there is to do
        """
        verdict = trace.classification
        domains = self.env["mail.alias.domain"].sudo()  # set by any gateway user
        if domains._register_subaddressing_test(trace.decisions.tokens):
            trace.routed = True
            trace.verdict = _lt("The test mail came back: tokens in addresses work.")
            return True
        if verdict.kind == OWN:
            trace.routed = True
            trace.verdict = _lt("A mail of ours that came back to us.")
            return True
        if verdict.kind not in (BOUNCE, REPORT):
            return False
        case = self._mailgateway_reported_case(message, message_dict, trace)
        if not case and not self._mailgateway_is_for_cases(message_dict):
            return False
        if verdict.kind == BOUNCE:
            self._mailgateway_mark_bounced(message, message_dict, verdict)
        trace.routed = True
        trace.verdict = case._register_report(verdict)
        if case:
            trace.target = CASE
            trace.updated_cases.extend(case.ids)
            self._mailgateway_create_result(
                trace,
                outcome="processed",
                res_model=CASE,
                res_id=case.id,
                message_id=trace.message_id,
                verdict_terms=words.pack(trace.verdict),
            )
        return True

    @api.model
    def _mailgateway_mark_bounced(self, message, message_dict, verdict):
        """Mark the addresses that could not be reached, as Odoo does with its own."""
        if message_dict.get("is_bounce") and message_dict.get("bounced_email"):
            self._routing_handle_bounce(message, message_dict)
            return
        partners = self.env["res.partner"].sudo()  # read by any gateway user
        for address in verdict.recipients:
            found = partners.search([("email_normalized", "=", address)], limit=20)
            for partner in found:
                partner._message_receive_bounce(address, partner)

    @api.model
    def _mailgateway_reported_case(self, message, message_dict, trace):
        """Return the case whose mail a report is about, or an empty one."""
        parent = message_dict.get("bounced_message") or message_dict.get("parent_id")
        messages = self.env["mail.message"].sudo()  # read by any gateway user
        parent = messages.browse(parent) if isinstance(parent, int) else parent
        cases = self.env[CASE].sudo()
        if parent and parent.model == CASE:
            return cases.browse(parent.res_id).exists()
        case_id = self._mailgateway_token_case(trace.decisions.tokens)
        markers = thread_key.find_markers(_all_text(message))
        case_id = case_id or self._mailgateway_token_case(markers)
        return cases.browse(case_id).exists() if case_id else cases

    @api.model
    def _mailgateway_is_for_cases(self, message_dict):
        """Whether a report was sent to a team, and to nobody else."""
        addresses = [
            thread_key.split_address(address)[0]
            for address in (message_dict.get("recipients") or "").split(",")
        ]
        found = (
            self.env["mail.alias.domain"]
            .sudo()
            ._find_aliases(
                [
                    address.rpartition("<")[2].strip(" >").lower()
                    for address in addresses
                ]
            )
        )
        aliases = self.env["mail.alias"].sudo()  # read by any gateway user
        aliases = aliases.search([("alias_full_name", "in", found)])
        return bool(aliases) and aliases.alias_model_id.mapped("model") == [CASE]

    # THREADING

    @api.model
    def _mailgateway_thread(self, message_dict, routes, trace):
        """Return the routes of a mail to cases, once its case is found.

        :param routes: those of Odoo, all to cases
        """
        if "cc_filtered" in message_dict:
            # Odoo takes the filtered ones away with the first of several documents.
            message_dict["cc"] = message_dict["cc_filtered"]
        self._mailgateway_identify(trace, routes[0][1])
        routes = self._mailgateway_without_blocked(routes, trace)
        if not routes:
            return []
        self._mailgateway_read_text(message_dict, trace)
        decisions = trace.decisions
        case = self.env[CASE].sudo().browse(routes[0][1] or [])
        if case:
            decisions.found_by = BY_REFERENCES
        else:
            case = self._mailgateway_find_case(message_dict, trace)
        if not case:
            return self._mailgateway_new_routes(message_dict, routes, trace)
        case = case._mailgateway_survivor()
        decisions.reasons.append(FOUND[decisions.found_by])
        decisions.stranger = not case._mailgateway_is_participant(decisions)
        if decisions.stranger:
            message_dict["cc_filtered"] = message_dict["cc"] = ""
        if case._mailgateway_asks_for_new_case(trace):
            routes = [self._mailgateway_follow_up_route(case, message_dict, routes[0])]
            return self._mailgateway_with_voice(routes, trace)
        _model, _id, values, uid, alias = routes[0]
        return self._mailgateway_with_voice(
            [(CASE, case.id, values, uid, alias)], trace
        )

    @api.model
    def _mailgateway_new_routes(self, message_dict, routes, trace):
        """Return the routes of a mail that opens cases: one per team that it names."""
        return self._mailgateway_with_voice(routes, trace)

    @api.model
    def _mailgateway_follow_up_route(self, case, message_dict, route):
        """Return the route to a new case that follows a closed one."""
        trace = self.env.context[CONTEXT_KEY]
        message_dict.pop("parent_id", None)
        trace.decisions.origin_id = case.id
        trace.decisions.reasons.append(_lt("%s is closed", case.number))
        _model, _id, _values, uid, alias = route
        return (CASE, False, case._prepare_follow_up_vals(), uid, alias)

    @api.model
    def _mailgateway_with_voice(self, routes, trace):
        """Let nobody act as one of our people without proof."""
        uid = trace.decisions.user_id or self.env.uid
        return [(m, res_id, values, uid, a) for m, res_id, values, _u, a in routes]

    @api.model
    def _mailgateway_find_case(self, message_dict, trace):
        """Return the case that tokens or the subject name, or an empty one."""
        decisions = trace.decisions
        cases = self.env[CASE].sudo()  # which case it is decides who may see it
        markers = thread_key.find_markers(message_dict.get("body"))
        for how, tokens in ((BY_ADDRESS, decisions.tokens), (BY_MARKER, markers)):
            case_id = self._mailgateway_token_case(tokens)
            case = cases.browse(case_id).exists() if case_id else cases
            if case:
                decisions.found_by = how
                return case
        case = cases._mailgateway_find_by_tag(message_dict.get("subject"), decisions)
        if case:
            decisions.found_by = BY_TAG
        return case

    @api.model
    def _mailgateway_token_case(self, tokens):
        """Return the id of the case that the first genuine token names, or None."""
        secret = self.env["crm.mailgateway.secret"]
        for token in tokens:
            speaker = secret._read_speaker_token(token)
            case_id = speaker.case_id if speaker else secret._read_case_token(token)
            if case_id:
                return case_id
        return None


def _all_text(message):
    """Return all text of a report, also that of the mail it returns."""
    texts = []
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.is_multipart():
            payload = part.get_payload(decode=True) or b""
            texts.append(payload[:200_000].decode("utf-8", "replace"))
    return "\n".join(texts[:10])
