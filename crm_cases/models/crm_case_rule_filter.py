from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.safe_eval import datetime, safe_eval, time

from .case_states import CANCEL, DONE, DRAFT, OPEN, PENDING
from .crm_case_mail import HUMAN_MESSAGE_TYPES
from .crm_case_rule import PRESET_VALUES

# Bounds of what a pattern may cost, so that no subject can hold up the rules.
MAX_PATTERN = 200
MAX_SUBJECT = 500
PATTERN_TIMEOUT = 2000  # milliseconds for all candidates of a pass
SUBJECT_TIMEOUT = 200  # milliseconds for one subject
MAX_TIMEOUTS = 20

STATE_FIELDS = {
    "on_draft": DRAFT,
    "on_open": OPEN,
    "on_pending": PENDING,
    "on_done": DONE,
    "on_cancel": CANCEL,
}
COMPUTED_STATE = {
    "compute": "_compute_on_states",
    "store": True,
    "precompute": True,
    "readonly": False,
}


class Matches(NamedTuple):
    """What a rule's pattern says about cases.

    :param ids: cases that match
    :param slow: cases whose subject takes too long
    :param left: cases that were not looked at, after too many of those
    """

    ids: set
    slow: set = frozenset()
    left: set = frozenset()

    @property
    def possible(self):
        """Return all that may match."""
        return self.ids | self.slow | self.left


