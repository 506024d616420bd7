from odoo.tests import HttpCase, tagged

from .common_portal import PortalSetup


@tagged("post_install", "-at_install")
class TestSupplierPortal(PortalSetup, HttpCase):
    """A supplier reaches the own conversation and nothing else of the case."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()
        cls.supplier = cls._portal_user("cases_supplier", "Sue Supplier")
        cls.rival = cls._portal_user("cases_rival", "Rex Rival")
        cls.mine.description = "<p>Internal story of the case</p>"
        cls.said_to_customer = cls._say(cls.mine, "Dear Pia, secret price", "price.txt")
        cls.party = cls._party(cls.supplier, "Spokes, 2 mm")
        cls.other_party = cls._party(cls.rival, "Rims, please")
        cls.asked = cls._say(cls.party, "How soon can you deliver?", "drawing.txt")
        cls._say(cls.other_party, "What do rims cost?", "rims.txt")
        cls.party.message_post(body="He is slow", message_type="comment")

    @classmethod
    def _party(cls, user, name):
        return cls.env["crm.case.party"].create(
            {"case_id": cls.mine.id, "partner_id": user.partner_id.id, "name": name}
        )

    @classmethod
    def _say(cls, record, text, file):
        return record.with_user(cls.user_leader).message_post(
            body=text,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[(file, f"secret {file}".encode())],
        )

    def _url(self, suffix="", party=None):
        return f"/my/case-parties/{(party or self.party).id}{suffix}"

    def test_list_and_page(self):
        self.login("cases_supplier")
        page = self.url_open("/my/case-parties").text
        self.assertIn("Spokes, 2 mm", page)
        self.assertIn(self.mine.number, page)
        self.assertNotIn("Rims", page)
        page = self.url_open(self._url()).text
        self.assertIn("How soon can you deliver?", page)
        self.assertIn("We wait for your answer", page)
        for secret in (
            "Bent spoke",
            "Internal story",
            "secret price",
            "Pia",
            "Rex",
            "rims",
            "He is slow",
        ):
            self.assertNotIn(secret, page)

    def test_answer(self):
        self.login("cases_supplier")
        files = [("files", ("offer.txt", b"3 days", "text/plain"))]
        page = self.post(self._url("/answer"), files=files, text="In three days")
        self.assertIn("your answer has been sent", page.text)
        self.assertIn("We have your answer", page.text)
        self.assertEqual(self.party.status, "answered")
        message = self.party.message_ids[0]
        self.assertEqual(message.author_id, self.supplier.partner_id)
        self.assertEqual(message.attachment_ids.raw, b"3 days")
        self.login("cases_portal")
        page = self.url_open(f"/my/cases/{self.mine.id}").text
        self.assertNotIn("In three days", page)
        self.assertNotIn("Sue", page)

    def test_link(self):
        """The link in the mail opens the conversation without login, and speaks for
        the supplier; revoking ends it."""
        self.authenticate(None, None)
        token = self.party._portal_ensure_token()
        page = self.post(self._url(f"/answer?access_token={token}"), text="By link")
        self.assertIn("By link", page.text)
        author = self.party.message_ids[0].author_id
        self.assertEqual(author, self.supplier.partner_id)
        self.party.access_token = "another"
        page = self.url_open(self._url(f"?access_token={token}"))
        self.assertNotIn("How soon", page.text)

    def test_matrix(self):
        """Everybody else: other suppliers, the customer, colleagues of the customer,
        strangers, tokens of the case or of the other party."""
        file = self.asked.attachment_ids
        visitors = {
            "rival": ("cases_rival", None),
            "customer": ("cases_portal", None),
            "colleague": ("cases_colleague", None),
            "stranger": ("cases_stranger", None),
            "nobody": (None, None),
            "wrong": (None, "wrong"),
            "token of the case": (None, self.mine._portal_ensure_token()),
            "token of the rival": (None, self.other_party._portal_ensure_token()),
        }
        for name, (login, token) in visitors.items():
            self.login(login) if login else self.authenticate(None, None)
            query = f"?access_token={token}" if token else ""
            before = len(self.party.message_ids)
            with self.subTest(name):
                page = self.url_open(self._url(query)).text
                self.assertNotIn("How soon", page)
                self.post(self._url(f"/answer{query}"), text="Intruder")
                self.party.invalidate_recordset()
                self.assertEqual(len(self.party.message_ids), before)
                for path in (
                    self._url(f"/files/{file.id}"),
                    self._url(f"/files/{file.id}", self.other_party),
                    f"/my/cases/{self.mine.id}/files/{file.id}",
                ):
                    self.assertNotIn(b"secret", self.url_open(path + query).content)

    def test_supplier_reaches_nothing_of_the_case(self):
        file = self.said_to_customer.attachment_ids
        token = self.party._portal_ensure_token()
        for login, query in (
            ("cases_supplier", ""),
            (None, f"?access_token={token}"),
            ("cases_supplier", f"?access_token={token}"),
        ):
            self.login(login) if login else self.authenticate(None, None)
            page = self.url_open(f"/my/cases/{self.mine.id}{query}").text
            self.assertNotIn("Bent spoke", page)
            self.assertNotIn("Bent spoke", self.url_open("/my/cases").text)
            for path in (
                f"/my/cases/{self.mine.id}/files/{file.id}",
                self._url(f"/files/{file.id}"),
            ):
                self.assertNotIn(b"secret", self.url_open(path + query).content)
            before = len(self.mine.message_ids)
            self.post(f"/my/cases/{self.mine.id}/answer{query}", text="Intruder")
            self.mine.invalidate_recordset()
            self.assertEqual(len(self.mine.message_ids), before)

    def test_card(self):
        for login, count in (("cases_supplier", 1), ("cases_portal", 0)):
            self.login(login)
            counters = self.make_jsonrpc_request(
                "/my/counters", {"counters": ["case_party_count"]}
            )
            self.assertEqual(counters["case_party_count"], count)
