from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import CasesCommon
from .common_portal import PortalSetup


@tagged("post_install", "-at_install")
class TestSummary(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()
        ages = (1, 2, 3, 8, 9, 20)
        cls.cases = [cls._aged(days) for days in ages]
        for case in cls.cases[:2] + cls.cases[3:4]:
            case.action_close()
        cls.cases[3].date_closed = cls.now - timedelta(days=8)
        cls.cases[4].date_deadline = cls.now - timedelta(days=1)
        # An hour ago: what is counted ends before the second in which it is read.
        hour_ago = cls.now - timedelta(hours=1)
        for case, rate in zip(cls.cases[:2], (5, 3), strict=True):
            case.rating_apply(rate, token=case._rating_get_access_token())
            case.rating_ids.rated_on = case.date_closed = hour_ago

    @classmethod
    def _aged(cls, days):
        case = cls._case(partner_id=cls.partner.id)
        return cls._created_on(case, cls.now - timedelta(days=days, hours=1))

    # Summary

    def _send(self):
        before = self._mails()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_cases.ir_cron_send_summaries").method_direct_trigger()
        self.env.invalidate_all()
        return self._mails() - before

    def _mails(self):
        return self.env["mail.mail"].search([("subject", "like", "last seven days")])

    def test_figures(self):
        rows = [(r["value"], r["before"]) for r in self.team_care._get_summary()]
        self.assertEqual(rows[0], (3, 2), "new")
        self.assertEqual(rows[1], (2, 1), "closed")
        self.assertEqual(rows[3], (4.0, "–"), "satisfaction, and nobody said before")
        self.assertEqual(rows[4], (3, None), "backlog")
        self.assertEqual(rows[5], (1, None), "overdue")

    def test_sent_once_a_week_to_the_leader(self):
        self.assertFalse(self._send(), "nobody asked for it")
        (self.team_care + self.team_sales).weekly_summary = True
        mail = self._send()
        self.assertEqual(len(mail), 1, "a team without a leader has no reader")
        self.assertIn(self.user_leader.email, mail.email_to)
        self.assertIn("Auto-Submitted", mail.headers)
        self.assertIn("New cases", mail.body_html)
        self.assertFalse(self._send())
        self.team_care.date_summary -= timedelta(days=7)
        self.assertTrue(self._send())

    def test_counts_what_the_leader_sees(self):
        self.team_care.is_private = True
        self.team_care.user_id = self.user_other
        self.assertEqual(self.team_care._get_summary()[4]["value"], 3)
        cases = self.team_care._get_cases_of_leader()
        self.assertEqual(cases.env.user, self.user_other)

    # Digest

    def _digest(self, user):
        names = ("new", "closed", "response", "satisfaction")
        digest = self.env["digest.digest"].create(
            {
                "name": "Cases",
                "company_id": self.env.company.id,
                **{f"kpi_cases_{name}": True for name in names},
            }
        )
        kpis = digest._compute_kpis(self.env.company, user)
        return {kpi["kpi_name"]: kpi["kpi_col3"]["value"] for kpi in kpis}

    def test_digest(self):
        """The figures of 30 days equal a plain count."""
        since = self.now - timedelta(days=30)
        cases = self.env["crm.case"].search([("create_date", ">=", since)])
        closed = self.env["crm.case"].search(
            [("date_closed", ">=", since), ("state", "in", ("done", "cancel"))]
        )
        values = self._digest(self.user_leader)
        self.assertEqual(int(values["kpi_cases_new"]), len(cases))
        self.assertEqual(int(values["kpi_cases_closed"]), len(closed))
        self.assertEqual(float(values["kpi_cases_satisfaction"]), 4.0)

    def test_digest_tells_nothing_to_others(self):
        self.assertFalse(self._digest(self.user_employee))


@tagged("post_install", "-at_install")
class TestPrint(PortalSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()
        cls.mine.message_post(
            body="Hello Pia", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        cls.mine.message_post(body="Among us", message_type="comment")

    def test_paper_says_what_the_customer_may_read(self):
        reports = self.env["ir.actions.report"]
        html, kind = reports._render_qweb_html(
            "crm_cases.action_report_case", self.mine.ids
        )
        self.assertEqual(kind, "html")
        page = html.decode()
        for words in (self.mine.number, "Bent spoke", "Hello Pia", "Pia Portal"):
            self.assertIn(words, page)
        self.assertNotIn("Among us", page)

    def test_customers_print_with_or_without_the_program(self):
        state = self.env["ir.actions.report"].get_wkhtmltopdf_state()
        expected = "application/pdf" if state in ("ok", "upgrade") else "text/html"
        self.login("cases_portal")
        answer = self.url_open(f"/my/cases/{self.mine.id}/print")
        self.assertTrue(answer.headers["Content-Type"].startswith(expected))
        self.login("cases_stranger")
        answer = self.url_open(f"/my/cases/{self.mine.id}/print")
        self.assertTrue(answer.url.endswith("/my"))
