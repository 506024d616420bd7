from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .case_states import DONE, LOST


class CrmCaseType(models.Model):
    """Which blocks the form of a type shows, and what closing it asks for.

    BLOCKS are switches: outcome (Won and Lost instead of one *done*), resolution
    (root cause, resolution, note), checklist, repetition, campaign. A type that
    *becomes* another one offers *Convert*.

    CLOSING: what is required is asked for by the closing wizard, and no way of
    closing goes past it. Cancelling asks for nothing: what is not pursued has no
    cause and no resolution. A type with outcomes requires the reason of a loss only.
    """

    _inherit = "crm.case.type"

    convert_type_id = fields.Many2one(
        "crm.case.type",
        string="Becomes",
        index="btree_not_null",
        ondelete="set null",
        tracking=True,
        help="Cases of this type can be converted to that one, for example a lead to "
        "an opportunity.",
    )
    use_contact = fields.Boolean(
        string="Contact Details",
        default=True,
        tracking=True,
        help="Cases of this type have the name, the address and the phone of a person "
        "who need not be a contact yet.",
    )
    counts_as_lead = fields.Boolean(
        tracking=True,
        help="Cases of this type count as leads of the campaign that brought them.",
    )
    use_outcome = fields.Boolean(
        string="Won or Lost",
        tracking=True,
        help="Cases of this type end as won or as lost, never as merely done.",
    )
    use_resolution = fields.Boolean(
        string="Resolution",
        tracking=True,
        help="Cases of this type have a root cause, a resolution and a note on it.",
    )
    use_checklist = fields.Boolean(
        string="Checklist",
        tracking=True,
        help="Cases of this type have a list of steps to tick.",
    )
    use_repeat = fields.Boolean(
        string="Repetition",
        tracking=True,
        help="A case of this type may come back every so many days, weeks or months.",
    )
    use_campaign = fields.Boolean(
        string="Campaign",
        tracking=True,
        help="A case of this type owns a campaign, and counts what carries it.",
    )
    require_reason = fields.Boolean(
        string="A Reason",
        tracking=True,
        help="With outcomes: the reason of a loss.",
    )
    require_cause = fields.Boolean(string="The Root Cause", tracking=True)
    require_resolution = fields.Boolean(string="The Resolution", tracking=True)
    require_note = fields.Boolean(string="A Note for the Files", tracking=True)

    @api.model
    @tools.ormcache()
    def _get_campaign_type_ids(self):
        """Return the ids of the types whose cases own a campaign."""
        types = self.sudo().with_context(active_test=False)  # each new case asks
        return frozenset(types.search([("use_campaign", "=", True)]).ids)

    @api.constrains("convert_type_id")
    def _check_convert_type(self):
        for case_type in self:
            if case_type.convert_type_id == case_type:
                raise ValidationError(
                    self.env._("“%s” cannot become itself.", case_type.name)
                )

    def write(self, vals):
        if "use_outcome" in vals:
            self.filtered(
                lambda case_type: case_type.use_outcome != vals["use_outcome"]
            )._check_nothing_done()
        return super().write(vals)

    def _check_nothing_done(self):
        """What is done would be neither won nor lost, or be won without a word."""
        # sudo: the cases of private teams count as well
        cases = self.env["crm.case"].sudo().with_context(active_test=False)
        closed = Domain("state", "=", DONE) | Domain("outcome", "!=", False)
        used = cases.search(closed & Domain("type_id", "in", self.ids), limit=1).type_id
        if used:
            raise UserError(
                self.env._(
                    "Cases of type “%s” are closed already. Whether its cases end as "
                    "won or lost cannot change; create a new type instead.",
                    used.name,
                )
            )

    def _get_close_fields(self):
        """Fields of a case that say how it was closed, as far as this type has them.

        :rtype: list[str]
        """
        self.ensure_one()
        shown = {
            "close_reason_id": self.use_outcome or self.require_reason,
            "cause_id": self.use_resolution or self.require_cause,
            "resolution_id": self.use_resolution or self.require_resolution,
            "resolution_note": self.use_resolution or self.require_note,
        }
        return [name for name, uses in shown.items() if uses]

    def _get_required_fields(self, state, outcome):
        """Fields that must have a value in a case closed like this.

        :param str state: the state that it goes to
        :param outcome: ``won``, ``lost`` or False
        :rtype: list[str]
        """
        self.ensure_one()
        if state != DONE and outcome != LOST:
            return []
        wants_reason = outcome == LOST or not self.use_outcome
        required = {
            "close_reason_id": self.require_reason and wants_reason,
            "cause_id": self.require_cause,
            "resolution_id": self.require_resolution,
            "resolution_note": self.require_note,
        }
        return [name for name, wanted in required.items() if wanted]
