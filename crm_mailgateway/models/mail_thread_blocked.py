from odoo import api, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)


class MailThread(models.AbstractModel):
    """Mails of a blocked sender reach no case, new or old, and say so in the journal.

    Who proves to be one of our people is heard; so is whoever is filed by hand.
    """

    _inherit = "mail.thread"

    @api.model
    def _mailgateway_without_blocked(self, routes, trace):
        """Return those routes to cases whose company hears the sender."""
        correspondent = trace.decisions.correspondent
        addresses = list({correspondent.sender, correspondent.address})
        # sudo: a block holds for all mails, whoever runs the gateway
        blocked = self.env["crm.mailgateway.blocked"].sudo()
        companies = blocked._get_companies(addresses)
        if not companies or trace.decisions.user_id:
            return routes
        kept = [r for r in routes if self._mailgateway_company(r) not in companies]
        if not kept:
            trace.decisions.blocked = True
            trace.verdict = _lt("Blocked sender: %s", correspondent.sender)
        return kept

    @api.model
    def _mailgateway_company(self, route):
        """The company of the case or team that a route leads to."""
        _model, case_id, values, _uid, _alias = route
        # sudo: as above, the gateway sees all
        case = self.env["crm.case"].sudo().browse(case_id or ())
        team = self.env["crm.case.team"].sudo()
        team = team.browse((values or {}).get("team_id") or ())
        return case.company_id or team.company_id or self.env.company
