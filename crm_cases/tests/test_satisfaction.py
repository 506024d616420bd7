from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import CasesCommon
from .common_portal import PortalSetup


@tagged("post_install", "-at_install")
class TestSatisfaction(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team_care.write({"rating_request": True, "rating_delay": 24})
        cls.case = cls._case(partner_id=cls.partner.id, user_id=cls.user_member.id)

    def _let_pass(self, case=None, hours=25):
        case = case or self.case
        if case.rating_due:
            case.rating_due -= timedelta(hours=hours)

    def _ask(self):
        before = self._mails()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_cases.ir_cron_request_ratings").method_direct_trigger()
        self.env.invalidate_all()
        return self._mails() - before

    def _mails(self):
        return self.env["mail.mail"].search([("subject", "like", "are you satisfied")])

    def test_asked_once_after_the_delay(self):
        self.case.action_close()
        self.assertFalse(self._ask())
        self._let_pass()
        mail = self._ask()
        self.assertEqual(mail.email_to, self.partner.email)
        self.assertIn("Auto-Submitted", mail.headers)
        self.assertIn(self.case.number, mail.subject)
        self.assertIn(
            f"/cases/rate/{self.case.rating_ids.access_token}", mail.body_html
        )
        self.assertTrue(self.case.rating_requested_on)
        self.case.action_open()
        self.case.action_close()
        self.assertFalse(self.case.rating_due)
        self._let_pass()
        self.assertFalse(self._ask())

    def test_asking_counts_as_nobodys_word(self):
        self.case.action_close()
        self._let_pass()
        self._ask()
        self.assertFalse(self.case.date_last_staff_message)
        self.assertFalse(self.case.date_first_response)
        self.assertEqual(self.case.state, "done")

    def test_not_asked(self):
        """A team that does not ask, a reopened case, a cancelled one, an address
        that wants no mail, nobody to ask, a machine, who has told already."""
        cases = [self._case(name, partner_id=self.partner.id) for name in "abcdefg"]
        other, reopened, cancelled, blocked, nobody, machine, told = cases
        other.team_id = self.team_sales
        blocked.partner_id = self.env["res.partner"].create(
            {"name": "Blocked", "email": "blocked@customer.example.com"}
        )
        self.env["mail.blacklist"]._add("blocked@customer.example.com")
        nobody.write({"partner_id": False, "email_from": False})
        machine.is_automatic = True
        for case in cases:
            case.action_cancel() if case == cancelled else case.action_close()
        reopened.action_open()
        token = told._rating_get_access_token()
        told.rating_apply(5, token=token)
        for case in cases:
            self._let_pass(case)
        self.assertFalse(self._ask().mapped("email_to"))
        self.assertFalse(any(case.rating_due for case in cases))

    def test_machines_are_told_by_their_mails(self):
        """By each of the headers; a person's mail has none, and the word of a person
        takes it back."""
        mail = (
            "From: Carla <carla@customer.example.com>\nTo: {to}\nSubject: Alarm\n"
            "Message-Id: <{number}@customer.example.com>\n{header}\n\nHello\n"
        )
        headers = {
            "X-Mailer: Pen": False,
            "Auto-Submitted: no": False,
            "Auto-Submitted: auto-generated; owner-email=x@y.example": True,
            "Precedence: Bulk": True,
            "List-Id: <news.example.com>": True,
            "X-Auto-Response-Suppress: All": True,
        }
        for number, (header, is_automatic) in enumerate(headers.items()):
            self.env["mail.thread"].message_process(
                "crm.case",
                mail.format(to="care@cases.example.com", number=number, header=header),
                custom_values={"team_id": self.team_care.id},
            )
            case = self.env["crm.case"].search([], order="id desc", limit=1)
            self.assertEqual(case.name, "Alarm")
            self.assertEqual(case.is_automatic, is_automatic, header)
        case._portal_answer(self.env["res.partner"], "I am a person")
        self.assertFalse(case.is_automatic)

    @mute_logger("odoo.addons.crm_cases.models.crm_case_satisfaction")
    def test_one_that_fails_holds_up_no_other(self):
        broken = self._case("Broken", partner_id=self.partner.id)
        self._case("On which the template is tried when it is saved")
        for case in broken + self.case:
            case.action_close()
            self._let_pass(case)
        template = self.env.ref("crm_cases.mail_template_case_rating")
        template.subject = (
            "{{ 1 / (0 if object.name == 'Broken' else 1) and 'are you satisfied' }}"
        )
        self.assertEqual(len(self._ask()), 1)
        self.assertFalse(self._ask())

    def test_unhappy_reopens_if_the_team_wants(self):
        for wanted, state in ((False, "done"), (True, "open")):
            self.team_care.rating_reopen = wanted
            case = self._case(partner_id=self.partner.id)
            case.action_close()
            case.rating_apply(1, token=case._rating_get_access_token())
            self.assertEqual(case.state, state)
        case.action_close()
        case.rating_apply(3, token=case._rating_get_access_token())
        self.assertEqual(case.state, "done")

    def test_averages(self):
        """Team, responsible, customer and company equal a plain count."""
        company = self.env["res.partner"].create({"name": "Inc", "is_company": True})
        self.partner.parent_id = company
        second = self.env["res.partner"].create(
            {"name": "Second", "email": "2@inc.example.com", "parent_id": company.id}
        )
        given = [
            (self.team_care, self.user_member, self.partner, 5),
            (self.team_care, self.user_member, second, 3),
            (self.team_care, self.user_leader, self.partner, 1),
            (self.team_sales, self.user_member, second, 1),
        ]
        for team, user, partner, rate in given:
            case = self._case(team_id=team.id, user_id=user.id, partner_id=partner.id)
            case.rating_apply(rate, token=case._rating_get_access_token())
        asked_only = self._case(partner_id=self.partner.id)
        asked_only._rating_get_access_token()

        def average(column, value):
            rates = [row[3] for row in given if row[column] == value]
            return len(rates), sum(rates) / len(rates)

        for team in (self.team_care, self.team_sales):
            figures = (team.case_rating_count, team.case_rating_avg)
            self.assertEqual(figures, average(0, team))
        for partner in (self.partner, second):
            figures = (partner.case_rating_count, partner.case_rating_avg)
            self.assertEqual(figures, average(2, partner))
        self.assertEqual(company.case_rating_count, 4)
        self.assertEqual(company.case_rating_avg, 2.5)
        member = self.team_care.team_member_ids.filtered(
            lambda member: member.user_id == self.user_member
        )
        self.assertEqual(member.case_rating_avg, average(1, self.user_member)[1])

    def test_rating_follows_the_team(self):
        self.case.rating_apply(5, token=self.case._rating_get_access_token())
        self.assertEqual(self.team_care.case_rating_count, 1)
        self.case.team_id = self.team_sales
        self.env.invalidate_all()
        self.assertEqual(self.team_care.case_rating_count, 0)
        self.assertEqual(self.team_sales.case_rating_count, 1)


@tagged("post_install", "-at_install")
class TestSatisfactionPage(PortalSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()
        cls.team_care.write({"rating_request": True, "rating_reopen": True})
        cls.mine.action_close()
        cls.path = cls.mine._get_rating_url().removeprefix(cls.mine.get_base_url())

    def _rating(self):
        self.env.invalidate_all()
        return self.mine.rating_ids

    def test_opening_counts_nothing(self):
        self.authenticate(None, None)
        page = self.url_open(f"{self.path}?rate=5").text
        self.assertIn("Are you satisfied?", page)
        self.assertRegex(page, r'value="5"[^>]*checked')
        self.assertFalse(self._rating().consumed)

    def test_answer_and_change(self):
        self.authenticate(None, None)
        page = self.post(self.path, rate="5", feedback="<b>Quick</b>").text
        self.assertIn("Thank you for telling us", page)
        self.assertEqual(self._rating().rating, 5)
        self.assertEqual(self._rating().feedback, "<b>Quick</b>")
        self.assertEqual(self._rating().partner_id, self.pia)
        self.assertEqual(self.mine.state, "done")
        page = self.post(self.path, rate="1", feedback="It broke again").text
        self.assertIn("opened your case again", page)
        self.assertEqual(len(self._rating()), 1)
        self.assertEqual(self._rating().rating, 1)
        self.assertEqual(self.mine.state, "open")

    def test_bad_answers(self):
        self.authenticate(None, None)
        for rate in ("", "0", "2", "6", "-1", "x", "5.0", "99999999999"):
            page = self.post(self.path, rate=rate)
            self.assertIn("choose one of the three faces", page.text, rate)
            self.url_open(f"{self.path}?rate={rate}")
        self.assertFalse(self._rating().consumed)
        for token in ("x", "%27"):
            self.assertEqual(self.url_open(f"/cases/rate/{token}").status_code, 404)

    def test_token_of_another_model_opens_nothing(self):
        other = self.env["rating.rating"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.pia.id,
            }
        )
        self.authenticate(None, None)
        page = self.url_open(f"/cases/rate/{other.access_token}")
        self.assertEqual(page.status_code, 404)

    def test_page_of_the_case_asks(self):
        self.login("cases_portal")
        page = self.url_open(f"/my/cases/{self.mine.id}").text
        self.assertIn("Are you satisfied?", page)
        page = self.url_open(f"/my/cases/{self.mine.id}/rate")
        self.assertIn("/cases/rate/", page.url)
        self.login("cases_stranger")
        page = self.url_open(f"/my/cases/{self.mine.id}/rate")
        self.assertTrue(page.url.endswith("/my"))
        self.team_care.rating_request = False
        self.login("cases_portal")
        page = self.url_open(f"/my/cases/{self.mine.id}").text
        self.assertNotIn("Are you satisfied?", page)

    def test_message_is_a_note(self):
        """What one customer thinks of us is not mailed to the other followers."""
        self.mine.message_subscribe(self.colleague.partner_id.ids)
        self.authenticate(None, None)
        before = fields.Datetime.now()
        self.post(self.path, rate="3")
        message = self.mine.message_ids[0]
        self.assertGreaterEqual(message.date, before.replace(microsecond=0))
        self.assertTrue(message.subtype_id.internal)
        self.assertFalse(message.notified_partner_ids)
