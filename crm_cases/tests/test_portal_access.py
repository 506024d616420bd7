from odoo.tests import HttpCase, tagged

from .common_portal import PortalSetup

SECRET = "Bent spoke"
NO = "no"
SEES = "sees"


@tagged("post_install", "-at_install")
class TestPortalAccess(PortalSetup, HttpCase):
    """Who reaches which address of a case: every visitor against every route.

    A visitor either may see the case or learns nothing, not even that it exists. The
    framework's own routes are in ``test_portal_framework``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()
        cls.token = cls.mine._portal_ensure_token()
        cls.open_file = cls._file("open.txt", "mail.mt_comment")
        cls.note_file = cls._file("note.txt", "mail.mt_note")
        cls.loose_file = cls.env["ir.attachment"].create(
            {
                "name": "loose.txt",
                "raw": b"secret loose.txt",
                "res_model": "crm.case",
                "res_id": cls.mine.id,
            }
        )
        cls.other_case = cls._case("Other", partner_id=cls.stranger.partner_id.id)

    @classmethod
    def _file(cls, name, subtype):
        message = cls.mine.message_post(
            body=f"See {name}",
            message_type="comment",
            subtype_xmlid=subtype,
            attachments=[(name, f"secret {name}".encode())],
        )
        return message.attachment_ids

    # Visitors: (login, token)

    def _visitors(self):
        return {
            "customer": ("cases_portal", None),
            "colleague": ("cases_colleague", None),
            "stranger": ("cases_stranger", None),
            "employee": ("cases_employee", None),
            "member of another team": ("cases_other", None),
            "nobody": (None, None),
            "nobody with a wrong token": (None, "wrong"),
            "nobody with the token of another case": (
                None,
                self.other_case._portal_ensure_token(),
            ),
            "nobody with the token": (None, self.token),
            "stranger with the token": ("cases_stranger", self.token),
        }

    def _expect(self, allowed, case=None):
        case = case or self.mine
        for name, (login, token) in self._visitors().items():
            self.login(login) if login else self.authenticate(None, None)
            expected = name in allowed
            with self.subTest(name):
                self._check_pages(case, token, expected)
                self._check_steps(case, token, expected)
                self._check_files(case, token, expected)

    def _query(self, token):
        return f"?access_token={token}" if token else ""

    def _check_pages(self, case, token, expected):
        for path in self._get_pages(case):
            page = self.url_open(path + self._query(token))
            self.assertEqual(SECRET in page.text, expected, path)
        for path in ("/my", "/my/cases", "/my/cases?search=spoke", "/my/cases/new"):
            listed = SECRET in self.url_open(path).text
            self.assertFalse(listed and not expected, path)

    def _get_pages(self, case):
        return [f"/my/cases/{case.id}", f"/my/cases/{case.id}/print"]

    def _check_steps(self, case, token, expected):
        """What changes something changes nothing without the right to see it."""
        case.invalidate_recordset()
        for step, values in (
            ("answer", {"text": "Let me in"}),
            ("close", {}),
            ("reopen", {"text": "Open up"}),
            ("watchers", {"add": "evil@evil.example.com"}),
        ):
            before = (len(case.message_ids), case.state, case.email_cc)
            self.post(f"/my/cases/{case.id}/{step}{self._query(token)}", **values)
            case.invalidate_recordset()
            after = (len(case.message_ids), case.state, case.email_cc)
            if not expected:
                self.assertEqual(before, after, step)
        case.sudo().email_cc = False

    def _check_files(self, case, token, expected):
        query = self._query(token)
        for file, is_open in (
            (self.open_file, True),
            (self.note_file, False),
            (self.loose_file, False),
        ):
            for path in (
                f"/my/cases/{case.id}/files/{file.id}",
                f"/my/cases/{self.other_case.id}/files/{file.id}",
            ):
                answer = self.url_open(path + query)
                reached = b"secret" in answer.content
                is_own = f"/{case.id}/" in path
                self.assertEqual(reached, expected and is_open and is_own, path)
        guess = self.url_open(f"/my/cases/{case.id}/files/999999{query}")
        self.assertEqual(guess.status_code, 404)

    # The matrix

    def test_own_company_and_token(self):
        self._expect(
            {
                "customer",
                "colleague",
                "nobody with the token",
                "stranger with the token",
            }
        )

    def test_team_that_keeps_colleagues_apart(self):
        self.team_care.portal_company = False
        self._expect({"customer", "nobody with the token", "stranger with the token"})

    def test_follower_sees(self):
        self.mine.message_subscribe(self.stranger.partner_id.ids)
        self.team_care.portal_company = False
        self._expect(
            {
                "customer",
                "stranger",
                "nobody with the token",
                "stranger with the token",
            }
        )

    def test_revoked_token(self):
        self.mine.action_revoke_links()
        self._expect({"customer", "colleague"})

    def test_archived(self):
        self.mine.active = False
        self._expect(set())

    def test_guessed_number(self):
        self.login("cases_portal")
        for number in (0, self.mine.id + 100000):
            page = self.url_open(f"/my/cases/{number}?access_token={self.token}")
            self.assertTrue(page.url.endswith("/my"), page.url)
            self.assertEqual(
                self.post(f"/my/cases/{number}/answer", text="x").status_code, 200
            )

    def test_no_rights_by_rpc(self):
        """What the pages do, customers cannot do by themselves."""
        mine = self.mine.with_user(self.user_portal)
        self.assertTrue(mine.has_access("read"))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(mine.has_access(operation))
        for model in ("crm.case.request", "crm.case.team", "crm.case.type"):
            self.assertFalse(
                self.env[model].with_user(self.user_portal).has_access("read")
            )
