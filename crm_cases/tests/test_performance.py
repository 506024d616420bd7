from lxml import etree

from odoo.tests import tagged, warmup

from .common import CasesCommon

# What a board asks for each card.
CARD = {
    "number": {},
    "name": {},
    "state": {},
    "priority": {},
    "is_overdue": {},
    "awaiting_answer": {},
    "escalation_level": {},
    "is_rotting": {},
    "rotting_days": {},
    "date_deadline": {},
    "activity_state": {},
    "type_icon": {},
    "checklist_count": {},
    "checklist_done_count": {},
    "expected_revenue": {},
    "currency_id": {},
    "type_id": {"fields": {"display_name": {}}},
    "stage_id": {"fields": {"display_name": {}}},
    "team_id": {"fields": {"display_name": {}}},
    "partner_id": {"fields": {"display_name": {}}},
    "user_id": {"fields": {"display_name": {}}},
    "tag_ids": {"fields": {"display_name": {}, "color": {}}},
}


@tagged("post_install", "-at_install")
class TestPerformance(CasesCommon):
    """Ceilings of queries: none grows with the number of cases."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env["crm.case.tag"].create({"name": "Performance"})
        partners = cls.env["res.partner"].create(
            [{"name": f"P{n}", "email": f"p{n}@perf.example.com"} for n in range(10)]
        )
        cls.cases = cls.env["crm.case"].create(
            [
                {
                    "name": f"Case {n}",
                    "team_id": (cls.team_care if n % 2 else cls.team_sales).id,
                    "user_id": cls.user_member.id if n % 3 else False,
                    "partner_id": partners[n % 10].id,
                    "tag_ids": cls.tag.ids,
                    "date_deadline": "2020-01-01" if n % 5 else False,
                }
                for n in range(100)
            ]
        )

    def setUp(self):
        super().setUp()
        self.flush_tracking()
        self.env.invalidate_all()

    def _read_cards(self, limit):
        self.env["crm.case"].with_user(self.user_leader).web_search_read(
            [("id", "in", self.cases.ids)], CARD, limit=limit
        )

    @warmup
    def test_board_and_list(self):
        with self.assertQueryCount(18):
            self._read_cards(80)

    def test_board_does_not_grow(self):
        self.assertEqual(self._count(10), self._count(80))

    def _count(self, limit):
        self._read_cards(limit)  # warm the caches that belong to the registry
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._read_cards(limit)
        return self.cr.sql_log_count - before

    @warmup
    def test_list_of_own_cases(self):
        """Who sees own cases only is not asked for all followers of each."""
        self.cases.user_id = self.user_member
        self.env.flush_all()
        cases = self.env["crm.case"].with_user(self.user_member)
        view = cases.get_view(view_type="list")
        names = etree.fromstring(view["arch"]).xpath("/list/field/@name")
        self.env.invalidate_all()
        domain = [("id", "in", self.cases.ids)]
        with self.assertQueryCount(6):
            cases.web_search_read(domain, dict.fromkeys(names, {}), limit=80)
        followers = self.cases._fields["message_follower_ids"]
        self.assertFalse(followers._get_cache(self.env), "not read")

    @warmup
    def test_form(self):
        """What a form asks for: its own fields, without the conversation."""
        cases = self.env["crm.case"].with_user(self.user_leader)
        view = cases.get_view(view_type="form")
        names = set(etree.fromstring(view["arch"]).xpath("//sheet//field/@name"))
        fields = {name: {} for name in names if name in cases._fields}
        self.env.invalidate_all()
        with self.assertQueryCount(50):
            self.cases[7].with_user(self.user_leader).web_read(fields)

    @warmup
    def test_create(self):
        """One case costs what it costs; a hundred cost little more each."""
        costs = [self._cost_of_creating(count) for count in (1, 1, 51)]
        self.assertLess((costs[2] - costs[1]) / 50, 3)

    def _cost_of_creating(self, count):
        before = self.cr.sql_log_count
        self.env["crm.case"].with_user(self.user_leader).with_context(
            tracking_disable=True
        ).create(
            [{"name": f"N{n}", "team_id": self.team_care.id} for n in range(count)]
        )
        self.env.flush_all()
        return self.cr.sql_log_count - before

    @warmup
    def test_team_dashboard(self):
        teams = self.env["crm.case.team"].with_user(self.user_leader).search([])
        teams.fetch(["name"])
        self.assertFalse(teams.env.user.share, "who asks is known by then")
        with self.assertQueryCount(2):
            teams.mapped("open_count")
            teams.mapped("overdue_count")

    @warmup
    def test_write_100(self):
        with self.assertQueryCount(6):
            self.cases.with_user(self.user_leader).write({"color": 2})
            self.env.flush_all()

    @warmup
    def test_close_100_with_answers(self):
        """As the wizard does: the answers of all in a handful of queries."""
        claim = self.env.ref("crm_cases.crm_case_type_claim")
        reasons = {
            "cause_id": self.env.ref("crm_cases.crm_case_close_reason_cause_material"),
            "resolution_id": self.env.ref(
                "crm_cases.crm_case_close_reason_resolution_replaced"
            ),
        }
        answers = {name: reason.id for name, reason in reasons.items()}
        answers["resolution_note"] = "All replaced."
        cases = self.cases.with_context(mail_notrack=True)
        cases.write({"type_id": claim.id})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(40):
            cases._close(answers)
            self.env.flush_all()

    @warmup
    def test_open_100(self):
        """A third of them has no responsible: two groups, whatever their number.

        Without the tracking messages, which are one post for each case in every
        model of the framework.
        """
        cases = self.cases.with_user(self.user_leader).with_context(mail_notrack=True)
        with self.assertQueryCount(25):
            cases.action_open()
            self.env.flush_all()
