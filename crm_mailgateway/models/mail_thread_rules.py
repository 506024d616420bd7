from odoo import api, models
from odoo.tools import LazyTranslate, email_normalize, email_split

from ..pipeline.language import detect_language
from ..pipeline.matching import Facts
from ..trace import CONTEXT_KEY
from .crm_mailgateway_rule import HOLD, IGNORE, HeldByRule

_lt = LazyTranslate(__name__)

CASE = "crm.case"
MAX_HEADERS = 200
# What a rule may set on a case, and a rehearsal compares.
ROUTED = ("team_id", "type_id", "category_id", "user_id", "priority", "tag_ids")


class MailThread(models.AbstractModel):
    """Routing rules are asked about each mail that opens a case, once per team."""

    _inherit = "mail.thread"

    @api.model
    def _mailgateway_new_routes(self, message_dict, routes, trace):
        routes = super()._mailgateway_new_routes(message_dict, routes, trace)
        routes = [self._mailgateway_apply_rules(message_dict, r, trace) for r in routes]
        routes = [route for route in routes if route]
        trace.decisions.routing = [self._mailgateway_routing(r[2]) for r in routes]
        return routes

    @api.model
    def _mailgateway_routing(self, values):
        """Return what is decided about a new case, to be compared some day."""
        values = values or {}
        teams = self.env["crm.case.team"].sudo()  # as below
        routing = {name: values.get(name) or None for name in ROUTED}
        routing["team_id"] = values.get("team_id") or teams._get_fallback_team().id
        routing["tag_ids"] = sorted({tag for _code, tag in values.get("tag_ids", ())})
        return routing

    @api.model
    def _mailgateway_apply_rules(self, message_dict, route, trace):
        """Return a route as the rules want it, or None for a mail to be ignored.

        :raise HeldByRule: if a rule wants a person to look first
        """
        model, res_id, values, uid, alias = route
        values = dict(values or {})
        team = self.env["crm.case.team"].sudo().browse(values.get("team_id") or [])
        team = team or team._get_fallback_team()
        # sudo: rules hold for all mails, whoever runs the gateway
        rules = self.env["crm.mailgateway.rule"].sudo()
        rules = rules._get_rules(team.company_id or self.env.company)
        if not rules:
            return route
        facts = self._mailgateway_facts(message_dict, trace, team, rules)
        met, captures = rules._decide(facts, trace.decisions.rule_log)
        trace.decisions.rule_ids.extend(met.ids)
        last = met[-1:]
        if last.action == HOLD:
            trace.verdict = _lt("Held for a person by rule “%s”.", last.name)
            raise HeldByRule(str(trace.verdict))
        if last.action == IGNORE:
            trace.verdict = _lt(
                "Ignored by rule “%(rule)s”: %(reason)s",
                rule=last.name,
                reason=last.reason,
            )
            return None
        self._mailgateway_note_effects(met, captures, values, trace)
        values.update(met._prepare_case_vals())
        return (model, res_id, values, uid, alias)

    @api.model
    def _mailgateway_note_effects(self, rules, captures, values, trace):
        decisions = trace.decisions
        for rule in rules:
            decisions.reasons.append(_lt("rule “%s”", rule.name))
        decisions.watchers.extend(rules._get_watchers())
        decisions.no_acknowledgement |= any(rules.mapped("no_acknowledgement"))
        if captures.get("subject"):
            values["name"] = captures["subject"]
        if captures.get("reference"):
            values["mail_reference"] = captures["reference"]
        decisions.customer = email_normalize(captures.get("customer") or "") or None

    @api.model
    def _mailgateway_facts(self, message_dict, trace, team, rules):
        """Return what rules may ask about a mail."""
        decisions = trace.decisions
        message = decisions.mail
        addresses = email_split(message_dict.get("recipients") or "")
        partner = self.env["mail.thread"]._partner_find_from_emails_single(
            [decisions.correspondent.address], no_create=True
        )
        asks_time = "time" in rules.condition_ids.mapped("field")
        return Facts(
            recipients=tuple(address.lower() for address in addresses),
            sender=decisions.correspondent.sender,
            subject=message_dict.get("subject") or "",
            body=decisions.text,
            headers=tuple(
                (name, " ".join(str(value).split()))
                for name, value in message.raw_items()
            )[:MAX_HEADERS],
            size=trace.size,
            attachments=len(message_dict.get("attachments") or ()),
            classification=trace.classification.kind,
            partner_id=partner.id or None,
            category_ids=frozenset(partner.sudo().category_id.ids),
            language=detect_language(decisions.text),
            is_working_time=not asks_time or team._crm_mailgateway_is_working_time(),
        )

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """A machine's mail is no customer's reply, also to automation rules.

        Those that wait for messages look for this key, to leave alone what automation
        itself sends.
        """
        trace = self.env.context.get(CONTEXT_KEY)
        machine = trace and not trace.classification.is_customers_word
        if machine and trace.target == CASE:
            self = self.with_context(__action_done={})
        return super()._message_route_process(message, message_dict, routes)

    @api.model
    def _mailgateway_record_ignored(self, trace, res_id):
        """A mail that a rule or a block ignores was still meant for cases."""
        recorded = super()._mailgateway_record_ignored(trace, res_id)
        wanted = trace.decisions.rule_ids or trace.decisions.blocked
        if wanted and trace.target == CASE:
            result = self.env["crm.mailgateway.result"].sudo()  # as above
            result.browse(trace.result_id).res_model = CASE
        return recorded
