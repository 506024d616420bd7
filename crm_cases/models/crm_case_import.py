import json
from contextlib import contextmanager

from odoo import api, fields, models

from .case_states import CLOSED_STATES, DRAFT
from .crm_case_import_vals import PAST

IMPORT = "crm_case_import"
# Not a word that a client could send: what comes in its context is what it likes.
OURS = object()
# What Odoo knows of silence, and our own word for it.
QUIET = {
    IMPORT: OURS,
    "tracking_disable": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}


class CrmCase(models.Model):
    """Moving in: cases that lived elsewhere come with their past.

    IMPORT MODE is on while a manager runs Odoo's import (``import_file``), and for code
    of ours that sets ``QUIET`` in the context. In it nothing happens by itself: no
    mail, no tracking, no follower, no assignment, no automation, no successor, no
    question about satisfaction. Any state may follow any other, and what closing asks
    for may be missing: the past is not ours to correct.

    DATES are kept, that of creation too. A date that contradicts the others is
    refused in words.

    LATER a case that moved in is a case like any other, with two exceptions: times
    that were promised elsewhere are not measured here, and timed rules ignore what
    was before the move.
    """

    _inherit = "crm.case"

    imported_on = fields.Datetime(
        string="Moved In On",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="When this case was imported. What was before starts no rule.",
    )

    @api.model
    def _is_moving_in(self):
        context = self.env.context
        if context.get(IMPORT) is OURS:
            return True
        # Anybody can say that he imports, and then would obey no rule.
        return bool(context.get("import_file")) and self._is_manager()

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Cases"),
                "template": "/crm_cases/static/xls/crm_case.xlsx",
            }
        ]

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self._is_moving_in():
            return super().create(vals_list)
        quiet = self.with_context(**QUIET)
        prepared = quiet._prepare_import_vals(vals_list)
        created = [vals["create_date"] for vals in prepared]
        with quiet._without_automation():
            cases = super(CrmCase, quiet).create(prepared)
            cases._keep_past(created, fields.Datetime.now())
        cases._advance_sequences()
        return cases.with_env(self.env)

    def write(self, vals):
        if not self._is_moving_in():
            return super().write(vals)
        quiet = self.with_context(**QUIET)
        for cases, prepared in quiet._prepare_import_updates(vals):
            with quiet._without_automation():
                super(CrmCase, cases).write(prepared)
                cases._keep_updated_past(prepared)
        if "number" in vals:
            quiet._advance_sequences()
        return True

    @contextmanager
    def _without_automation(self):
        """Automation rules also follow computed fields, which are written without our
        context: until they are flushed, no rule acts on cases at all."""
        marks = self.env.cr.precommit.data
        before = marks.get(IMPORT)
        marks[IMPORT] = True
        try:
            yield
            self.env.flush_all()
        finally:
            marks[IMPORT] = before

    def _keep_updated_past(self, vals):
        if {"stage_id", *PAST} & set(vals):
            created = vals.get("create_date")
            self._keep_past([created or case.create_date for case in self])
        else:
            self.flush_recordset()

    def _keep_past(self, created_dates, imported_on=None):
        """Write what the ORM keeps for itself: since when the case is there, and what
        follows from its dates. The customer is not asked about the past.

        :param imported_on: when these cases moved in, if they do so now
        """
        self.flush_recordset()
        rows = [
            case._prepare_past_row(fields.Datetime.to_datetime(created), imported_on)
            for case, created in zip(self.sudo(), created_dates, strict=True)
        ]
        self.env.cr.execute_values(
            """
            UPDATE crm_case
               SET create_date = past.created, date_last_stage_update = past.staged,
                   state_log = past.log, imported_on = past.moved, rating_due = NULL
              FROM (VALUES %s) AS past (id, created, staged, log, moved)
             WHERE crm_case.id = past.id
            """,
            rows,
            template="(%s, %s::timestamp, %s::timestamp, %s::jsonb, %s::timestamp)",
        )
        self.invalidate_recordset()
        self.modified(["create_date"])

    def _prepare_past_row(self, created, imported_on):
        """Values for :meth:`_keep_past`. What happened here stays on the log."""
        moved = self.imported_on or imported_on or None
        log = self._prepare_state_log(created) if moved else self.state_log
        staged = self.date_closed or self.date_open or created
        return self.id, created, staged, json.dumps(log), moved

    def _prepare_state_log(self, created):
        log = [[fields.Datetime.to_string(created), DRAFT]]
        if self.state != DRAFT:
            opened = self.date_open or created
            closed = self.state in CLOSED_STATES
            state = "open" if closed else self.state
            log.append([fields.Datetime.to_string(opened), state])
            if closed:
                log.append([fields.Datetime.to_string(self.date_closed), self.state])
        return log

    @api.model
    def _get_default_responsible(self):
        """Who imports is not who works on it."""
        if self._is_moving_in():
            return self.env["res.users"]
        return super()._get_default_responsible()

    # ------------------------------------------------------------
    # NUMBERS
    # ------------------------------------------------------------

    def _advance_sequences(self):
        """The next number is none that was brought along."""
        for company, cases in self.grouped("company_id").items():
            sequence = cases._get_number_sequence(company.id)
            highest = cases._get_highest_number(sequence)
            if sequence and highest >= sequence.number_next_actual:
                sequence.number_next = highest + 1

    def _get_highest_number(self, sequence):
        """The highest of these numbers that the sequence could give, or 0."""
        prefix, suffix = sequence._get_prefix_suffix() if sequence else ("", "")
        middles = [
            number[len(prefix) : len(number) - len(suffix)]
            for number in self.mapped("number")
            if number and number.startswith(prefix) and number.endswith(suffix)
        ]
        counts = [int(m) for m in middles if m.isdecimal() and len(m) <= 15]
        return max(counts, default=0)

    # ------------------------------------------------------------
    # SILENCE
    # ------------------------------------------------------------

    def _assign(self):
        return self.browse() if self._is_moving_in() else super()._assign()

    def _repeat(self):
        return self.browse() if self._is_moving_in() else super()._repeat()

    def _check_transition(self, state):
        if self._is_moving_in():
            return None
        return super()._check_transition(state)

    def _get_missing_fields(self, stage, vals):
        if self._is_moving_in():
            return []
        return super()._get_missing_fields(stage, vals)

    def _filter_to_reopen(self, vals):
        if self._is_moving_in():
            return self.browse()
        return super()._filter_to_reopen(vals)

    def _refresh_sla(self):
        if self._is_moving_in():
            return
        # sudo: whether it moved in is no secret to who may write the case
        here = self.sudo().filtered(lambda case: not case.imported_on)
        super(CrmCase, here.with_env(self.env))._refresh_sla()


class BaseAutomation(models.Model):
    """Automation rules leave cases alone that are moving in."""

    _inherit = "base.automation"

    def _get_actions(self, records, triggers):
        if records._name == "crm.case" and (
            records._is_moving_in() or self.env.cr.precommit.data.get(IMPORT)
        ):
            return self.browse()
        return super()._get_actions(records, triggers)
