from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize, parse_contact_from_email

from .case_sheet import is_cut
from .case_states import CLOSED_STATES, DONE, DRAFT, OPEN

PAST = ("create_date", "date_open", "date_closed")


class CrmCase(models.Model):
    """What a row of an import means.

    A customer is known by e-mail: the contact that has the address, else a new one. A
    state is the first stage of it that team and type may use. Without a state, a
    closed case is done and an opened one is open. Without a date of creation the
    earliest date that is known counts; when a case was opened or closed, the last one
    before.
    """

    _inherit = "crm.case"

    @api.model
    def _prepare_import_vals(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        self._find_import_customers(vals_list)
        for vals in vals_list:
            vals.setdefault("user_id", False)
            self._check_import_dates(vals)
            self._place_import(vals)
            vals["create_date"] = self._get_import_date(vals)
            self._fill_import_dates(vals)
            vals.setdefault(
                "date_action_last", vals.get("date_closed") or vals["create_date"]
            )
        return vals_list

    def _prepare_import_updates(self, vals):
        """Yield cases and what is written on them."""
        # What an export had to cut is whole here.
        vals = {name: value for name, value in vals.items() if not is_cut(value)}
        self._find_import_customers([vals])
        state = vals.pop("state", False)
        if not state or vals.get("stage_id"):
            groups = {self.env["crm.case.stage"]: self}
        else:
            groups = self.grouped(lambda case: case._get_import_stage(vals, state))
        for stage, cases in groups.items():
            for case in cases if any(vals.get(name) for name in PAST) else ():
                known = {name: case[name] for name in PAST}
                self._check_import_dates({"name": case.name, **known, **vals})
            yield cases, {**vals, "stage_id": stage.id} if stage else vals

    # ------------------------------------------------------------
    # STAGE
    # ------------------------------------------------------------

    @api.model
    def _place_import(self, vals):
        """Fill in the team, and the stage that belongs to the state."""
        if not vals.get("team_id"):
            Team = self.env["crm.case.team"]
            user = self.env["res.users"].browse(vals.get("user_id") or ())
            company = self.env["res.company"].browse(vals.get("company_id") or ())
            team = Team._get_teams_by_user(user).get(user) if user else Team
            vals["team_id"] = (team or Team._get_fallback_team(company)).id
        state = vals.pop("state", False)
        if vals.get("stage_id"):
            return
        if not state:
            opened = OPEN if vals.get("date_open") else DRAFT
            state = DONE if vals.get("date_closed") else opened
        vals["stage_id"] = self._get_import_stage(vals, state).id

    def _get_import_stage(self, vals, state):
        Type = self.env["crm.case.type"]
        type_id = vals.get("type_id")
        case_type = Type.browse(type_id) if type_id else self.type_id
        team = self.env["crm.case.team"].browse(vals.get("team_id") or ())
        case_type, team = case_type or Type._get_default_type(), team or self.team_id
        if self.state == state and self.stage_id._serves(team, case_type):
            return self.stage_id
        stages = self.env["crm.case.stage"].search([("state", "=", state)])
        stage = stages._pick(team, case_type)
        if not stage:
            case = self.new({"team_id": team.id, "type_id": case_type.id})
            case._raise_no_stage(state)
        return stage

    # ------------------------------------------------------------
    # DATES
    # ------------------------------------------------------------

    @api.model
    def _get_import_date(self, vals):
        now = fields.Datetime.now()
        known = [fields.Datetime.to_datetime(vals.get(name)) for name in PAST]
        return known[0] or min(filter(None, known), default=now)

    @api.model
    def _fill_import_dates(self, vals):
        """What the state asks for and nobody knows was at the last date that is known:
        it was not today, and not after what came next."""
        state = self.env["crm.case.stage"].browse(vals["stage_id"]).state
        if state != DRAFT:
            vals["date_open"] = vals.get("date_open") or vals["create_date"]
        if state in CLOSED_STATES:
            vals["date_closed"] = vals.get("date_closed") or vals["date_open"]

    @api.model
    def _check_import_dates(self, vals):
        """Refuse what cannot have been: each date comes after the one before."""
        dates = [
            (name, fields.Datetime.to_datetime(vals[name]))
            for name in PAST
            if vals.get(name)
        ]
        dates.append((None, fields.Datetime.now()))
        for (name, date), (next_name, next_date) in zip(dates, dates[1:], strict=False):
            if date.replace(microsecond=0) > next_date:
                self._raise_import_dates(vals, name, next_name)

    @api.model
    def _raise_import_dates(self, vals, name, later):
        labels = {
            "create_date": self.env._("Created On"),
            "date_open": self.env._("Opened On"),
            "date_closed": self.env._("Closed On"),
        }
        case = vals.get("number") or vals.get("name")
        if not later:
            message = self.env._(
                "“%(case)s”: %(date)s lies in the future.",
                case=case,
                date=labels[name],
            )
        else:
            message = self.env._(
                "“%(case)s”: %(date)s is later than %(later)s.",
                case=case,
                date=labels[name],
                later=labels[later],
            )
        raise ValidationError(message)

    # ------------------------------------------------------------
    # CUSTOMER
    # ------------------------------------------------------------

    @api.model
    def _find_import_customers(self, vals_list):
        """Fill in the contacts of rows that only have an address."""
        if not self.env.context.get("crm_case_import_customer", True):
            return
        rows = [v for v in vals_list if v.get("email_from") and not v.get("partner_id")]
        known = self._get_partners_by_address(
            {self._get_import_address(vals) for vals in rows}
        )
        for vals in rows:
            address = self._get_import_address(vals)
            if address not in known:
                partner = self.env["res.partner"].create(
                    self._prepare_import_customer(vals, address)
                )
                known[address] = partner.id
            vals["partner_id"] = known[address]

    @api.model
    def _get_import_address(self, vals):
        address = email_normalize(vals["email_from"])
        if not address:
            raise ValidationError(
                self.env._(
                    "“%(case)s”: “%(address)s” is not one e-mail address.",
                    case=vals.get("number") or vals.get("name"),
                    address=vals["email_from"],
                )
            )
        return address

    @api.model
    def _get_partners_by_address(self, addresses):
        """The oldest contact of each address, people of the company at hand first.

        :return: ids of contacts by normalized address
        :rtype: dict
        """
        companies = [False, *self.env.companies.ids]
        domain = Domain("email_normalized", "in", list(addresses))
        domain &= Domain("company_id", "in", companies)
        found = self.env["res.partner"].search(domain, order="company_id, id")
        result = {}
        for partner in found:
            result.setdefault(partner.email_normalized, partner.id)
        return result

    @api.model
    def _prepare_import_customer(self, vals, address):
        name, _email = parse_contact_from_email(vals["email_from"])
        return {
            "name": vals.get("partner_name") or name or address,
            "email": address,
            "phone": vals.get("phone") or False,
        }
