from odoo.tests import BaseCase, tagged

from ..pipeline.domains import company_domain


@tagged("post_install", "-at_install")
class TestDomains(BaseCase):
    def test_domains_of_companies_and_of_everybody(self):
        self.assertEqual(company_domain("robin@Customer.example"), "customer.example")
        for address in ("a@gmail.com", "a@GMX.de", "a@orange.fr", "a@host", "", None):
            self.assertIsNone(company_domain(address), address)
        # No company by the end of its name: notgmail.com is not gmail.com.
        self.assertEqual(company_domain("a@notgmail.com"), "notgmail.com")
