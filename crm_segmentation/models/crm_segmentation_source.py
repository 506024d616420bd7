from odoo import api, fields, models, tools

from ..engine.events import EventSource


class CrmSegmentationSource(models.Model):
    """Where scored events come from, and what they are worth.

    The events are read live where they stand. *Own score* sources bring one with each
    event (ratings, events logged by hand); the events of the others all have the score
    given here. A source of an app that is not installed has no events.
    """

    _name = "crm.segmentation.source"
    _description = "Source of Events"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    code = fields.Char(required=True, readonly=True)
    module = fields.Char("App", readonly=True, help="The app that knows the events.")
    active = fields.Boolean(default=True, help="Off: these events do not count.")
    own_score = fields.Boolean(readonly=True, help="Each event brings its own score.")
    score = fields.Float(digits=(4, 2), default=5.0, help="0 to 10.")
    weight = fields.Float(
        digits=(6, 2),
        default=1.0,
        help="How much such an event counts against the others of its period.",
    )
    days = fields.Integer(
        help="Payments count as late when they are this many days late."
    )
    installed = fields.Boolean(compute="_compute_installed")

    _code_uniq = models.Constraint("UNIQUE (code)", "There is such a source already.")
    _score_check = models.Constraint(
        "CHECK (score BETWEEN 0 AND 10)", "The score must lie between 0 and 10."
    )
    _weight_check = models.Constraint(
        "CHECK (weight BETWEEN 0 AND 1000)",
        "The weight must lie between 0 and 1000.",
    )
    _days_check = models.Constraint(
        "CHECK (days IS NULL OR days BETWEEN 0 AND 3660)",
        "The number of days must lie between 0 and 3660.",
    )

    @api.depends("module")
    def _compute_installed(self):
        installed = self.env["ir.module.module"]._installed()
        for source in self:
            source.installed = not source.module or source.module in installed

    @api.model
    @tools.ormcache()
    def _get_counting(self):
        """Return the sources that are switched on and whose app is there."""
        return tuple(
            EventSource(s.code, s.score, s.weight, s.days)
            for s in self.sudo().search([])
            if s.installed and s.weight
        )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
