from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common_portal import PortalSetup

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00"
    b"\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02"
    b"\xfe\xa7V\xc4\xd2\x00\x00\x00\x00IEND\xaeB`\x82"
)


@tagged("post_install", "-at_install")
class TestPortalCase(PortalSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()

    def _url(self, suffix="", case=None):
        return f"/my/cases/{(case or self.mine).id}{suffix}"

    # Answer

    def test_answer(self):
        self.login("cases_portal")
        page = self.post(self._url("/answer"), text="It <b>clicks</b> & grinds")
        self.assertIn("your answer has been sent", page.text)
        self.assertIn("It &lt;b&gt;clicks&lt;/b&gt; &amp; grinds", page.text)
        message = self.mine.message_ids[0]
        self.assertEqual(message.author_id, self.pia)
        self.assertEqual(message.message_type, "comment")
        self.assertTrue(self.mine.awaiting_answer)

    def test_answer_with_file(self):
        self.login("cases_portal")
        files = [("files", ("photo.png", PNG, "image/png"))]
        page = self.post(self._url("/answer"), files=files, text="See here")
        attachment = self.mine.message_ids[0].attachment_ids
        self.assertEqual(attachment.name, "photo.png")
        link = self._url(f"/files/{attachment.id}")
        self.assertIn(link, page.text)
        answer = self.url_open(link)
        self.assertEqual(answer.content, PNG)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        shown = self.url_open(f"{link}?show=1")
        self.assertNotIn("attachment", shown.headers.get("Content-Disposition", ""))

    def test_bad_files_are_refused(self):
        self.login("cases_portal")
        page_in_disguise = b"<html><script>alert(1)</script></html>"
        for name, content in (
            ("run.exe", b"MZ" + b"\0" * 100),
            ("picture.png", b"MZ\x90\x00" + b"\0" * 100),
            ("page.txt", page_in_disguise),
            ("page.html", page_in_disguise),
            ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("noextension", b"abc"),
        ):
            files = [("files", (name, content, "image/png"))]
            page = self.post(self._url("/answer"), files=files, text="Keep my words")
            self.assertIn("cannot be sent here", page.text, name)
            self.assertIn("Keep my words", page.text, name)
        many = [("files", (f"{n}.txt", b"text", "text/plain")) for n in range(6)]
        page = self.post(self._url("/answer"), files=many, text="Many")
        self.assertIn("5 files at most", page.text)
        self.assertFalse(self.said())

    def test_large_file_is_refused(self):
        self.login("cases_portal")
        files = [("files", ("big.txt", b"a" * (10 * 1024 * 1024 + 1), "text/plain"))]
        page = self.post(self._url("/answer"), files=files, text="Big")
        self.assertIn("larger than 10 MB", page.text)
        self.assertFalse(self.said())

    def test_empty_answer_is_refused(self):
        self.login("cases_portal")
        self.assertIn(
            "Please write something", self.post(self._url("/answer"), text="  ").text
        )
        self.assertFalse(self.said())

    def test_answer_needs_the_token_of_the_session(self):
        self.login("cases_portal")
        answer = self.url_open(self._url("/answer"), data={"text": "Forged"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.said())

    # Close and reopen

    def test_close(self):
        self.mine.action_pending()
        self.login("cases_portal")
        page = self.post(self._url("/close"))
        self.assertIn("marked this as solved", page.text)
        self.assertEqual(self.mine.state, "done")
        self.assertEqual(self.said(), ["This is solved, thank you."])
        again = self.post(self._url("/close"), text="Again")
        self.assertIn("closed already", again.text)

    def test_close_where_closing_asks_for_more(self):
        """A bug is closed with its cause; what the customer says is passed on."""
        bug = self.env.ref("crm_cases.crm_case_type_bug")
        self.mine.write({"type_id": bug.id, "user_id": self.user_member.id})
        self.assertTrue(self.mine._asks_on_close())
        self.login("cases_portal")
        page = self.post(self._url("/close"), text="Works now")
        self.assertIn("We know now that it is solved", page.text)
        self.assertNotEqual(self.mine.state, "done")
        self.assertEqual(self.said(), ["Works now"])
        self.assertEqual(self.mine.activity_ids.user_id, self.user_member)

    def test_reopen(self):
        self.mine.action_close()
        self.login("cases_portal")
        page = self.post(self._url("/reopen"), text="It clicks again")
        self.assertIn("We have reopened this", page.text)
        self.assertEqual(self.mine.state, "open")
        self.assertEqual(self.said(), ["It clicks again"])

    def test_reopen_follows_the_team(self):
        self.login("cases_portal")
        week_ago = fields.Datetime.now() - timedelta(days=7)
        for policy, days, allowed in (
            ("always", 0, True),
            ("days", 8, True),
            ("days", 6, False),
            ("never", 30, False),
        ):
            self.team_care.write({"reopen_policy": policy, "reopen_days": days})
            case = self._case(f"{policy} {days}", partner_id=self.pia.id)
            case.action_close()
            case.date_closed = week_ago
            page = self.url_open(self._url(case=case)).text
            self.assertEqual("Reopen" in page, allowed)
            self.post(self._url("/reopen", case), text="Again")
            self.post(self._url("/answer", case), text="Or so")
            self.assertEqual(case.state, "open" if allowed else "done", policy)
            self.assertEqual(bool(self.said(case)), allowed, policy)

    # Watchers

    def test_watchers(self):
        self.login("cases_portal")
        self.post(self._url("/watchers"), add="Bo <BO@portal.example.com>")
        self.post(self._url("/watchers"), add="bo@portal.example.com")
        page = self.post(self._url("/watchers"), add="cy@portal.example.com")
        self.assertIn("bo@portal.example.com", page.text)
        self.assertEqual(
            self.mine.email_cc, "bo@portal.example.com, cy@portal.example.com"
        )
        self.post(self._url("/watchers"), remove="bo@portal.example.com")
        self.assertEqual(self.mine.email_cc, "cy@portal.example.com")
        page = self.post(self._url("/watchers"), add="nonsense")
        self.assertIn("is not an email address", page.text)

    def test_watchers_are_limited(self):
        self.mine.email_cc = ", ".join(f"w{n}@portal.example.com" for n in range(20))
        self.login("cases_portal")
        page = self.post(self._url("/watchers"), add="more@portal.example.com")
        self.assertIn("20 watchers at most", page.text)
        self.assertNotIn("more@", self.mine.email_cc)

    # What is told

    def test_status_in_plain_words(self):
        expected = {
            "draft": "We have received it",
            "open": "working on it",
            "pending": "We wait for your answer",
            "done": "This is solved",
            "cancel": "closed this without a solution",
        }
        self.login("cases_portal")
        for state, words in expected.items():
            case = self._case_in(state, name=f"In {state}", partner_id=self.pia.id)
            self.assertIn(words, self.url_open(self._url(case=case)).text)

    def test_timeline(self):
        self.env.cr.precommit.run()
        for action in ("action_open", "action_pending", "action_open", "action_close"):
            getattr(self.mine, action)()
            self.env.flush_all()
            self.env.cr.precommit.run()
        self.mine.action_open()
        self.env.flush_all()
        self.env.cr.precommit.run()
        steps = [step["label"] for step in self.mine._get_portal_timeline()]
        self.assertEqual(
            steps,
            [
                "Received",
                "Work goes on",
                "Waiting",
                "Work goes on",
                "Solved",
                "Reopened",
            ],
        )

    def test_conversation_hides_what_is_ours(self):
        self.mine.message_post(body="Note among us", message_type="comment")
        self.mine.message_post(
            body="Hello Pia", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.mine.message_post(
            body="Robot", message_type="notification", subtype_xmlid="mail.mt_comment"
        )
        self.login("cases_portal")
        page = self.url_open(self._url()).text
        self.assertIn("Hello Pia", page)
        self.assertNotIn("Note among us", page)
        self.assertNotIn("Robot", page)

    # Links

    def test_link_lets_answer_close_and_reopen(self):
        self.authenticate(None, None)
        token = self.mine._portal_ensure_token()
        page = self.post(self._url(f"/answer?access_token={token}"), text="By link")
        self.assertIn("By link", page.text)
        self.assertEqual(self.mine.message_ids[0].author_id, self.pia)
        self.post(self._url(f"/close?access_token={token}"))
        self.assertEqual(self.mine.state, "done")
        self.post(self._url(f"/reopen?access_token={token}"), text="No")
        self.assertEqual(self.mine.state, "open")

    def test_a_link_that_was_passed_on_makes_no_follower(self):
        token = self.mine._portal_ensure_token()
        self.login("cases_stranger")
        self.post(self._url(f"/answer?access_token={token}"), text="I was sent this")
        self.assertEqual(self.mine.message_ids[0].author_id, self.stranger.partner_id)
        self.assertNotIn(self.stranger.partner_id, self.mine.message_partner_ids)
        self.assertNotIn("Bent spoke", self.url_open(self._url()).text)

    def test_link_names_its_reader(self):
        """A link that was sent to a colleague speaks for the colleague."""
        token = self.mine._portal_ensure_token()
        pid = self.colleague.partner_id.id
        link = f"access_token={token}&pid={pid}&hash={self.mine._sign_token(pid)}"
        self.authenticate(None, None)
        self.post(self._url(f"/answer?{link}"), text="From Colin")
        self.assertEqual(self.mine.message_ids[0].author_id.id, pid)
        forged = f"access_token={token}&pid={self.user_leader.partner_id.id}&hash=x"
        self.post(self._url(f"/answer?{forged}"), text="From a forger")
        self.assertEqual(self.mine.message_ids[0].author_id, self.pia)

    def test_revoked_link_opens_nothing(self):
        token = self.mine._portal_ensure_token()
        self.mine.with_user(self.user_leader).action_revoke_links()
        self.authenticate(None, None)
        page = self.url_open(self._url(f"?access_token={token}"))
        self.assertNotIn("Bent spoke", page.text)
        self.assertIn("Bent spoke", self.url_open(self.mine.get_portal_url()).text)

    def test_an_address_says_nothing_in_our_name(self):
        self.login("cases_portal")
        page = self.url_open(self._url("?problem=Pay-here&text=Pay-me&done=Pay-now"))
        self.assertNotIn("Pay-", page.text)

    # Cost

    def test_queries_do_not_grow(self):
        values = {"partner_id": self.pia.id, "user_id": self.user_member.id}
        self._make_cases(10, values)
        self.login("cases_portal")
        self.url_open("/my/cases")
        few = self._count_queries("/my/cases?groupby=status")
        self._make_cases(60, values)
        self.assertEqual(self._count_queries("/my/cases?groupby=status"), few)

    def _make_cases(self, number, values):
        teams = self.team_care + self.team_sales
        self.env["crm.case"].create(
            [
                {"name": f"C{n}", "team_id": teams[n % 2].id, **values}
                for n in range(number)
            ]
        )

    def _count_queries(self, url):
        self.url_open(url)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.url_open(url)
        return self.env.cr.sql_log_count - before
