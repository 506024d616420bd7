from datetime import datetime
from datetime import time as day_time

from odoo import api, models
from odoo.tools import escape_psql, html_sanitize

from .case_states import CANCEL, CLOSED_STATES, DONE, DRAFT, LOST, OPEN, PENDING, WON

LEAD = "crm.lead"
TICKET = "helpdesk.ticket"
# Stages that the helpdesk of the OCA is delivered with, besides its two switches.
TICKET_STAGES = {
    "helpdesk_ticket_stage_awaiting": PENDING,
    "helpdesk_ticket_stage_cancelled": CANCEL,
    "helpdesk_ticket_stage_rejected": CANCEL,
}


class CrmCase(models.Model):
    """What leads of Odoo's CRM and tickets of the OCA's helpdesk are here.

    Teams, tags, categories and reasons are found by name, or made. A lead stays a lead
    and an opportunity one; won and lost are kept, with the reason. A ticket keeps its
    number.
    """

    _inherit = "crm.case"

    @api.model
    def _get_move_sources(self):
        """Models that cases can come from, and who knows how."""
        return {LEAD: "_prepare_from_lead", TICKET: "_prepare_from_ticket"}

    @api.model
    def _get_move_state(self, stage):
        """What a stage of another app means, as a proposal."""
        if stage._name == "crm.stage":
            first = stage.search([], limit=1)
            return DONE if stage.is_won else DRAFT if stage == first else OPEN
        xmlid = stage.get_external_id()[stage.id].partition(".")[2]
        if xmlid in TICKET_STAGES:
            return TICKET_STAGES[xmlid]
        return DONE if stage.closed else DRAFT if stage.unattended else OPEN

    # ------------------------------------------------------------
    # LEADS
    # ------------------------------------------------------------

    def _prepare_from_lead(self, lead, states, defaults):
        is_lost = lead.won_status == "lost"
        won = lead.won_status == "won"
        state = states.get(lead.stage_id.id, OPEN)
        # Whoever is won or lost is so in whatever stage.
        state = CANCEL if is_lost else DONE if won else state
        code = "lead" if lead.type == "lead" and state != DONE else "opportunity"
        case_type = self.env["crm.case.type"].search([("code", "=", code)], limit=1)
        case_type = case_type or self.env["crm.case.type"]._get_default_type()
        team = self._find_move_team(lead.team_id, "member_ids", lead.team_id.user_id)
        deadline = lead.date_deadline
        dates = self._prepare_move_dates(
            state, lead.create_date, lead.date_open, lead.date_closed, lead.write_date
        )
        return {
            **self._prepare_move_vals(lead, team),
            **dates,
            "type_id": case_type.id,
            "stage_id": self._get_move_stage(case_type, team, state, is_lost),
            "active": lead.active or is_lost,
            "email_from": lead.email_from,
            "phone": lead.phone,
            "partner_name": lead.contact_name or lead.partner_name,
            "planned_revenue": lead.expected_revenue,
            "probability": min(max(lead.probability, 0), 100),
            "currency_id": lead.company_currency.id or self.env.company.currency_id.id,
            "date_deadline": deadline and datetime.combine(deadline, day_time(12)),
            "close_reason_id": self._find_move_reason(lead.lost_reason_id),
            "campaign_id": lead.campaign_id.id,
            "medium_id": lead.medium_id.id,
            "source_id": lead.source_id.id,
        }

    def _get_move_stage(self, case_type, team, state, is_lost=False):
        outcome = case_type.use_outcome and {True: LOST, False: WON}[is_lost]
        domain = [("state", "=", state)]
        if state in CLOSED_STATES and outcome:
            domain.append(("outcome", "=", outcome))
        stage = self.env["crm.case.stage"].search(domain)._pick(team, case_type)
        return (
            stage.id
            or self._get_import_stage(
                {"team_id": team.id, "type_id": case_type.id}, state
            ).id
        )

    def _find_move_reason(self, reason):
        if not reason:
            return False
        kind = {"kind": "reason"}
        return self._find_by_name("crm.case.close.reason", reason.name, kind).id

    # ------------------------------------------------------------
    # TICKETS
    # ------------------------------------------------------------

    def _prepare_from_ticket(self, ticket, states, defaults):
        state = states.get(ticket.stage_id.id, OPEN)
        team = self._find_move_team(ticket.team_id, "user_ids")
        case_type = self.env["crm.case.type"].browse(defaults["type_id"])
        vals = {
            **self._prepare_move_vals(ticket, team),
            **self._prepare_move_dates(
                state,
                ticket.create_date,
                ticket.assigned_date,
                ticket.closed_date,
                ticket.last_stage_update or ticket.write_date,
            ),
            "type_id": case_type.id,
            "stage_id": self._get_move_stage(case_type, team, state, state == CANCEL),
            "active": ticket.active,
            "email_from": ticket.partner_email or ticket.partner_id.email,
            "partner_name": ticket.partner_name,
            "category_id": self._find_move_category(ticket.category_id),
            "medium_id": self._find_move_medium(ticket.channel_id),
        }
        if self._is_number_free(ticket.number, ticket.company_id):
            vals["number"] = ticket.number
        return vals

    def _is_number_free(self, number, company):
        if not number or number == "/":
            return False
        # sudo: numbers are unique whoever may read the cases
        cases = self.sudo().with_context(active_test=False)
        domain = [("number", "=", number), ("company_id", "=", company.id)]
        return not cases.search_count(domain, limit=1)

    def _find_move_category(self, category):
        """The same path of categories here."""
        found = self.env["crm.case.category"]
        path = []
        while category:
            path.append(category.name)
            category = category.parent_id
        for name in reversed(path):
            found = self._find_by_name(found._name, name, {"parent_id": found.id})
        return found.id

    def _find_move_medium(self, channel):
        return bool(channel) and self._find_by_name("utm.medium", channel.name, {}).id

    # ------------------------------------------------------------
    # BOTH
    # ------------------------------------------------------------

    def _prepare_move_vals(self, record, team):
        tags = self.env["crm.case.tag"]
        for tag in record.tag_ids.filtered("name"):
            tags |= self._find_by_name(tags._name, tag.name, {})
        company = team.company_id or record.company_id or self.env.company
        return {
            "name": record.name or self.env._("(no subject)"),
            "description": html_sanitize(record.description or ""),
            "team_id": team.id,
            "company_id": company.id,
            "user_id": record.user_id.id,
            "partner_id": record.partner_id.id,
            "email_cc": record.email_cc,
            "tag_ids": tags.ids,
            "priority": record.priority or "1",
            "color": record.color,
        }

    def _prepare_move_dates(self, state, created, opened, closed, changed):
        """Dates of a state. Where the other app has none, the nearest one it has."""
        opened = state != DRAFT and (opened or created)
        closed = state in CLOSED_STATES and (closed or changed)
        dates = self._clamp_past(created, opened, closed)
        return dict(
            zip(("create_date", "date_open", "date_closed"), dates, strict=True)
        )

    def _find_move_team(self, team, members, leader=None):
        """The team of the same name; if there is none, one with the same people."""
        Team = self.env["crm.case.team"].with_context(active_test=False)
        if not team:
            return Team._get_fallback_team(self.env.company)
        companies = (False, team.company_id.id)
        domain = [
            ("name", "=ilike", escape_psql(team.name)),
            ("company_id", "in", companies),
        ]
        found = Team.search(domain, limit=1)
        return found or Team.create(
            {
                "name": team.name,
                "company_id": team.company_id.id,
                "member_ids": team[members].filtered(lambda user: not user.share).ids,
                "user_id": leader and leader.id,
            }
        )

    @api.model
    def _find_by_name(self, model, name, values):
        Model = self.env[model].with_context(active_test=False)
        domain = [("name", "=ilike", escape_psql(name))]
        domain += [(key, "=", value) for key, value in values.items()]
        return Model.search(domain, limit=1) or Model.create({"name": name, **values})
