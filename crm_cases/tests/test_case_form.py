from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common_portal import PortalSetup


@tagged("post_install", "-at_install")
class TestCaseForm(PortalSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()
        cls.team_care.form_access = "public"
        cls.claim = cls.env.ref("crm_cases.crm_case_type_claim")
        cls.requests = cls.env["crm.case.request"]

    def setUp(self):
        super().setUp()
        self.form = self.team_care.form_url.removeprefix(self.team_care.get_base_url())

    def _submit(self, files=None, **values):
        self.authenticate(None, None)
        values = {
            "name": "Loose chain",
            "description": "It falls off.",
            "email": "Rob <ROB@rider.example.com>",
            "partner_name": "Rob Rider",
            "type_id": str(self.claim.id),
            **values,
        }
        return self.post(self.form, files=files, **values)

    def _last(self):
        return self.requests.search([], limit=1)

    def _mails(self):
        return self.env["mail.mail"].search([("subject", "ilike", "Please confirm:")])

    # Customers with an account

    def test_portal_form(self):
        self.login("cases_portal")
        page = self.url_open("/my/cases/new").text
        self.assertIn("Claim", page)
        self.assertNotIn("Opportunity", page)
        files = [("files", ("chain.txt", b"broken link", "text/plain"))]
        page = self.post(
            "/my/cases/new",
            files=files,
            name=" Loose chain ",
            description="It falls off.",
            type_id=str(self.claim.id),
        )
        self.assertIn("we have received your request", page.text)
        case = self.env["crm.case"].search([("name", "=", "Loose chain")])
        self.assertEqual(case.partner_id, self.pia)
        self.assertEqual(case.type_id, self.claim)
        self.assertEqual(case.team_id, self.team_care)
        self.assertEqual(case.state, "draft")
        self.assertFalse(case.user_id)
        self.assertTrue(case.awaiting_answer)
        self.assertIn(self.pia, case.message_partner_ids)
        self.assertEqual(self.said(case), ["It falls off."])
        self.assertEqual(case.message_ids.attachment_ids.name, "chain.txt")
        self.assertIn("It falls off.", page.text)

    def test_portal_form_without_published_team(self):
        self.team_care.form_access = "none"
        self.login("cases_portal")
        self.post("/my/cases/new", name="Plain", description="Words")
        case = self.env["crm.case"].search([("name", "=", "Plain")])
        self.assertEqual(case.team_id, self.team_general)

    def test_portal_form_offers_teams(self):
        self.team_sales.form_access = "portal"
        self.login("cases_portal")
        self.assertIn("Sales", self.url_open("/my/cases/new").text)
        values = {"name": "For sales", "description": "Words"}
        page = self.post("/my/cases/new", team_id=str(self.team_board.id), **values)
        self.assertIn("Something is missing", page.text)
        self.post("/my/cases/new", team_id=str(self.team_sales.id), **values)
        case = self.env["crm.case"].search([("name", "=", "For sales")])
        self.assertEqual(case.team_id, self.team_sales)

    def test_portal_form_keeps_what_was_entered(self):
        self.login("cases_portal")
        page = self.post("/my/cases/new", name="", description="Long story").text
        self.assertIn("Please enter a subject", page)
        self.assertIn("Long story", page)

    def test_second_click_makes_no_second_case(self):
        self.login("cases_portal")
        for _click in range(2):
            self.post("/my/cases/new", name="Twice", description="Words")
        self.assertEqual(self.env["crm.case"].search_count([("name", "=", "Twice")]), 1)

    # Everybody

    def test_public_form_is_per_team(self):
        self.authenticate(None, None)
        self.assertEqual(self.url_open(self.form).status_code, 200)
        for access in ("portal", "none"):
            self.team_care.form_access = access
            self.assertEqual(self.url_open(self.form).status_code, 404)
        for guess in ("0", "999999", "x", "care-", "-1"):
            self.assertEqual(self.url_open(f"/cases/new/{guess}").status_code, 404)

    def test_public_form_makes_a_case_once_confirmed(self):
        files = [("files", ("chain.txt", b"broken link", "text/plain"))]
        page = self._submit(files=files)
        self.assertIn("One more step", page.text)
        self.assertFalse(self.env["crm.case"].search([("name", "=", "Loose chain")]))
        mail = self._mails()
        self.assertEqual(mail.email_to, "rob@rider.example.com")
        self.assertIn("Auto-Submitted", mail.headers)
        path = f"/cases/confirm/{self._last()._get_token()}"
        self.assertIn(path, mail.body_html)
        # A program that scans mails opens links; that confirms nothing.
        self.assertIn("Is this your request?", self.url_open(path).text)
        self.assertFalse(self.env["crm.case"].search([("name", "=", "Loose chain")]))
        page = self.post(path)
        case = self.env["crm.case"].search([("name", "=", "Loose chain")])
        self.assertIn(case.number, page.text)
        self.assertEqual(case.email_normalized, "rob@rider.example.com")
        self.assertEqual(case.partner_name, "Rob Rider")
        self.assertEqual(case.type_id, self.claim)
        self.assertEqual(self.said(case), ["It falls off."])
        self.assertEqual(case.message_ids.attachment_ids.raw, b"broken link")
        self.post(path)
        self.assertEqual(
            self.env["crm.case"].search_count([("name", "=", "Loose chain")]), 1
        )

    def test_known_and_unknown_addresses_read_the_same(self):
        known = self._submit(email=self.pia.email).text
        unknown = self._submit(email="nobody@nowhere.example.com").text
        self.assertEqual(self._blank(known), self._blank(unknown))

    def _blank(self, page):
        """The page without what differs between any two requests."""
        lines = page.splitlines()
        return [line for line in lines if "csrf_token" not in line]

    def test_confirmed_case_finds_its_customer(self):
        self._submit(email=self.pia.email)
        case = self._last()._confirm()
        self.assertEqual(case.partner_id, self.pia)

    def test_honeypot(self):
        page = self._submit(website="https://spam.example.com")
        self.assertIn("One more step", page.text)
        self.assertFalse(self._last())
        self.assertFalse(self._mails())

    def test_what_is_missing_is_said(self):
        for field, words in (
            ("email", "Please enter your email address"),
            ("name", "Please enter a subject"),
            ("description", "Please describe what it is about"),
        ):
            self.assertIn(words, self._submit(**{field: " "}).text)
        self.assertFalse(self._last())

    def test_limit_per_client(self):
        self.env["ir.config_parameter"].set_param("crm_cases.form_limit_client", "2")
        for number in range(2):
            page = self._submit(email=f"r{number}@rider.example.com")
            self.assertEqual(page.status_code, 200)
        page = self._submit(email="r3@rider.example.com")
        self.assertEqual(page.status_code, 429)
        self.assertIn("several requests within an hour", page.text)
        self.assertEqual(self.requests.search_count([]), 2)
        self.requests.search([]).flush_recordset()
        self._age(self.requests.search([]), hours=2)
        self.assertEqual(self._submit().status_code, 200)

    def test_limit_per_address_is_silent(self):
        for _number in range(5):
            self.assertIn("One more step", self._submit().text)
        self.assertEqual(len(self._mails()), 3)

    def test_client_is_not_stored_in_clear(self):
        self._submit()
        self.assertNotIn("127.0.0.1", self._last().client)

    def _age(self, requests, **delta):
        self.env.cr.execute(
            "UPDATE crm_case_request SET create_date = %s WHERE id IN %s",
            (fields.Datetime.now() - timedelta(**delta), tuple(requests.ids)),
        )
        self.env.invalidate_all()

    def test_links_end_and_cannot_be_guessed(self):
        self._submit()
        request = self._last()
        token = request._get_token()
        self.authenticate(None, None)
        for guess in (f"{request.id}-x", f"{request.id + 1}{token[1:]}", "x", "9" * 20):
            page = self.url_open(f"/cases/confirm/{guess}")
            self.assertIn("does not work any more", page.text)
            self.post(f"/cases/confirm/{guess}")
        self._age(request, hours=49)
        page = self.url_open(f"/cases/confirm/{request._get_token()}")
        self.assertIn("does not work any more", page.text)
        self.assertFalse(request.case_id)

    def test_old_requests_are_deleted(self):
        files = [("files", ("chain.txt", b"broken link", "text/plain"))]
        self._submit(files=files)
        request = self._last()
        attachment = request.attachment_ids
        self.requests._gc_requests()
        self.assertTrue(request.exists())
        self._age(request, hours=49)
        self.requests._gc_requests()
        self.assertFalse(request.exists())
        self.assertFalse(attachment.exists())

    def test_privacy_link(self):
        self.authenticate(None, None)
        self.assertNotIn("privacy statement", self.url_open(self.form).text)
        self.env["ir.config_parameter"].set_param(
            "crm_cases.privacy_url", "https://velora.example.com/privacy"
        )
        self.assertIn(
            "https://velora.example.com/privacy", self.url_open(self.form).text
        )

    def test_who_is_logged_in_gets_the_other_form(self):
        self.login("cases_portal")
        self.assertIn("/my/cases/new", self.url_open(self.form).url)
