from odoo import api, fields, models
from odoo.fields import Domain

from .case_states import ACTIVE_STATES, CLOSED_STATES, DRAFT


class CrmCase(models.Model):
    """When what happened to a case, and what follows from it.

    Dates are written by what happens, not by hand. The state gives *opened* and
    *closed*; a reset or a reopening takes back what closing set. Messages give the
    others (``_prepare_message_dates``). The *first response* is the first message
    that a person of ours sent to the customer: notes, acknowledgements and other
    automatic messages are none.

    A case *waits for us* while the customer wrote last, and is *overdue* when its
    deadline is past; a closed case is neither.
    """

    _inherit = "crm.case"

    date_open = fields.Datetime(
        string="Opened On",
        compute="_compute_date_open",
        store=True,
        precompute=True,
        readonly=False,  # an import brings its own dates
        copy=False,
        help="When work began: the first time the case left Draft.",
    )
    date_first_response = fields.Datetime(
        string="First Response",
        readonly=True,
        copy=False,
        help="First message a person of ours sent to the customer.",
    )
    date_last_customer_message = fields.Datetime(
        string="Last Customer Message", readonly=True, copy=False
    )
    date_last_staff_message = fields.Datetime(
        string="Last Staff Message", readonly=True, copy=False
    )
    date_action_last = fields.Datetime(
        string="Last Action",
        default=fields.Datetime.now,
        readonly=True,
        copy=False,
        help="Last time a person wrote here; until then, when it was filed.",
    )
    date_action_next = fields.Datetime(
        string="Next Action",
        copy=False,
        help="When somebody has to look at this case again.",
    )
    date_deadline = fields.Datetime(string="Deadline", copy=False, tracking=True)
    date_closed = fields.Datetime(
        string="Closed On",
        compute="_compute_date_closed",
        store=True,
        precompute=True,
        readonly=False,
        copy=False,
    )
    date_last_stage_update = fields.Datetime(
        string="Last Stage Update",
        compute="_compute_date_last_stage_update",
        store=True,
        precompute=True,
        copy=False,
    )

    # Where it stands
    awaiting_answer = fields.Boolean(
        string="Waiting for Us",
        compute="_compute_awaiting_answer",
        store=True,
        precompute=True,
        help="The customer wrote last.",
    )
    is_overdue = fields.Boolean(
        string="Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )

    _closed_idx = models.Index("(date_closed) WHERE date_closed IS NOT NULL")
    _deadline_idx = models.Index("(date_deadline) WHERE date_deadline IS NOT NULL")
    _awaiting_answer_idx = models.Index(
        "(date_last_customer_message) WHERE awaiting_answer IS TRUE"
    )

    @api.depends("state")
    def _compute_date_open(self):
        now = fields.Datetime.now()
        for case in self:
            case.date_open = case.state != DRAFT and (case.date_open or now)

    @api.depends("state")
    def _compute_date_closed(self):
        now = fields.Datetime.now()
        for case in self:
            case.date_closed = case.state in CLOSED_STATES and (case.date_closed or now)

    @api.depends("stage_id")
    def _compute_date_last_stage_update(self):
        self.date_last_stage_update = fields.Datetime.now()

    @api.depends("date_last_customer_message", "date_last_staff_message", "state")
    def _compute_awaiting_answer(self):
        for case in self:
            asked = case.date_last_customer_message
            answered = case.date_last_staff_message
            case.awaiting_answer = bool(
                asked
                and (not answered or asked > answered)
                and case.state in ACTIVE_STATES
            )

    @api.depends("date_deadline", "state")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for case in self:
            case.is_overdue = bool(
                case.state in ACTIVE_STATES
                and case.date_deadline
                and case.date_deadline < now
            )

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "in", ACTIVE_STATES) & Domain(
            "date_deadline", "<", fields.Datetime.now()
        )

    def _get_rotting_depends_fields(self):
        return [*super()._get_rotting_depends_fields(), "state"]

    def _get_rotting_domain(self):
        return super()._get_rotting_domain() & Domain("state", "in", ACTIVE_STATES)
