from odoo.tests import HttpCase, tagged

from .common import CasesSetup


@tagged("post_install", "-at_install")
class TestPortal(CasesSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.mine = cls._case(
            "Bent spoke", partner_id=cls.user_portal.partner_id.id, user_id=False
        )
        cls.foreign = cls._case("Somebody else's chain", partner_id=cls.partner.id)

    def test_list(self):
        self.authenticate("cases_portal", "cases_portal")
        page = self.url_open("/my/cases").text
        self.assertIn("Bent spoke", page)
        self.assertIn(self.mine.number, page)
        self.assertNotIn("Somebody else", page)

    def test_list_filters(self):
        self.mine.action_close()
        self.authenticate("cases_portal", "cases_portal")
        self.assertNotIn("Bent spoke", self.url_open("/my/cases?filterby=open").text)
        self.assertIn("Bent spoke", self.url_open("/my/cases?filterby=closed").text)
        self.assertIn("Bent spoke", self.url_open("/my/cases?sortby=bogus").text)

    def test_empty_list(self):
        self.mine.partner_id = False
        self.authenticate("cases_portal", "cases_portal")
        self.assertIn("There is no case here", self.url_open("/my/cases").text)

    def test_page(self):
        self.mine.description = "<p>Since the last ride</p>"
        self.authenticate("cases_portal", "cases_portal")
        page = self.url_open(self.mine.access_url).text
        self.assertIn("Bent spoke", page)
        self.assertIn("Since the last ride", page)
        self.assertIn("o_portal_chatter", page)

    def test_page_shows_the_mail_that_began_it(self):
        case = self.env["crm.case"].message_process(
            "crm.case",
            f"From: {self.user_portal.email}\nTo: x@y.example.com\nSubject: Gears\n"
            "Message-Id: <portal@cases>\n\nThey grind.",
        )
        self.authenticate("cases_portal", "cases_portal")
        self.assertIn("They grind.", self.url_open(f"/my/cases/{case}").text)

    def test_foreign_page_is_closed(self):
        self.authenticate("cases_portal", "cases_portal")
        answer = self.url_open(self.foreign.access_url)
        self.assertNotIn("Somebody else", answer.text)
        self.assertTrue(answer.url.endswith("/my"))

    def test_link_with_token_needs_no_login(self):
        self.authenticate(None, None)
        url = self.foreign.get_portal_url()
        self.assertIn("access_token=", url)
        self.assertIn("Somebody else", self.url_open(url).text)
        wrong = self.url_open(f"{self.foreign.access_url}?access_token=wrong")
        self.assertNotIn("Somebody else", wrong.text)

    def test_card_counts(self):
        self.authenticate("cases_portal", "cases_portal")
        self.assertIn("/my/cases", self.url_open("/my").text)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["case_count"]}
        )
        self.assertEqual(counters["case_count"], 1)