class CrmCaseRule(models.Model):
    """Which cases a rule is about. All that is filled in must hold.

    The regular expression is PostgreSQL's, ignores case and looks at the first 500
    characters of the subject. It is matched by the database under a time limit: cases
    on whose subject it takes too long are parked for a person, the others go on.
    """

    _inherit = "crm.case.rule"

    on_draft = fields.Boolean(string="Draft", **COMPUTED_STATE)
    on_open = fields.Boolean(string="Open", **COMPUTED_STATE)
    on_pending = fields.Boolean(string="Pending", **COMPUTED_STATE)
    on_done = fields.Boolean(string="Done", **COMPUTED_STATE)
    on_cancel = fields.Boolean(string="Cancelled", **COMPUTED_STATE)
    answer = fields.Selection(
        [
            ("any", "Whoever wrote last"),
            ("us", "No answer from us since the customer wrote"),
            ("customer", "No answer from the customer since we wrote"),
        ],
        string="Conversation",
        required=True,
        compute="_compute_answer",
        store=True,
        precompute=True,
        readonly=False,
    )
    responsible = fields.Selection(
        [
            ("any", "Whoever it is"),
            ("nobody", "Nobody"),
            ("somebody", "Somebody"),
            ("leader", "The leader of its team"),
            ("chosen", "One of these"),
        ],
        required=True,
        compute="_compute_responsible",
        store=True,
        precompute=True,
        readonly=False,
    )
    user_ids = fields.Many2many(
        "res.users", string="Responsible Persons", domain="[('share', '=', False)]"
    )
    partner_ids = fields.Many2many(
        "res.partner", string="Customers", help="With their contacts."
    )
    subject_pattern = fields.Char(
        string="Subject Matches",
        help="A regular expression, for example “urgent|asap”.",
    )
    messages_from = fields.Integer()
    messages_to = fields.Integer(help="0: no limit.")
    domain = fields.Char(string="Further Conditions", default="[]")

    @api.depends("kind")
    def _compute_on_states(self):
        for rule in self:
            states = PRESET_VALUES[rule.kind or "other"][2]
            for name, state in STATE_FIELDS.items():
                rule[name] = state in states

    @api.depends("kind")
    def _compute_answer(self):
        for rule in self:
            rule.answer = PRESET_VALUES[rule.kind or "other"][1]

    @api.depends("user_ids")
    def _compute_responsible(self):
        for rule in self:
            if rule.user_ids:
                rule.responsible = "chosen"
            elif rule.responsible in (False, "chosen"):
                rule.responsible = "any"

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("domain")
    def _check_domain(self):
        for rule in self:
            try:
                self.env["crm.case"].search(rule._get_own_domain(), limit=1)
            except Exception as error:  # noqa: BLE001  whatever a domain may raise
                raise ValidationError(
                    self.env._("These conditions cannot be used: %s", error)
                ) from error

    @api.constrains("subject_pattern")
    def _check_subject_pattern(self):
        for rule in self.filtered("subject_pattern"):
            if len(rule.subject_pattern) > MAX_PATTERN:
                raise ValidationError(
                    self.env._("A pattern has at most %s characters.", MAX_PATTERN)
                )
            try:
                with self.env.cr.savepoint(), self._time_limit(SUBJECT_TIMEOUT):
                    self.env.execute_query(
                        SQL("SELECT %s ~* %s", "", rule.subject_pattern)
                    )
            except psycopg2.Error as error:
                raise ValidationError(
                    self.env._(
                        "“%(pattern)s” is no regular expression: %(error)s",
                        pattern=rule.subject_pattern,
                        error=error.diag.message_primary,
                    )
                ) from error

    @api.constrains(*STATE_FIELDS)
    def _check_states(self):
        for rule in self:
            if not any(rule[name] for name in STATE_FIELDS):
                raise ValidationError(
                    self.env._("Rule %s needs at least one state.", rule.name)
                )

    # ------------------------------------------------------------
    # DOMAIN
    # ------------------------------------------------------------

    def _get_own_domain(self):
        return Domain(
            safe_eval(
                self.domain or "[]",
                {"uid": self.env.uid, "datetime": datetime, "time": time},
            )
        )

    def _get_states(self):
        return [state for name, state in STATE_FIELDS.items() if self[name]]

    def _get_case_domain(self):
        """What the database can tell; the rest is told by :meth:`_match_case_ids`."""
        self.ensure_one()
        states = self._get_states()
        parts = [Domain("state", "in", states), self._get_responsible_domain()]
        parts.append(self._get_people_domain())
        if self.company_id:
            parts.append(Domain("company_id", "=", self.company_id.id))
        if self.answer == "us":
            parts.append(Domain("awaiting_answer", "=", True))
        elif self.answer == "customer":
            parts.append(Domain("awaiting_answer", "=", False))
            parts.append(Domain("date_last_staff_message", "!=", False))
        if self.type_ids:
            parts.append(Domain("type_id", "in", self.type_ids.ids))
        if self.category_ids:
            parts.append(Domain("category_id", "child_of", self.category_ids.ids))
        if self.priority_from:
            parts.append(Domain("priority", ">=", self.priority_from))
        if self.priority_to:
            parts.append(Domain("priority", "<=", self.priority_to))
        return Domain.AND([*parts, self._get_own_domain()])

    def _get_responsible_domain(self):
        if self.responsible == "chosen":
            return Domain("user_id", "in", self.user_ids.ids)
        if self.responsible == "leader":
            teams = self.env["crm.case.team"].search([("user_id", "!=", False)])
            return Domain.OR(
                Domain("team_id", "in", led.ids) & Domain("user_id", "=", leader.id)
                for leader, led in teams.grouped("user_id").items()
            )
        wanted = {
            "nobody": [("user_id", "=", False)],
            "somebody": [("user_id", "!=", False)],
        }
        return Domain(wanted.get(self.responsible, []))

    def _get_people_domain(self):
        parts = []
        if self.team_ids:
            parts.append(Domain("team_id", "child_of", self.team_ids.ids))
        if self.partner_ids:
            parts.append(Domain("partner_id", "child_of", self.partner_ids.ids))
        if self.partner_category_ids:
            categories = ("child_of", self.partner_category_ids.ids)
            parts.append(
                Domain("partner_id.category_id", *categories)
                | Domain("partner_id.commercial_partner_id.category_id", *categories)
            )
        return Domain.AND(parts)

    # ------------------------------------------------------------
    # BEYOND DOMAINS
    # ------------------------------------------------------------

    def _match_case_ids(self, case_ids):
        """What subject and number of messages say about some cases.

        :param case_ids: candidates that match the domain
        :return: :class:`Matches`
        """
        self.ensure_one()
        matches = Matches(set(case_ids))
        if matches.ids and self.subject_pattern:
            matches = self._match_subjects(matches.ids)
        if matches.possible and (self.messages_from or self.messages_to):
            enough = self._match_counts(matches.possible)
            matches = Matches(*(part & enough for part in matches))
        return matches

    def _match_counts(self, case_ids):
        """Those with as many messages that people wrote in the open."""
        groups = self.env["mail.message"]._read_group(
            [
                ("model", "=", "crm.case"),
                ("res_id", "in", list(case_ids)),
                ("message_type", "in", HUMAN_MESSAGE_TYPES),
                ("subtype_id.internal", "=", False),
            ],
            ["res_id"],
            ["__count"],
        )
        counts = dict(groups)
        highest = self.messages_to or float("inf")
        return {
            case_id
            for case_id in case_ids
            if self.messages_from <= counts.get(case_id, 0) <= highest
        }

    def _match_subjects(self, case_ids):
        try:
            return Matches(self._match_subjects_within(case_ids, PATTERN_TIMEOUT))
        except psycopg2.errors.QueryCanceled:
            return self._match_subjects_by_halves(case_ids)

    def _match_subjects_by_halves(self, case_ids):
        """Find the subjects that take too long, and give up before all take long."""
        ids, slow, left = set(), set(), set()
        parts, timeouts = [sorted(case_ids)], 0
        while parts:
            part = parts.pop()
            if timeouts >= MAX_TIMEOUTS:
                left.update(part)
                continue
            try:
                ids |= self._match_subjects_within(part, SUBJECT_TIMEOUT)
            except psycopg2.errors.QueryCanceled:
                timeouts += 1
                half = len(part) // 2
                if half:
                    parts += [part[half:], part[:half]]
                else:
                    slow.update(part)
        return Matches(ids, slow, left)

    def _match_subjects_within(self, case_ids, timeout):
        self.env["crm.case"].flush_model(["name"])
        with self.env.cr.savepoint(flush=False), self._time_limit(timeout):
            rows = self.env.execute_query(
                SQL(
                    "SELECT id FROM crm_case WHERE id IN %s AND left(name, %s) ~* %s",
                    tuple(case_ids),
                    MAX_SUBJECT,
                    self.subject_pattern,
                )
            )
        return {case_id for [case_id] in rows}

    def _time_limit(self, milliseconds):
        return TimeLimit(self.env.cr, milliseconds)


class TimeLimit:
    """Ends statements of a cursor that take longer; a context manager."""

    def __init__(self, cr, milliseconds):
        self.cr = cr
        self.milliseconds = milliseconds
        self.before = "0"

    def _set(self, value):
        query = "SELECT set_config('statement_timeout', %s, true)"
        self.cr.execute(query, [str(value)])

    def __enter__(self):
        self.cr.execute("SELECT current_setting('statement_timeout')")
        [self.before] = self.cr.fetchone()
        self._set(self.milliseconds)

    def __exit__(self, kind, _error, _trace):
        # After an error the savepoint around takes the setting back.
        if kind is None:
            self._set(self.before)
