import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .actions import notify
from .case_states import CLOSED_STATES

_logger = logging.getLogger(__name__)

BATCH = 100


class CrmCaseTeam(models.Model):
    """For how long a team keeps what was said in cases that are closed.

    Forever, if nobody says otherwise. Else a scheduled action anonymises or deletes its
    cases once they have been closed for so many months, in batches, each committed. A
    case that is opened again starts anew. Merged cases go before the one that holds
    their conversations. One that cannot go is logged, keeps back no other, and is tried
    again by the next run.
    """

    _inherit = "crm.case.team"

    retention_policy = fields.Selection(
        [
            ("keep", "Keep them"),
            ("anonymise", "Anonymise them"),
            ("delete", "Delete them"),
        ],
        string="Old Cases",
        default="keep",
        required=True,
        tracking=True,
        help="What happens to cases that have been closed for a long time. Anonymised "
        "ones keep number, dates and figures, and lose words, names and files.",
    )
    retention_months = fields.Integer(
        string="Months after Closing", default=36, tracking=True
    )

    _retention_months_check = models.Constraint(
        "CHECK (retention_policy = 'keep' OR retention_months > 0)",
        "Say after how many months old cases are anonymised or deleted.",
    )

    def _get_expired_domain(self):
        self.ensure_one()
        until = fields.Datetime.now() - relativedelta(months=self.retention_months)
        domain = (
            Domain("team_id", "=", self.id)
            & Domain("state", "in", CLOSED_STATES)
            & Domain("date_closed", "<=", until)
        )
        if self.retention_policy == "anonymise":
            return domain & Domain("erased_on", "=", False)
        return domain

    def action_preview_retention(self):
        """Say how much the next run would touch."""
        self.ensure_one()
        self.check_access("read")
        # sudo: the number only, of cases that may be private
        cases = self.env["crm.case"].sudo().with_context(active_test=False)
        count = cases.search_count(self._get_expired_domain())
        return notify(
            self.env._("Cases due today: %s", count),
            "info",
            {"type": "ir.actions.act_window_close"},
        )

    @api.model
    def _cron_retain(self):
        """Work off what is due, team by team."""
        teams = self.with_context(active_test=False)
        teams = teams.search([("retention_policy", "in", ("anonymise", "delete"))])
        for team in teams:
            stuck = self.env["crm.case"]
            while cases := team._find_expired(stuck):
                stuck |= team._try_to_let_go(cases)
                if not self.env["ir.cron"]._commit_progress(len(cases)):
                    return

    def _find_expired(self, stuck):
        """Return the next batch.

        :param stuck: cases that this run could not let go
        """
        domain = self._get_expired_domain() & Domain("id", "not in", stuck.ids)
        if self.retention_policy == "delete":
            domain &= Domain("merged_ids", "=", False)
        cases = self.env["crm.case"].with_context(active_test=False)
        return cases.search(domain, limit=BATCH, order="id")

    def _try_to_let_go(self, cases):
        """Let a batch go; one by one if that fails.

        :return: the cases that cannot go
        """
        try:
            with self.env.cr.savepoint():
                self._let_go(cases)
        except Exception:  # whatever another addon has against it
            self.env.invalidate_all()
            if len(cases) == 1:
                _logger.exception("Case %s cannot be let go", cases.id)
                return cases
            return cases.browse().union(*map(self._try_to_let_go, cases))
        return cases.browse()

    def _let_go(self, cases):
        self.env["crm.case.erasure"]._erase_cases(cases)
        if self.retention_policy == "delete":
            cases.unlink()


class CrmCase(models.Model):
    """A case knows that its words were forgotten, until it is worked on again."""

    _inherit = "crm.case"

    erased_on = fields.Datetime(
        string="Anonymised On",
        readonly=True,
        copy=False,
        help="Words, names and files of this case were forgotten.",
    )

    def write(self, vals):
        """A case that goes on has words again, which will be old one day."""
        if vals.get("stage_id") and any(case.erased_on for case in self):
            vals = {**vals, "erased_on": False}
        return super().write(vals)
