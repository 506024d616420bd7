from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from ..models.case_states import ACTIVE_STATES, CLOSED_STATES


class CasesPortal(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "case_count" in counters:
            cases = request.env["crm.case"]
            values["case_count"] = (
                cases.search_count([]) if cases.has_access("read") else 0
            )
        return values

    @http.route(
        ["/my/cases", "/my/cases/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_cases(self, page=1, sortby=None, filterby=None, **kwargs):
        values = self._prepare_my_cases_values(page, sortby, filterby)
        return request.render("crm_cases.portal_my_cases", values)

    @http.route(["/my/cases/<int:case_id>"], type="http", auth="public", website=True)
    def portal_my_case(self, case_id, access_token=None, **kwargs):
        try:
            case = self._document_check_access("crm.case", case_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        values = self._prepare_my_case_values(case, access_token, **kwargs)
        return request.render("crm_cases.portal_my_case", values)

    def _prepare_my_cases_values(self, page, sortby, filterby):
        sortings, filters = self._get_case_sortings(), self._get_case_filters()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        cases, domain = request.env["crm.case"], filters[filterby]["domain"]
        case_pager = pager(
            url="/my/cases",
            url_args={"sortby": sortby, "filterby": filterby},
            total=cases.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        found = cases.search(
            domain,
            order=sortings[sortby]["order"],
            limit=self._items_per_page,
            offset=case_pager["offset"],
        )
        request.session["my_cases_history"] = found.ids[:100]
        return {
            **self._prepare_portal_layout_values(),
            # sudo: found with the rights of the customer; the names of stage, type
            # and responsible are shown to him without rights on those models
            "cases": found.sudo(),
            "page_name": "case",
            "default_url": "/my/cases",
            "pager": case_pager,
            "searchbar_sortings": sortings,
            "searchbar_filters": filters,
            "sortby": sortby,
            "filterby": filterby,
        }

    def _prepare_my_case_values(self, case, access_token, **kwargs):
        values = {
            "page_name": "case",
            "case": case,
            "opening_message": case._get_opening_message(),
        }
        return self._get_page_view_values(
            case, access_token, values, "my_cases_history", False, **kwargs
        )

    def _get_case_sortings(self):
        return {
            "date": {"label": request.env._("Newest"), "order": "id desc"},
            "update": {
                "label": request.env._("Last answer"),
                "order": "date_last_staff_message desc, id desc",
            },
            "name": {"label": request.env._("Subject"), "order": "name, id"},
        }

    def _get_case_filters(self):
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "open": {
                "label": request.env._("Open"),
                "domain": Domain("state", "in", ACTIVE_STATES),
            },
            "closed": {
                "label": request.env._("Closed"),
                "domain": Domain("state", "in", CLOSED_STATES),
            },
        }
