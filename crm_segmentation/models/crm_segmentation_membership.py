from odoo import api, fields, models


class CrmSegmentationMembership(models.Model):
    """A partner's time in a segmentation, from entering to leaving.

    Rows are written by the run alone, in bulk. A partner who comes back gets a new
    row, so the rows are the history; at most one per segmentation is open.
    """

    _name = "crm.segmentation.membership"
    _description = "Segmentation Membership"
    _order = "entered_on desc, id desc"
    _log_access = False

    segmentation_id = fields.Many2one(
        "crm.segmentation", required=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    entered_on = fields.Datetime(required=True, default=fields.Datetime.now)
    left_on = fields.Datetime()
    # Numbers, no foreign keys: these would cost two look-ups per row of a first run.
    entered_run = fields.Integer("Entered in Run", readonly=True)
    left_run = fields.Integer("Left in Run", readonly=True)

    # One range of partners of one segmentation, whatever the planner believes
    _segmentation_partner_idx = models.Index("(segmentation_id, partner_id)")
    _open_uniq = models.UniqueIndex(
        "(segmentation_id, partner_id) WHERE left_on IS NULL",
        "The partner already is a member of this segmentation.",
    )

    @api.depends("segmentation_id", "partner_id")
    def _compute_display_name(self):
        for membership in self:
            segmentation = membership.segmentation_id.display_name
            partner = membership.partner_id.display_name
            membership.display_name = f"{segmentation} / {partner}"

    @api.model
    def _get_export_titles(self):
        """Return the titles of the columns of a file of members."""
        return [
            self.env._("Id"),
            self.env._("Name"),
            self.env._("Email"),
            self.env._("Phone"),
            self.env._("City"),
            self.env._("Country"),
            self.env._("Member since (UTC)"),
        ]
