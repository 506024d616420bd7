from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from ..models.case_states import ACTIVE_STATES, CLOSED_STATES, PENDING

MAX_SEARCH = 100
COUNTERS = {"case_count": "crm.case", "case_party_count": "crm.case.party"}


class CasesPortal(CustomerPortal):
    """The list of cases of a customer.

    Which cases there are is said by the access rules alone; sorting, filters, type,
    groups and search only narrow them down. Unknown values mean the usual ones.
    """

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        for counter, model in COUNTERS.items():
            if counter in counters:
                records = request.env[model]
                may_read = records.has_access("read")
                values[counter] = records.search_count([]) if may_read else 0
        return values

    def _prepare_portal_layout_values(self):
        return {**super()._prepare_portal_layout_values(), **self._get_html_values()}

    def _render(self, template, values):
        return request.render(template, {**values, **self._get_html_values()})

    def _get_html_values(self):
        """Each page says which language it is in, and which way that is read."""
        lang = request.env["res.lang"]._get_data(code=request.env.lang)
        code = (lang.code or "en").replace("_", "-")
        return {"html_data": {"lang": code, "dir": lang.direction or "ltr"}}

    def _search_page(self, records, domain, order, page, url, url_args=None):
        """What stands on a page of a list.

        :return: the records, and the pager
        """
        step = self._items_per_page
        total = records.search_count(domain)
        found = pager(url=url, url_args=url_args, total=total, page=page, step=step)
        offset = found["offset"]
        return records.search(domain, order=order, limit=step, offset=offset), found

    @http.route(
        ["/my/cases", "/my/cases/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_cases(self, page=1, **choices):
        values = self._prepare_my_cases_values(page, choices)
        return self._render("crm_cases.portal_my_cases", values)

    def _prepare_my_cases_values(self, page, choices):
        options = self._get_case_options()
        chosen = self._read_case_choices(choices, options)
        group = options["groupby"][chosen["groupby"]]
        order = options["sortby"][chosen["sortby"]]["order"]
        found, case_pager = self._search_page(
            request.env["crm.case"],
            self._get_my_cases_domain(chosen, options),
            f"{group['order']}, {order}" if group["order"] else order,
            page,
            "/my/cases",
            {key: value for key, value in chosen.items() if value},
        )
        request.session["my_cases_history"] = found.ids[:100]
        # sudo: found with the rights of the customer; the names of stage, type and
        # responsible are shown to him without rights on those models
        found = found.sudo()
        return {
            **self._prepare_portal_layout_values(),
            "cases": found,
            "case_groups": self._group_cases(found, group),
            "page_name": "case",
            "default_url": "/my/cases",
            "pager": case_pager,
            "options": options,
            "chosen": chosen,
            "is_narrowed": any(chosen[key] for key in ("search", "typeby"))
            or chosen["filterby"] != "all",
        }

    def _read_case_choices(self, choices, options):
        """What the address asks for, as far as it exists."""
        chosen = {}
        for key, offered in options.items():
            wanted = choices.get(key)
            chosen[key] = wanted if wanted in offered else next(iter(offered))
        chosen["search"] = (choices.get("search") or "").strip()[:MAX_SEARCH]
        return chosen

    def _get_my_cases_domain(self, chosen, options):
        domain = Domain(options["filterby"][chosen["filterby"]]["domain"])
        if chosen["typeby"]:
            domain &= Domain("type_id", "=", int(chosen["typeby"]))
        if chosen["search"]:
            text = chosen["search"]
            domain &= Domain("name", "ilike", text) | Domain("number", "ilike", text)
        return domain

    def _group_cases(self, cases, group):
        """Cut the page into groups, in the order of the page.

        :return: list of (label, cases)
        """
        if not group["key"]:
            return [("", cases)]
        return [(label, part) for label, part in cases.grouped(group["key"]).items()]

    # ------------------------------------------------------------
    # OPTIONS
    # ------------------------------------------------------------

    def _get_case_options(self):
        return {
            "sortby": self._get_case_sortings(),
            "filterby": self._get_case_filters(),
            "groupby": self._get_case_groupings(),
            "typeby": self._get_case_types(),
        }

    def _get_case_sortings(self):
        return {
            "date": {
                "label": request.env._("Newest"),
                "order": "create_date desc, id desc",
            },
            "update": {
                "label": request.env._("Last answer"),
                "order": "date_last_staff_message desc, id desc",
            },
            "name": {"label": request.env._("Subject"), "order": "name, id"},
        }

    def _get_case_filters(self):
        waiting = Domain("state", "=", PENDING) & Domain("pending_until", "=", False)
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "open": {
                "label": request.env._("Open"),
                "domain": Domain("state", "in", ACTIVE_STATES),
            },
            "waiting": {"label": request.env._("Waiting for me"), "domain": waiting},
            "closed": {
                "label": request.env._("Closed"),
                "domain": Domain("state", "in", CLOSED_STATES),
            },
        }

    def _get_case_groupings(self):
        def group(label, order="", key=None):
            return {"label": label, "order": order, "key": key}

        return {
            "none": group(request.env._("No groups")),
            "status": group(
                request.env._("Status"),
                "state",
                lambda case: case._get_portal_status()["label"],
            ),
            "type": group(
                request.env._("Type"), "type_id", lambda case: case.type_id.name
            ),
            "customer": group(
                request.env._("Person"),
                "partner_id",
                lambda case: case.partner_id.name or case.email_from or "",
            ),
        }

    def _get_case_types(self):
        """The types that the customer has cases of."""
        cases = request.env["crm.case"]
        # sudo: the types of what the customer may read, found by the next line
        types = cases.sudo().type_id
        for (type_id,) in cases._read_group([], ["type_id"]):
            types |= type_id.sudo()
        offered = {str(kind.id): {"label": kind.name} for kind in types.sorted()}
        return {"": {"label": request.env._("All types")}, **offered}
