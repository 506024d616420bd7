from datetime import timedelta

import babel.dates
import pytz

from odoo import fields, models

from odoo.addons.crm_cases.models.crm_case_sla import RESPONSE

from ..batch import CONTEXT_KEY, BatchMemory
from .crm_case import TEMPLATE

# How the languages of the texts write a day and a time.
FORMATS = {
    "fr": "EEEE d MMMM 'à' HH:mm",
    "de": "EEEE, d. MMMM, HH:mm 'Uhr'",
    "es": "EEEE d 'de' MMMM 'a las' HH:mm",
}
LANGUAGES = tuple(FORMATS)
FORMAT = "EEEE, d MMMM, HH:mm"
# What the sender wrote comes back in the text: not more of it than a reader needs,
# and not enough to advertise anything to somebody else.
MAX_WORDS = 12
MAX_LETTERS = 80
MAX_NAME_WORDS = 5


class CrmCase(models.Model):
    """What an acknowledgement says, and in which language.

    There is one text for each of four languages, chosen by the language of the
    contact, else by that of the mail, whether Odoo speaks it or not. A team with a text
    of its own uses that for all; Odoo translates it as any template.

    It tells by when somebody answers, if a policy promises a first response; the
    promise counts working hours only. Else it tells when the team is back, outside of
    its working hours.
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
        short = self._get_acknowledgement_language()
        if short not in LANGUAGES:
            return None
        return self.env.ref(f"{TEMPLATE}_{short}", raise_if_not_found=False)

    def _get_acknowledgement_language(self):
        """Return two letters: the language of the contact, else that of the mail."""
        return (self.partner_id.lang or self.mail_lang or self.env.lang or "")[:2]

    def _get_acknowledgement_lang(self):
        """Return the installed language in which dates are written, or nothing."""
        self.ensure_one()
        lang = self.mail_lang and self._mailgateway_installed_lang(self.mail_lang)
        return self.partner_id.lang or lang or ""

    def _get_acknowledgement_name(self):
        """Return whom to greet; False if nobody knows his name."""
        name = self.partner_id.name or self.partner_name
        return name and _brief(name, MAX_NAME_WORDS)

    def _get_acknowledgement_topic(self):
        """Return what the mail was about; False if it had no subject."""
        self.ensure_one()
        return not self._is_without_subject() and _brief(self.name, MAX_WORDS)

    def _get_acknowledgement_signature(self):
        company = self.company_id or self.env.company
        return ", ".join(filter(None, [self.team_id.name, company.name]))

    def _get_acknowledgement_opening(self):
        """Return when the team is back, as a text; False while it works."""
        self.ensure_one()
        memory = self.env.context.get(CONTEXT_KEY) or BatchMemory()
        key = ("opening", self.team_id, self.company_id)
        start = memory.recall(key, self._find_acknowledgement_opening)
        return start and self._say_acknowledgement_time(start)

    def _find_acknowledgement_opening(self):
        """Return when the team is back; False while it works, or if it never is."""
        team = self.team_id
        calendar = team.resource_calendar_id or self.company_id.resource_calendar_id
        if not calendar or team._crm_mailgateway_is_working_time():
            return False
        now = fields.Datetime.now().replace(tzinfo=pytz.utc)
        intervals = calendar._work_intervals_batch(now, now + timedelta(days=30))[False]
        start = next(iter(intervals), (None,))[0]
        return start.astimezone(pytz.utc) if start else False

    def _get_acknowledgement_promise(self):
        """Return by when the policies promise an answer, as a text; False if none does
        or the time has passed."""
        self.ensure_one()
        # sudo: customers are told of promises that they cannot read
        running = self.sudo().sla_status_ids.filtered(
            lambda s: s.kind == RESPONSE and not s.date_reached and not s.paused
        )
        deadline = min(filter(None, running.mapped("deadline")), default=None)
        if not deadline or deadline <= fields.Datetime.now():
            return False
        return self._say_acknowledgement_time(deadline.replace(tzinfo=pytz.utc))

    def _say_acknowledgement_time(self, moment):
        """Return a time as the customer reads it, in the zone of the team.

        In the language of the text, which Odoo need not speak.
        """
        team = self.team_id
        calendar = team.resource_calendar_id or self.company_id.resource_calendar_id
        short = self._get_acknowledgement_language()
        locale = short if short in LANGUAGES else (self.env.lang or "en_US")
        return babel.dates.format_datetime(
            moment,
            FORMATS.get(short, FORMAT),
            tzinfo=pytz.timezone(calendar.tz or "UTC"),
            locale=babel.Locale.parse(locale.partition("@")[0]),
        )


def _brief(text, max_words):
    """Return the beginning of a text; what is left out shows."""
    every = text.split()
    words = " ".join(every[:max_words])
    whole = len(every) <= max_words and len(words) <= MAX_LETTERS
    return words if whole else words[:MAX_LETTERS].rstrip(" .,;:") + "…"
