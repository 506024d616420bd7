from odoo import SUPERUSER_ID, http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import email_normalize

from ..models.case_uploads import EXTENSIONS
from .portal_case import CasePortal

MAX_SUBJECT = 150
MAX_TEXT = 20000
HONEYPOT = "website"


class CaseForm(CasePortal):
    """The forms that open a case: one for customers with an account, and one for
    everybody, per team.

    Both check what was sent and say what is missing next to the field. The public one
    makes no case but a request, see ``crm.case.request``; a field that people do not
    see catches programs, which read the same thanks as everybody.
    """

    # ------------------------------------------------------------
    # CUSTOMERS WITH AN ACCOUNT
    # ------------------------------------------------------------

    @http.route(
        "/my/cases/new", type="http", auth="user", methods=["GET"], website=True
    )
    def portal_new_case(self, team=None, **kwargs):
        entered = {"team_id": team if team and team.isdecimal() else ""}
        return self._render_portal_form(entered, {})

    @http.route(
        "/my/cases/new", type="http", auth="user", methods=["POST"], website=True
    )
    def portal_create_case(self, **entered):
        errors, files = self._check_form(entered)
        team = self._pick(self._get_form_teams(), entered.get("team_id"))
        if not team:
            errors["team_id"] = request.env._("Please choose what it is about.")
        if errors:
            return self._render_portal_form(entered, errors)
        # Superuser: customers create nothing by themselves, and a case from a form
        # must look the same whoever sent it
        cases = request.env["crm.case"].with_user(SUPERUSER_ID)
        case = cases._open_from_form(
            {**self._prepare_form_vals(entered, team), "partner_id": self._customer.id},
            entered["description"],
            files,
        )
        return request.redirect(f"{case.access_url}?done=created")

    @property
    def _customer(self):
        return request.env.user.partner_id

    def _render_portal_form(self, entered, errors):
        values = {
            **self._prepare_portal_layout_values(),
            **self._prepare_form_values(entered, errors),
            "page_name": "case_new",
            "teams": self._get_form_teams(),
            "action": "/my/cases/new",
        }
        return self._render("crm_cases.portal_case_new", values)

    def _get_form_teams(self):
        """The teams that take cases of customers; one there is always."""
        # sudo: a customer reads no teams; these are the ones meant for him
        teams = request.env["crm.case.team"].sudo()
        company = self._customer.company_id or request.env.company
        found = teams.search(
            [
                ("form_access", "in", ("portal", "public")),
                ("company_id", "in", (company.id, False)),
            ]
        )
        return found or teams._get_fallback_team(company)

    # ------------------------------------------------------------
    # EVERYBODY
    # ------------------------------------------------------------

    @http.route(
        "/cases/new/<string:team>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def public_form(self, team, **kwargs):
        team = self._find_public_team(team)
        if not request.env.user._is_public():
            return request.redirect(f"/my/cases/new?team={team.id}")
        return self._render_public_form(team, {}, {})

    @http.route(
        "/cases/new/<string:team>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def public_submit(self, team, **entered):
        team = self._find_public_team(team)
        if entered.get(HONEYPOT):
            return self._render_sent(team)
        errors, files = self._check_form(entered)
        email = email_normalize(entered.get("email") or "")
        if not email:
            errors["email"] = request.env._("Please enter your email address.")
        if errors:
            return self._render_public_form(team, entered, errors)
        try:
            self._submit_public(team, {**entered, "email": email}, files)
        except UserError as error:
            response = self._render_public_form(team, entered, {"form": str(error)})
            response.status_code = 429
            return response
        return self._render_sent(team)

    def _submit_public(self, team, entered, files):
        request.env["crm.case.request"].with_user(SUPERUSER_ID)._submit(
            {
                **self._prepare_form_vals(entered, team),
                "email": entered["email"],
                "partner_name": (entered.get("partner_name") or "").strip()[
                    :MAX_SUBJECT
                ],
                "description": entered["description"],
            },
            request.httprequest.remote_addr,
            files,
        )

    @http.route(
        "/cases/confirm/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def public_confirm(self, token, **kwargs):
        found = self._find_request(token)
        if found.case_id:
            return request.redirect(found.case_id.get_portal_url())
        return self._render(
            "crm_cases.public_case_confirm",
            {"found": found, "token": token, "page_name": "case_confirm"},
        )

    @http.route(
        "/cases/confirm/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def public_confirmed(self, token, **kwargs):
        found = self._find_request(token)
        if not found:
            return request.redirect(f"/cases/confirm/{token}")
        case = found._confirm()
        return request.redirect(case.get_portal_url(query_string="&done=created"))

    def _find_request(self, token):
        requests = request.env["crm.case.request"].with_user(SUPERUSER_ID)
        return requests._find_by_token(token)

    def _find_public_team(self, slug):
        _name, team_id = request.env["ir.http"]._unslug(slug)
        # sudo: the form is public, the team is not
        team = request.env["crm.case.team"].sudo().browse(team_id or 0).exists()
        if not team or not team.active or team.form_access != "public":
            raise request.not_found()
        return team

    def _render_public_form(self, team, entered, errors):
        values = {
            **self._prepare_form_values(entered, errors),
            "team": team,
            "page_name": "case_form",
            "honeypot": HONEYPOT,
            "action": request.httprequest.path,
        }
        return self._render("crm_cases.public_case_form", values)

    def _render_sent(self, team):
        values = {"team": team, "page_name": "case_form"}
        return self._render("crm_cases.public_case_sent", values)

    # ------------------------------------------------------------
    # BOTH
    # ------------------------------------------------------------

    def _check_form(self, entered):
        """Look at what was entered.

        :return: dict of errors by field, and the files
        """
        errors, files = {}, []
        if not (entered.get("name") or "").strip():
            errors["name"] = request.env._("Please enter a subject.")
        if not (entered.get("description") or "").strip():
            errors["description"] = request.env._("Please describe what it is about.")
        elif len(entered["description"]) > MAX_TEXT:
            errors["description"] = request.env._(
                "Please write %s characters at most, or attach a file.", MAX_TEXT
            )
        try:
            files = self._read_files()
        except UserError as error:
            errors["files"] = str(error)
        return errors, files

    def _prepare_form_vals(self, entered, team):
        kind = self._pick(self._get_form_types(), entered.get("type_id"))
        return {
            "name": entered["name"].strip()[:MAX_SUBJECT],
            "team_id": team.id,
            "type_id": (kind or kind._get_default_type()).id,
        }

    def _prepare_form_values(self, entered, errors):
        # sudo: where the privacy statement is, everybody may know
        parameters = request.env["ir.config_parameter"].sudo()
        return {
            "entered": entered,
            "errors": errors,
            "types": self._get_form_types(),
            "extensions": ",".join(f".{name}" for name in sorted(EXTENSIONS)),
            "privacy_url": parameters.get_param("crm_cases.privacy_url"),
            "max_subject": MAX_SUBJECT,
            "max_text": MAX_TEXT,
        }

    def _get_form_types(self):
        # sudo: a customer reads no types; these are the ones meant for him
        types = request.env["crm.case.type"].sudo()
        return types.search([("show_in_forms", "=", True)])

    def _pick(self, offered, wanted):
        """The record that was chosen; the only one there is needs no choice."""
        if len(offered) == 1:
            return offered
        number = int(wanted) if str(wanted or "").isdecimal() else 0
        return offered.filtered(lambda record: record.id == number)
