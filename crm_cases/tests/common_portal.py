from odoo import http

from .common import CasesSetup


class PortalSetup(CasesSetup):
    """A customer with an account, a colleague, a stranger; helpers for requests.

    ``mine`` is a case of ``user_portal`` (Pia of Portal Ltd) with team_care;
    ``colleague`` works for the same company, ``stranger`` for nobody.
    """

    @classmethod
    def _setup_portal(cls):
        cls._setup_cases()
        cls.company_partner = cls.env["res.partner"].create(
            {"name": "Portal Ltd", "is_company": True}
        )
        cls.colleague = cls._portal_user("cases_colleague", "Colin Colleague")
        cls.stranger = cls._portal_user("cases_stranger", "Stan Stranger")
        customers = cls.user_portal.partner_id + cls.colleague.partner_id
        customers.parent_id = cls.company_partner
        cls.pia = cls.user_portal.partner_id
        cls.mine = cls._case("Bent spoke", partner_id=cls.pia.id)

    @classmethod
    def _portal_user(cls, login, name):
        return cls.env["res.users"].create(
            {
                "name": name,
                "login": login,
                "password": login,
                "email": f"{login}@cases.example.com",
                "group_ids": cls.env.ref("base.group_portal").ids,
            }
        )

    def login(self, login):
        return self.authenticate(login, login)

    def post(self, url, files=None, **values):
        """Send a form as a browser does; redirects are followed."""
        data = {"csrf_token": http.Request.csrf_token(self), **values}
        return self.url_open(url, data=data, files=files)

    def said(self, case=None):
        """What people wrote on a case, oldest first."""
        messages = (case or self.mine).message_ids.filtered(
            lambda message: message.message_type in ("comment", "email")
        )
        return [str(m.body.striptags()) for m in messages.sorted("id")]
