import re
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .case_states import ACTIVE_STATES

# Reply marks of mail programs and our own number say nothing about the matter.
PREFIX = r"^(\s*((re|fw|fwd|aw|wg|sv|vs|tr|rv|antw)(\[\d+\])?\s*:|\[[^\]]*\])\s*)+"
SIMILAR = 0.45  # of 1; a typo or a word more stays above, another matter below
EXAMINED = 100  # newest cases of the address
SHOWN = 5
CLOSED_SINCE = timedelta(days=30)


class CrmCase(models.Model):
    """Cases that are probably about the same matter.

    A duplicate is from the same address and has a similar subject (trigrams, reply
    marks left out). It is open, or was closed in the last 30 days. The form shows it
    as a hint, also while a case is being entered; nothing happens by itself.

    COST is bounded whoever writes however much: an index gives the newest 100 cases of
    the address, only these are compared. Cases that the user may not read are none.
    """

    _inherit = "crm.case"

    duplicate_ids = fields.Many2many(
        "crm.case",
        string="Possible Duplicates",
        compute="_compute_duplicate_ids",
        groups="base.group_user",
    )
    duplicate_hint = fields.Html(
        compute="_compute_duplicate_ids", sanitize=False, groups="base.group_user"
    )

    # The only index on the address: with one more, which of both serves is a matter of
    # estimates.
    _email_newest_idx = models.Index(
        "(email_normalized, id DESC) WHERE email_normalized IS NOT NULL"
    )

    @api.depends("name", "email_normalized", "company_id", "state", "active")
    @api.depends_context("uid")
    def _compute_duplicate_ids(self):
        for case in self:
            duplicates = case._find_duplicates()
            case.duplicate_ids = duplicates
            case.duplicate_hint = Markup(", ").join(
                duplicate._get_html_link() for duplicate in duplicates
            )

    def _find_duplicates(self):
        """:return: cases like this one, the most similar first"""
        self.ensure_one()
        subject = re.sub(PREFIX, "", self.name or "", flags=re.IGNORECASE).strip()
        open_case = self.active and self.state in ACTIVE_STATES
        if not (subject and self.email_normalized and open_case):
            return self.browse()
        examined = self.search(
            self._get_duplicates_domain(), order="id desc", limit=EXAMINED
        )
        return self._filter_similar(examined, subject) if examined else examined

    def _get_duplicates_domain(self):
        recently = fields.Datetime.now() - CLOSED_SINCE
        domain = Domain("email_normalized", "=", self.email_normalized) & (
            Domain("state", "in", ACTIVE_STATES) | Domain("date_closed", ">=", recently)
        )
        if self.company_id:
            domain &= Domain("company_id", "=", self.company_id.id)
        return (
            domain & Domain("id", "!=", self._origin.id) & Domain("active", "=", True)
        )

    @api.model
    def _filter_similar(self, cases, subject):
        cases.flush_recordset(["name"])
        name = SQL("regexp_replace(name, %s, '', 'i')", PREFIX)
        if self.env.registry.has_trigram:
            score = SQL("similarity(%s, %s)", name, subject)
        else:
            score = SQL("(lower(%s) = lower(%s))::int", name, subject)
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM crm_case WHERE id = ANY(%(ids)s) AND %(score)s >= "
                "%(least)s ORDER BY %(score)s DESC, id LIMIT %(limit)s",
                ids=cases.ids,
                score=score,
                least=SIMILAR,
                limit=SHOWN,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_merge_duplicates(self):
        """One click: this case and its duplicates become the oldest of them."""
        self.ensure_one()
        cases = self | self.duplicate_ids._filtered_access("write")
        return self._get_form_action(cases._merge())
