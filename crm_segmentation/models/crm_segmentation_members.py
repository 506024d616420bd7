from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class CrmSegmentation(models.Model):
    """The members, now or on a day, and what can be done with them."""

    _inherit = "crm.segmentation"

    has_mailing = fields.Boolean(compute="_compute_has_mailing")

    def _compute_has_mailing(self):
        mailings = "mailing.mailing" in self.env and (
            self.env["mailing.mailing"].has_access("create")
        )
        self.has_mailing = mailings

    def action_why(self):
        """Ask why a partner is in, or not."""
        self.ensure_one()
        why = self.env["crm.segmentation.why"].create({"segmentation_id": self.id})
        return why._get_dialog()

    def action_members_on_day(self):
        """Ask for a day, to list or to export who was in."""
        self.ensure_one()
        wizard = self.env["crm.segmentation.day"].create({"segmentation_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Members of %s", self.name),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_member_actions(self):
        """Ask what to do with each member."""
        self.ensure_one()
        wizard = self.env["crm.segmentation.member.action"].create(
            {"segmentation_id": self.id}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("For each Member of %s", self.name),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_write_mailing(self):
        """Open a new mailing to the members."""
        self.ensure_one()
        if not self.has_mailing:
            raise UserError(
                self.env._("Email Marketing is not installed, or not yours to use.")
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mailing to %s", self.name),
            "res_model": "mailing.mailing",
            "view_mode": "form",
            "context": {
                "default_subject": self.name,
                "default_mailing_type": "mail",
                "default_mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "default_mailing_domain": repr(self._get_member_domain()),
            },
        }

    def _get_member_domain(self):
        return [("segmentation_membership_ids.segmentation_id", "=", self.id)]

    def _get_day_bounds(self, day):
        """Return the first moment of a day and of the next one, in UTC."""
        timezone = pytz.timezone(self._get_timezone())
        return tuple(
            timezone.localize(datetime.combine(date, time.min))
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
            for date in (day, day + timedelta(days=1))
        )

    def _get_on_day_query(self, day, after=0, limit=None):
        """Return ``(id, name, email, phone, city, country, entered_on)`` of who was in.

        Of a partner who was in twice on that day, the later time. Ordered by id, from
        behind ``after`` on.
        """
        _start, end = self._get_day_bounds(day)
        return SQL(
            """
            SELECT p.id, p.complete_name, p.email, p.phone, p.city, c.code,
                   MAX(m.entered_on)
              FROM crm_segmentation_membership m
              JOIN res_partner p ON p.id = m.partner_id
              LEFT JOIN res_country c ON c.id = p.country_id
             WHERE m.segmentation_id = %s AND m.entered_on < %s
               AND (m.left_on IS NULL OR m.left_on >= %s) AND m.partner_id > %s
             GROUP BY p.id, c.code ORDER BY p.id LIMIT %s
            """,
            self.id,
            end,
            end,
            after,
            limit,
        )


class CrmSegmentationMembership(models.Model):
    """A membership can be looked for by a day on which the partner was in."""

    _inherit = "crm.segmentation.membership"

    in_on = fields.Date(
        "In at the End of",
        store=False,
        search="_search_in_on",
        help="Days end at midnight of the company's place.",
    )

    @api.model
    def _search_in_on(self, operator, value):
        if operator not in ("=", "in"):
            return NotImplemented
        days = [value] if isinstance(value, str) or operator == "=" else value
        domains = []
        for day in days:
            day = fields.Date.to_date(day)
            _start, end = self.env["crm.segmentation"]._get_day_bounds(day)
            domains.append(
                Domain("entered_on", "<", end)
                & (Domain("left_on", "=", False) | Domain("left_on", ">=", end))
            )
        return Domain.OR(domains)
