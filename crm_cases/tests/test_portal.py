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

    def test_newest_first(self):
        """By the day they were made: one that was brought in later may be older."""
        old = self._case("Torn seat", partner_id=self.mine.partner_id.id)
        self.env.cr.execute(
            "UPDATE crm_case SET create_date = '2020-01-01' WHERE id = %s", [old.id]
        )
        self.authenticate("cases_portal", "cases_portal")
        page = self.url_open("/my/cases").text
        self.assertLess(page.index("Bent spoke"), page.index("Torn seat"))

    def test_list_search_and_type(self):
        claim = self.env.ref("crm_cases.crm_case_type_claim")
        self._case("Torn seat", partner_id=self.mine.partner_id.id, type_id=claim.id)
        self.authenticate("cases_portal", "cases_portal")
        for query, expected in (
            (f"search={self.mine.number}", ("Bent spoke",)),
            ("search=torn", ("Torn seat",)),
            (f"typeby={claim.id}", ("Torn seat",)),
            ("typeby=999999", ("Torn seat", "Bent spoke")),
            ("typeby=x'--&groupby=x&search='--", ()),
        ):
            page = self.url_open(f"/my/cases?{query}").text
            for name in ("Torn seat", "Bent spoke"):
                self.assertEqual(name in page, name in expected, (query, name))

    def test_list_groups(self):
        self.mine.action_close()
        self._case("Torn seat", partner_id=self.mine.partner_id.id)
        self.authenticate("cases_portal", "cases_portal")
        for group, heading in (
            ("status", "Solved"),
            ("type", "Request"),
            ("customer", "Pia Portal"),
        ):
            page = self.url_open(f"/my/cases?groupby={group}").text
            self.assertRegex(page, rf"<h2[^>]*>{heading}</h2>")

    def test_list_pages(self):
        names = [f"Spare part {number:03}" for number in range(90)]
        values = {"partner_id": self.mine.partner_id.id, "user_id": False}
        self.env["crm.case"].create([{"name": name, **values} for name in names])
        self.authenticate("cases_portal", "cases_portal")
        first = self.url_open("/my/cases?sortby=name&search=spare").text
        second = self.url_open("/my/cases/page/2?sortby=name&search=spare").text
        seen = [[name in page for name in names] for page in (first, second)]
        self.assertEqual(sum(seen[0]), 80)
        self.assertEqual(seen[1], [not found for found in seen[0]])

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
        self.assertIn("Your answer", page)

    def test_page_shows_the_mail_that_began_it(self):
        case = self.env["crm.case"].message_process(
            "crm.case",
            f"From: {self.user_portal.email}\nTo: x@y.example.com\nSubject: Gears\n"
            "Message-Id: <portal@cases>\n\nThey grind.",
        )
        self.authenticate("cases_portal", "cases_portal")
        page = self.url_open(f"/my/cases/{case}").text
        self.assertEqual(page.count("They grind."), 1)

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
