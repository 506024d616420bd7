from odoo import api, fields, models


class CrmSegmentationEvent(models.Model):
    """Something that happened with a partner and tells how it feels about us.

    Logged by hand or imported. What other apps know (ratings, credit notes, late
    payments, cases, opportunities) is read where it stands and never copied here, see
    ``crm.segmentation.source``. An event with a contact counts for its company.
    """

    _name = "crm.segmentation.event"
    _description = "Partner Event"
    _inherit = ["crm.segmentation.logged"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char("What Happened", required=True)
    description = fields.Text()
    partner_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, ondelete="cascade"
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    mood_id = fields.Many2one("crm.segmentation.mood", ondelete="restrict")
    score = fields.Float(
        compute="_compute_score",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        digits=(4, 2),
        help="How the partner feels about us: 0 very dissatisfied, 10 very satisfied.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Logged by",
        default=lambda self: self.env.user,
        ondelete="set null",
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Empty: counts for the segmentations of all companies.",
    )

    _score_check = models.Constraint(
        "CHECK (score BETWEEN 0 AND 10)", "The score must lie between 0 and 10."
    )
    # The events of one range of partners, read from the index alone
    _commercial_partner_idx = models.Index(
        "(commercial_partner_id, date) INCLUDE (score, company_id)"
    )

    @api.depends("mood_id")
    def _compute_score(self):
        for event in self:
            event.score = event.mood_id.score if event.mood_id else event.score
