import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.safe_eval import datetime, safe_eval, time

from .case_states import CANCEL, DONE, DRAFT, OPEN, PENDING, PRIORITIES
from .crm_case_mail import HUMAN_MESSAGE_TYPES
from .crm_case_rule import PRESET_VALUES

# Bounds of what a pattern may cost, so that no subject can hold up the rules.
MAX_PATTERN = 200
MAX_SUBJECT = 500
PATTERN_TIMEOUT = 2000  # milliseconds for all candidates of a pass
SUBJECT_TIMEOUT = 200  # milliseconds for one subject
MAX_SLOW_SUBJECTS = 10

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


class CrmCaseRule(models.Model):
    """Which cases a rule is about. All that is filled in must hold.

    The regular expression is PostgreSQL's, ignores case and looks at the first 500
    characters of the subject. It is matched by the database under a time limit: a
    subject on which it takes too long does not match; many of them park the rule.
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
    type_ids = fields.Many2many("crm.case.type", string="Types")
    team_ids = fields.Many2many(
        "crm.case.team", string="Teams", help="With their sub-teams."
    )
    category_ids = fields.Many2many(
        "crm.case.category", string="Categories", help="With those below them."
    )
    user_ids = fields.Many2many(
        "res.users", string="Responsible", domain="[('share', '=', False)]"
    )
    partner_ids = fields.Many2many(
        "res.partner", string="Customers", help="With their contacts."
    )
    partner_category_ids = fields.Many2many(
        "res.partner.category",
        string="Categories of Customers",
        help="Of the customer or its company; with those below them.",
    )
    priority_from = fields.Selection(PRIORITIES)
    priority_to = fields.Selection(PRIORITIES)
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
        """What the database can tell; the rest is told by :meth:`_filter_case_ids`."""
        self.ensure_one()
        states = self._get_states()
        parts = [Domain("state", "in", states), self._get_people_domain()]
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

    def _get_people_domain(self):
        parts = []
        if self.team_ids:
            parts.append(Domain("team_id", "child_of", self.team_ids.ids))
        if self.user_ids:
            parts.append(Domain("user_id", "in", self.user_ids.ids))
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

    def _filter_case_ids(self, case_ids):
        """Those of some cases whose subject and number of messages fit.

        :param list case_ids: candidates that match the domain
        :return: a set of ids
        """
        self.ensure_one()
        ids = set(case_ids)
        if ids and self.subject_pattern:
            ids = self._match_subjects(ids)
        if ids and (self.messages_from or self.messages_to):
            counts = self._count_messages(ids)
            ids = {
                case_id
                for case_id in ids
                if counts.get(case_id, 0) >= self.messages_from
                and (not self.messages_to or counts.get(case_id, 0) <= self.messages_to)
            }
        return ids

    def _count_messages(self, case_ids):
        """What people wrote in the open, by case id."""
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
        return dict(groups)

    def _match_subjects(self, case_ids):
        try:
            return self._match_subjects_within(case_ids, PATTERN_TIMEOUT)
        except psycopg2.errors.QueryCanceled:
            return self._match_subjects_singly(case_ids)

    def _match_subjects_singly(self, case_ids):
        """Find out which subjects take too long: they do not match."""
        matching, slow = set(), 0
        for case_id in sorted(case_ids):
            try:
                matching |= self._match_subjects_within([case_id], SUBJECT_TIMEOUT)
            except psycopg2.errors.QueryCanceled:
                slow += 1
                if slow > MAX_SLOW_SUBJECTS:
                    raise
        return matching

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

    # ------------------------------------------------------------
    # WORDS
    # ------------------------------------------------------------

    def _describe_cases(self):
        """Which cases, in words: “Pending cases of Care”."""
        self.ensure_one()
        states = self.env["crm.case"]._get_state_labels()
        text = self.env._(
            "%s cases", " / ".join(states[state] for state in self._get_states())
        )
        details = [
            ", ".join(records.mapped("display_name"))
            for records in (self.type_ids, self.team_ids, self.category_ids)
            if records
        ]
        priorities = dict(
            self._fields["priority_from"]._description_selection(self.env)
        )
        if self.priority_from:
            details.append(
                self.env._("priority from %s", priorities[self.priority_from])
            )
        if self.answer != "any":
            answers = dict(self._fields["answer"]._description_selection(self.env))
            details.append(answers[self.answer])
        return f"{text} ({'; '.join(details)})" if details else text


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
