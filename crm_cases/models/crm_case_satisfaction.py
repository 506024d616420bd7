import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.rating.models.rating_data import RATING_UNHAPPY_VALUE

from .case_states import CLOSED_STATES, DONE, OPEN

_logger = logging.getLogger(__name__)

TEMPLATE = "crm_cases.mail_template_case_rating"
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


class CrmCase(models.Model):
    """Whether the customer is satisfied.

    ASKING: where the team wants it, the customer is asked some hours after the case
    was solved, once per case however often it is closed. A case that was reopened in
    the meantime is not asked about, nor is a machine (see ``is_automatic``), an address
    that wants no mail, or somebody who has told already.

    ANSWERING: three faces and a comment, by a link without login. The answer can be
    changed by the same link. An unhappy one reopens the case if the team wants that.

    Answers are ``rating.rating`` records of the framework: their parent is the team,
    the rated one is the responsible, the partner is the customer.
    """

    _inherit = "crm.case"

    # A new case has no ratings, and is not searched for them.
    rating_last_value = fields.Float(
        compute="_compute_rating_last_value", precompute=True, store=True
    )
    rating_due = fields.Datetime(
        string="Ask for Satisfaction On",
        compute="_compute_rating_due",
        store=True,
        copy=False,
        groups="base.group_user",
    )
    rating_requested_on = fields.Datetime(
        string="Asked for Satisfaction On",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )

    _rating_due_idx = models.Index("(rating_due) WHERE rating_due IS NOT NULL")

    @api.depends("state")
    def _compute_rating_due(self):
        now = fields.Datetime.now()
        for case in self:
            is_wanted = (
                case.state == DONE
                and case.team_id.rating_request
                and not case.rating_requested_on
            )
            delay = timedelta(hours=case.team_id.rating_delay)
            case.rating_due = is_wanted and (case.rating_due or now + delay)

    # ------------------------------------------------------------
    # ASKING
    # ------------------------------------------------------------

    @api.model
    def _cron_request_ratings(self):
        """Ask whose time has come. Each case in a savepoint: one that cannot be asked
        is logged, given up, and holds up no other."""
        domain = [("rating_due", "<=", fields.Datetime.now())]
        due = self.search(domain, order="rating_due, id")
        for done, case in enumerate(due, start=1):
            case._try_request_rating()
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - done):
                break

    def _try_request_rating(self):
        try:
            with self.env.cr.savepoint():
                self.try_lock_for_update()._request_rating()
        except Exception:
            _logger.exception("Case %s: cannot ask for satisfaction", self.id)
            self.rating_due = False

    def _request_rating(self):
        """Ask; nothing if somebody else is writing the case just now."""
        for case in self:
            if case._wants_rating():
                case._send_rating_request()
            case.rating_due = False

    def _send_rating_request(self):
        self.env.ref(TEMPLATE).send_mail(
            self.id,
            email_values={
                "headers": repr(HEADERS),
                "message_type": "auto_comment",
                "subtype_id": self.env.ref("mail.mt_note").id,
                # keep the message: an answer to it must find the case
                "is_notification": True,
            },
        )
        self.rating_requested_on = fields.Datetime.now()

    def _wants_rating(self):
        """Whether there is a person to ask who has not told yet."""
        self.ensure_one()
        address = self.email_normalized
        # ``is_blacklisted`` is for display: it keeps what it was when it was read
        blocked = Domain("email", "=", address)
        if not address or self.env["mail.blacklist"].search_count(blocked, limit=1):
            return False
        return not self.is_automatic and not any(
            rating.consumed for rating in self.rating_ids
        )

    # ------------------------------------------------------------
    # ANSWERING
    # ------------------------------------------------------------

    def _rating_get_parent_field_name(self):
        return "team_id"

    def _rating_apply_get_default_subtype_id(self):
        """A note: what one customer thinks of us is not mailed to the others."""
        return self.env.ref("mail.mt_note").id

    def rating_apply(self, rate, *args, **kwargs):
        rating = super().rating_apply(rate, *args, **kwargs)
        if rate <= RATING_UNHAPPY_VALUE:
            self._reopen_when_unhappy()
        return rating

    def _reopen_when_unhappy(self):
        self.filtered(
            lambda case: case.state in CLOSED_STATES and case.team_id.rating_reopen
        )._transition(OPEN)

    def _get_rating_url(self):
        """Where the customer answers; made on first use."""
        self.ensure_one()
        return f"{self.get_base_url()}/cases/rate/{self._rating_get_access_token()}"

    def _may_be_rated(self):
        """Whether a customer finds the question on the page of the case."""
        self.ensure_one()
        return self.state == DONE and self.team_id.rating_request
