from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize
from odoo.tools.mail import email_split_and_format

from .case_states import CANCEL, CLOSED_STATES, DONE, DRAFT, OPEN, PENDING
from .crm_case_conversation_mixin import MESSAGE_LIMIT

MAX_WATCHERS = 20


class CrmCase(models.Model):
    """What customers see of a case, and what they may do with it.

    SEEING: subject, number, status in plain words, the steps so far, the open
    conversation. Never notes, figures, our deadlines or who else is involved.

    DOING: answer, close, reopen as far as the team allows, name watchers. Each of
    these methods decides by itself; who may call is checked by the controller.

    LINKS in mails carry a token and need no account. *Revoke Links* makes a new one:
    whatever was sent before opens nothing any more, be it the link to the case, to the
    question whether somebody is satisfied, or to the confirmation of a form.
    """

    _name = "crm.case"
    _inherit = [
        "crm.case.conversation.mixin",
        "crm.case",
    ]  # in this order: it overrides

    # ------------------------------------------------------------
    # SEEING
    # ------------------------------------------------------------

    def _get_portal_status(self):
        """Where the case stands, in the words of its customer.

        :return: dict of ``label`` (short), ``text`` (a sentence), ``tone`` (the
            contextual class of the framework: info, primary, warning …)
        """
        self.ensure_one()
        label, text, tone = {
            DRAFT: self._get_portal_status_draft,
            OPEN: self._get_portal_status_open,
            PENDING: self._get_portal_status_pending,
            DONE: self._get_portal_status_done,
            CANCEL: self._get_portal_status_cancel,
        }[self.state]()
        return {"label": label, "text": text, "tone": tone}

    def _get_portal_status_draft(self):
        text = self.env._("We have received it and will come back to you.")
        return self.env._("Received"), text, "info"

    def _get_portal_status_open(self):
        if self.date_last_staff_message and not self.awaiting_answer:
            text = self.env._("We have written to you and keep working on it.")
        elif self.user_id:
            text = self.env._("%s is working on it.", self.user_id.name)
        else:
            text = self.env._("We are working on it.")
        return self.env._("In progress"), text, "primary"

    def _get_portal_status_pending(self):
        if self.pending_until:
            text = self.env._("We wait for something and go on by itself.")
        else:
            text = self.env._("We wait for your answer to go on.")
        return self.env._("Waiting"), text, "warning"

    def _get_portal_status_done(self):
        return self.env._("Solved"), self.env._("This is solved."), "success"

    def _get_portal_status_cancel(self):
        text = self.env._("We closed this without a solution.")
        return self.env._("Closed"), text, "secondary"

    def _get_portal_timeline(self):
        """The steps of the case so far, oldest first, in two queries.

        :return: list of dicts: ``date`` (UTC), ``label``, ``tone``
        """
        self.ensure_one()
        steps = [(self.create_date, self.env._("Received"), "info")]
        if self.date_first_response:
            label = self.env._("Our first answer")
            steps.append((self.date_first_response, label, "primary"))
        steps += self._get_portal_moves()
        keys = ("date", "label", "tone")
        ordered = sorted(steps, key=lambda step: step[0])
        return [dict(zip(keys, step, strict=True)) for step in ordered]

    def _get_portal_moves(self):
        """Changes of state, from the log of changes."""
        field = self.env["ir.model.fields"]._get(self._name, "stage_id")
        # sudo: customers read no log of changes; what they are told is said here
        changes = self.env["mail.tracking.value"].sudo()
        changes = changes.search_fetch(
            [
                ("field_id", "=", field.id),
                ("mail_message_id.model", "=", self._name),
                ("mail_message_id.res_id", "=", self.id),
            ],
            ["old_value_integer", "new_value_integer", "create_date"],
            order="id",
            limit=MESSAGE_LIMIT,
        )
        stages = self.env["crm.case.stage"].sudo().with_context(active_test=False)
        states = {stage.id: stage.state for stage in stages.search([])}
        for change in changes:
            before = states.get(change.old_value_integer)
            after = states.get(change.new_value_integer)
            if after and before != after:
                yield change.create_date, *self._get_portal_move_words(before, after)

    def _get_portal_move_words(self, before, after):
        if after == OPEN and before in CLOSED_STATES:
            return self.env._("Reopened"), "primary"
        return {
            DRAFT: (self.env._("Set back to received"), "info"),
            OPEN: (self.env._("Work goes on"), "primary"),
            PENDING: (self.env._("Waiting"), "warning"),
            DONE: (self.env._("Solved"), "success"),
            CANCEL: (self.env._("Closed"), "secondary"),
        }[after]

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.number

    def _get_portal_watchers(self):
        """The addresses of the watchers as they are written."""
        self.ensure_one()
        return email_split_and_format(self.email_cc or "")

    # ------------------------------------------------------------
    # DOING
    # ------------------------------------------------------------

    def _portal_may_close(self):
        return self.state not in CLOSED_STATES

    def _portal_may_reopen(self):
        self.ensure_one()
        return self.state in CLOSED_STATES and self.team_id._may_reopen(
            self.date_closed or fields.Datetime.now()
        )

    def _portal_may_answer(self):
        """An answer reopens a closed case, so it needs the same permission."""
        return self.state not in CLOSED_STATES or self._portal_may_reopen()

    def _portal_answer(self, author, text, attachments=()):
        """Post what the customer wrote.

        :param author: the partner who writes; empty for an unknown token holder
        :param str text: plain text
        :param attachments: list of (name, bytes)
        :return: the message
        """
        self.ensure_one()
        if not self._portal_may_answer():
            raise UserError(
                self.env._("This case is closed. Please open a new one instead.")
            )
        return self._portal_post_answer(author, text, attachments)

    def _get_portal_sender(self):
        return self.email_from

    def _portal_close(self, author, text=""):
        """The customer says that it is solved.

        The words come first: an answer to a case that waits would open it again after
        it was closed. Where closing asks for more than a customer can know, a person
        of ours is asked to do it.

        :return: whether the case is closed now
        """
        self.ensure_one()
        if not self._portal_may_close():
            raise UserError(self.env._("This case is closed already."))
        thanks = text.strip() or self.env._("This is solved, thank you.")
        self._portal_post(author, thanks)
        if self._asks_on_close():
            self._portal_ask_to_close()
            return False
        self._transition(DONE)
        return True

    def _portal_ask_to_close(self):
        user = self.user_id or self.team_id.user_id
        if user:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("The customer says that it is solved: close it"),
                user_id=user.id,
            )

    def _portal_reopen(self, author, text):
        self.ensure_one()
        if not self._portal_may_reopen():
            raise UserError(
                self.env._(
                    "This case can no longer be reopened. Please open a new one."
                )
            )
        self._portal_post(author, text.strip() or self.env._("This is not solved yet."))
        if self.state in CLOSED_STATES:
            self._transition(OPEN)

    def _portal_add_watcher(self, address):
        self.ensure_one()
        wanted = email_normalize(address or "")
        if not wanted:
            raise UserError(self.env._("“%s” is not an email address.", address or ""))
        watchers = self._get_portal_watchers()
        if self._filter_own_addresses([wanted]):
            raise UserError(self.env._("“%s” is an address of ours.", wanted))
        known = {email_normalize(watcher) for watcher in watchers}
        if wanted in known | {self.email_normalized}:
            return
        if len(watchers) >= MAX_WATCHERS:
            raise UserError(self.env._("A case has %s watchers at most.", MAX_WATCHERS))
        self.email_cc = ", ".join([*watchers, wanted])

    def _portal_remove_watcher(self, address):
        self.ensure_one()
        unwanted = email_normalize(address or "")
        self.email_cc = ", ".join(
            watcher
            for watcher in self._get_portal_watchers()
            if email_normalize(watcher) != unwanted
        )

    # ------------------------------------------------------------
    # LINKS
    # ------------------------------------------------------------

    def _revoke_links(self):
        result = super()._revoke_links()
        # sudo: questions and confirmations belong to the case, which may be written
        for rating in self.sudo().rating_ids:
            rating.access_token = rating._default_access_token()
        requests = self.env["crm.case.request"].sudo()
        requests.search([("case_id", "in", self.ids)]).unlink()
        return result
