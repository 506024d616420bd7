from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.crm_segmentation_line import MONEY


class CrmSegmentationWhy(models.TransientModel):
    """Why a partner is in a segmentation, or is not.

    Each criterion with what was measured now, what it asks for, and whether it holds.
    Contacts are asked about as the company they belong to.
    """

    _name = "crm.segmentation.why"
    _description = "Why a Partner Is in a Segmentation"
    _rec_name = "segmentation_id"

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, ondelete="cascade"
    )
    partner_id = fields.Many2one("res.partner", ondelete="cascade")
    sentence = fields.Char(related="segmentation_id.sentence")
    verdict = fields.Selection(
        [
            ("in", "is in"),
            ("out", "is not in"),
            ("entering", "enters with the next run"),
            ("leaving", "leaves with the next run"),
        ],
        compute="_compute_line_ids",
        store=True,
    )
    reason = fields.Char(compute="_compute_line_ids", store=True)
    line_ids = fields.One2many(
        "crm.segmentation.why.line",
        "why_id",
        compute="_compute_line_ids",
        store=True,
        readonly=True,
    )

    @api.depends("partner_id", "segmentation_id")
    def _compute_line_ids(self):
        for why in self:
            partner = why.partner_id.commercial_partner_id
            why.verdict = why.reason = False
            why.line_ids = [Command.clear()]
            if partner and why.segmentation_id:
                why._explain(partner._origin)

    def _explain(self, partner):
        segmentation = self.segmentation_id._origin
        try:
            matches, criteria = segmentation._explain(partner)
        except UserError as error:
            self.reason = str(error)
            return
        self.line_ids = [
            Command.create(self._prepare_line(line, value, holds))
            for line, value, holds in criteria
        ]
        belongs, self.reason = self._get_reason(segmentation, partner, matches)
        member = bool(
            self.env["crm.segmentation.membership"].search_count(
                [
                    ("segmentation_id", "=", segmentation.id),
                    ("partner_id", "=", partner.id),
                    ("left_on", "=", False),
                ],
                limit=1,
            )
        )
        self.verdict = {
            (True, True): "in",
            (False, False): "out",
            (False, True): "entering",
            (True, False): "leaving",
        }[member, belongs]

    def _get_reason(self, segmentation, partner, matches):
        """Return whether the partner belongs, and what decides it beside the rule."""
        pin = segmentation.pin_ids.filtered(lambda pin: pin.partner_id == partner)
        if pin and matches is not None:
            return pin.mode == "in", (
                self.env._("Pinned: always in, whatever the criteria say.")
                if pin.mode == "in"
                else self.env._("Pinned: never in, whatever the criteria say.")
            )
        if matches is None:
            return bool(pin and pin.mode == "in"), self.env._(
                "Not looked at: archived, or of another company."
            )
        return bool(matches), False

    def _prepare_line(self, line, value, holds):
        """Return a row of the answer for a criterion of the engine's."""
        if line.expr_name in ("product", "domain", "segmentation"):
            shown = False
        elif value is None:
            shown = self.env._("nothing known")
        else:
            shown = line._format_value(value)
            if line.expr_name not in MONEY:
                shown = f"{shown} {line.unit or ''}".strip()
        return {
            "line_id": line.id,
            "clause": line._get_clause(),
            "value": shown,
            "holds": holds,
        }

    def _get_dialog(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why?"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
