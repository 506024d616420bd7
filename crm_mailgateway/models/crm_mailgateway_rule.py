from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import LazyTranslate, email_normalize, email_split

from odoo.addons.crm_cases.models.case_states import PRIORITIES

from ..pipeline import matching

_lt = LazyTranslate(__name__)

CASE, IGNORE, HOLD = "case", "ignore", "hold"
MAX_RULES = 200


class HeldByRule(Exception):
    """A routing rule wants a person to look at a mail first."""


class CrmMailgatewayRule(models.Model):
    """A routing rule: mails like this go there.

    Rules are asked in their order, about mails that open a case; answers go to their
    case. All conditions of a rule must be met; a rule without conditions meets every
    mail. What a rule sets, later rules may change, unless it says *stop*. An ignored
    mail stays in the journal with the reason; a held one waits there for a person.

    A regular expression may have named groups: ``(?P<subject>…)`` becomes the subject
    of the case, ``reference`` its reference, ``customer`` (an address) its customer.

    Which rules a company has is remembered until a rule changes.
    """

    _name = "crm.mailgateway.rule"
    _description = "Routing Rule"
    _inherit = ["crm.case.cached.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for the mails of all companies."
    )
    condition_ids = fields.One2many(
        "crm.mailgateway.rule.condition", "rule_id", string="Conditions", copy=True
    )
    action = fields.Selection(
        [
            (CASE, "Make a case"),
            (IGNORE, "Ignore the mail"),
            (HOLD, "Hold it for a person"),
        ],
        required=True,
        default=CASE,
    )
    reason = fields.Char(help="Stands in the journal: why such mails are ignored.")
    team_id = fields.Many2one(
        "crm.case.team", check_company=True, ondelete="restrict", index="btree_not_null"
    )
    type_id = fields.Many2one("crm.case.type", ondelete="restrict")
    category_id = fields.Many2one("crm.case.category", ondelete="restrict")
    tag_ids = fields.Many2many(
        "crm.case.tag", "crm_mailgateway_rule_tag_rel", string="Tags"
    )
    priority = fields.Selection(PRIORITIES)
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        domain=[("share", "=", False)],
        check_company=True,
        ondelete="set null",
    )
    watchers = fields.Char(help="Addresses, separated by commas.")
    no_acknowledgement = fields.Boolean()
    template_id = fields.Many2one(
        "mail.template",
        string="Other Acknowledgement",
        domain=[("model", "=", "crm.case")],
        ondelete="set null",
    )
    stop = fields.Boolean(
        "Stop Here", default=True, help="Later rules are not asked any more."
    )
    sentence = fields.Char("What It Does", compute="_compute_sentence")
    condition_fields = fields.Char(compute="_compute_condition_fields")

    @api.depends("condition_ids.field")
    def _compute_condition_fields(self):
        """Say what the conditions are about: the form shows no other columns."""
        for rule in self:
            used = sorted(set(rule.condition_ids.mapped("field")) - {False})
            rule.condition_fields = ",".join(used)

    @api.constrains("action", "reason")
    def _check_reason(self):
        for rule in self:
            if rule.action == IGNORE and not rule.reason:
                raise ValidationError(
                    self.env._("Say why such mails are ignored: staff will ask.")
                )

    @api.constrains("watchers")
    def _check_watchers(self):
        for rule in self.filtered("watchers"):
            wanted = [w for w in rule.watchers.split(",") if w.strip()]
            if len(email_split(rule.watchers)) != len(wanted):
                raise ValidationError(
                    self.env._("Watchers: write addresses, separated by commas.")
                )

    # IN WORDS

    @api.depends_context("lang")
    @api.depends(
        "condition_ids.sentence",
        "action",
        "reason",
        "team_id",
        "type_id",
        "category_id",
        "tag_ids",
        "priority",
        "user_id",
        "watchers",
        "no_acknowledgement",
        "template_id",
        "stop",
    )
    def _compute_sentence(self):
        for rule in self:
            conditions = [c.sentence for c in rule.condition_ids if c.sentence]
            joined = self.env._(" and ").join(conditions)
            effects = ", ".join(rule._effects_in_words())
            if joined:
                rule.sentence = self.env._(
                    "If %(conditions)s: %(effects)s.",
                    conditions=joined,
                    effects=effects,
                )
            else:
                rule.sentence = self.env._("Always: %s.", effects)

    def _effects_in_words(self):
        if self.action == IGNORE:
            return [self.env._("ignore it (%s)", self.reason or "?")]
        if self.action == HOLD:
            return [self.env._("hold it for a person")]
        priorities = dict(self._fields["priority"]._description_selection(self.env))
        tags = ", ".join(self.tag_ids.mapped("name"))
        effects = [
            self.team_id and self.env._("team %s", self.team_id.display_name),
            self.type_id and self.env._("type %s", self.type_id.name),
            self.category_id and self.env._("category %s", self.category_id.name),
            tags and self.env._("tags %s", tags),
            self.priority and self.env._("priority %s", priorities[self.priority]),
            self.user_id and self.env._("responsible %s", self.user_id.name),
            self.watchers and self.env._("watchers %s", self.watchers),
            self.no_acknowledgement and self.env._("no acknowledgement"),
            self.template_id and self.env._("thanks with “%s”", self.template_id.name),
        ]
        return [effect for effect in effects if effect] or [
            self.env._("change nothing")
        ]

    # DECIDING

    @api.model
    def _get_rules(self, company):
        return self.browse(self._get_rule_ids(company.id))

    @api.model
    @tools.ormcache("company_id")
    def _get_rule_ids(self, company_id):
        rules = self.sudo()  # rules hold for all mails, whoever runs the gateway
        domain = [("company_id", "in", (company_id, False))]
        return rules.search(domain, limit=MAX_RULES)._ids

    def _decide(self, facts, log=None):
        """Ask these rules about one mail, in their order.

        :param Facts facts: what is known of it
        :param list log: collects pairs of rule and :class:`Match`
        :return: the rules that are met, and what their patterns captured
        """
        met, captures = self.browse(), {}
        for rule in self:
            match = matching.match_all(rule.condition_ids._as_conditions(), facts)
            if log is not None:
                log.append((rule, match))
            if match:
                met |= rule
                captures.update(match.captures)
                if rule.stop or rule.action != CASE:
                    break
        return met, captures

    def _prepare_case_vals(self):
        """Return what these rules, all met, set on a new case."""
        vals = {}
        for rule in self:
            for name in ("team_id", "type_id", "category_id", "user_id"):
                if rule[name]:
                    vals[name] = rule[name].id
            if rule.priority:
                vals["priority"] = rule.priority
            if rule.tag_ids:
                vals.setdefault("tag_ids", []).extend((4, t) for t in rule.tag_ids.ids)
            if rule.template_id:
                vals["acknowledgement_template_id"] = rule.template_id.id
        return vals

    def _get_watchers(self):
        return [a for rule in self for a in email_split(rule.watchers or "")]

    # FROM A MAIL

    @api.model
    def _create_from_mail(self, received):
        """Write the rule that does with mails of this sender what became of this one.

        :param received: a ``crm.mailgateway.message``
        """
        address = email_normalize(received.email_from or "") or received.email_from
        case = received.case_id
        ignored = received.state == "ignored"
        return self.create(
            {
                "name": self.env._("Mails from %s", address),
                "condition_ids": [
                    (0, 0, {"field": "sender", "operator": "equals", "value": address})
                ],
                "action": IGNORE if ignored else CASE,
                "reason": ignored and (received.verdict or self.env._("By hand")),
                "team_id": case.team_id.id,
                "type_id": case.type_id.id,
                "category_id": case.category_id.id,
                "tag_ids": [(6, 0, case.tag_ids.ids)],
            }
        )
