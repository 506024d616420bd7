from datetime import timedelta

import pytz

from odoo import fields, models
from odoo.tools import format_datetime

from .crm_case import TEMPLATE

LANGUAGES = ("fr", "de", "es")


class CrmCase(models.Model):
    """What an acknowledgement says, and in which language.

    There is one text for each of four languages, chosen by the language of the
    contact, else by that of the mail, whether Odoo speaks it or not. A team with a text
    of its own uses that for all; Odoo translates it as any template.

    It tells when somebody will look: at once in working hours, else when the team is
    back.
    """

    _inherit = "crm.case"

    def _group_by_acknowledgement_template(self):
        groups = super()._group_by_acknowledgement_template()
        standard = self.env.ref(TEMPLATE)
        for case in groups.pop(standard, ()):
            template = case._get_standard_template() or standard
            groups[template] = groups.get(template, self.browse()) | case
        return groups

    def _get_standard_template(self):
        """Return the text delivered for the language of the customer."""
        short = (self.partner_id.lang or self.mail_lang or self.env.lang or "")[:2]
        if short not in LANGUAGES:
            return None
        return self.env.ref(f"{TEMPLATE}_{short}", raise_if_not_found=False)

    def _get_acknowledgement_lang(self):
        """Return the installed language in which dates are written, or nothing."""
        self.ensure_one()
        lang = self.mail_lang and self._mailgateway_installed_lang(self.mail_lang)
        return self.partner_id.lang or lang or ""

    def _get_acknowledgement_signature(self):
        company = self.company_id or self.env.company
        return ", ".join(filter(None, [self.team_id.name, company.name]))

    def _get_acknowledgement_opening(self):
        """Return when the team is back, as a text; False while it works."""
        self.ensure_one()
        team = self.team_id
        calendar = team.resource_calendar_id or self.company_id.resource_calendar_id
        if not calendar or team._crm_mailgateway_is_working_time():
            return False
        now = fields.Datetime.now().replace(tzinfo=pytz.utc)
        intervals = calendar._work_intervals_batch(now, now + timedelta(days=30))[False]
        start = next(iter(intervals), (None,))[0]
        if not start:
            return False
        naive = start.astimezone(pytz.utc).replace(tzinfo=None)
        zone = calendar.tz or "UTC"
        return format_datetime(
            self.env, naive, tz=zone, dt_format="EEEE, d MMMM, HH:mm"
        )
