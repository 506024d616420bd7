import random
from collections import Counter
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import CasesCommon

BLOCKS = ("trend", "ages", "risk", "load", "satisfaction")
ACTIVE = ("draft", "open", "pending")


@tagged("post_install", "-at_install")
class TestDashboard(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "UTC"
        cls.user_leader.tz = "Europe/Brussels"
        dice = random.Random(7)
        cls.env["crm.case"].search([]).active = False
        cls.now = fields.Datetime.now()
        for number in range(50):
            cls._seed(number, dice)
        cls.cases = cls.env["crm.case"].search([])
        cls.env.flush_all()

    @classmethod
    def _seed(cls, number, dice):
        created = cls.now - timedelta(hours=dice.randrange(45 * 24), minutes=30)
        case = cls._case(
            f"Seeded {number}",
            team_id=dice.choice([cls.team_care, cls.team_sales]).id,
            user_id=dice.choice([cls.user_member.id, cls.user_leader.id, False]),
            partner_id=cls.partner.id,
        )
        cls._created_on(case, created)
        case.state = dice.choice(["draft", "open", "pending", "done", "cancel"])
        if case.state in ("done", "cancel"):
            age = (cls.now - created).total_seconds() / 3600
            case.date_closed = created + timedelta(hours=dice.random() * age)
        if dice.random() < 0.5:
            case.date_deadline = cls.now + timedelta(
                hours=dice.randrange(-100, 100), minutes=30
            )
        if dice.random() < 0.4:
            case.date_last_customer_message = created
        if dice.random() < 0.3:
            token = case._rating_get_access_token()
            case.rating_apply(dice.choice([1, 3, 5]), token=token)

    def _block(self, name, user=None, team=False):
        self.env.registry.clear_cache()
        dashboard = self.env["crm.case.dashboard"].with_user(user or self.user_leader)
        return dashboard.get_block(name, team)

    def _count(self, domain, model="crm.case", user=None):
        return self.env[model].with_user(user or self.user_leader).search_count(domain)

    def test_trend(self):
        """Day by day, against the lives of the cases."""
        days = self._block("trend")["days"]
        self.assertEqual(len(days), 30)
        for day in days:
            begin, end = (leaf[2] for leaf in day["came_domain"][-2:])
            begin, end = map(fields.Datetime.to_datetime, (begin, end))
            came = [c for c in self.cases if begin <= c.create_date < end]
            closed = self.cases.filtered("date_closed")
            went = [c for c in closed if begin <= c.date_closed < end]
            left = [
                c
                for c in self.cases
                if c.create_date < end and not (c.date_closed and c.date_closed < end)
            ]
            self.assertEqual(day["came"], len(came), day["date"])
            self.assertEqual(day["went"], len(went), day["date"])
            self.assertEqual(day["backlog"], len(left), day["date"])
        self.assertGreater(sum(day["came"] for day in days), 20)

    def test_days_are_those_of_the_reader(self):
        day = self._block("trend")["days"][0]
        begin = fields.Datetime.to_datetime(day["came_domain"][-2][2])
        self.assertIn(begin.hour, (22, 23), "midnight in Brussels")

    def test_ages_and_risk(self):
        active = self.cases.filtered(lambda case: case.state in ACTIVE)
        ages = [(self.now - case.create_date).days for case in active]
        expected = [
            sum(begin <= age < end for age in ages)
            for begin, end in ((0, 1), (1, 3), (3, 7), (7, 30), (30, 9999))
        ]
        buckets = self._block("ages")["buckets"]
        self.assertEqual([bucket["count"] for bucket in buckets], expected)
        soon = self.now + timedelta(hours=24)
        deadlines = active.filtered("date_deadline")
        figures = {f["key"]: f["count"] for f in self._block("risk")["figures"]}
        plain = {
            "overdue": [c for c in deadlines if c.date_deadline < self.now],
            "soon": [c for c in deadlines if self.now <= c.date_deadline < soon],
            "waiting": active.filtered("awaiting_answer"),
            "unassigned": active.filtered(lambda case: not case.user_id),
        }
        for key, cases in plain.items():
            self.assertEqual(figures[key], len(cases), key)
            self.assertTrue(cases, key)

    def test_load(self):
        active = self.cases.filtered(lambda c: c.state in ACTIVE and c.user_id)
        expected = Counter(case.user_id.name for case in active)
        people = self._block("load")["people"]
        self.assertEqual({p["name"]: p["count"] for p in people}, dict(expected))
        self.assertEqual(people, sorted(people, key=lambda p: -p["count"]))

    def test_satisfaction(self):
        rates = self.cases.rating_ids.filtered("consumed").mapped("rating")
        block = self._block("satisfaction")
        self.assertEqual(block["count"], len(rates))
        self.assertAlmostEqual(block["average"], sum(rates) / len(rates))
        faces = {face["rate"]: face["count"] for face in block["faces"]}
        self.assertEqual(faces, {5: 0, 3: 0, 1: 0} | dict(Counter(rates)))

    def test_every_figure_opens_its_list(self):
        """The list behind a figure has as many rows as the figure says."""
        for team in (False, self.team_care.id):
            for day in self._block("trend", team=team)["days"]:
                self.assertEqual(day["came"], self._count(day["came_domain"]))
                self.assertEqual(day["went"], self._count(day["went_domain"]))
            for bucket in self._block("ages", team=team)["buckets"]:
                self.assertEqual(bucket["count"], self._count(bucket["domain"]))
            for figure in self._block("risk", team=team)["figures"]:
                self.assertEqual(figure["count"], self._count(figure["domain"]))
            for person in self._block("load", team=team)["people"]:
                self.assertEqual(person["count"], self._count(person["domain"]))
                self.assertEqual(
                    person["overdue"], self._count(person["overdue_domain"])
                )
                self.assertEqual(
                    person["waiting"], self._count(person["waiting_domain"])
                )
            for face in self._block("satisfaction", team=team)["faces"]:
                rated = self._count(face["domain"], "rating.rating")
                self.assertEqual(face["count"], rated)

    def test_a_team_and_those_below(self):
        whole = self._block("load", team=self.team_board.id)["people"]
        care = self._block("load", team=self.team_care.id)["people"]
        self.assertEqual(
            [person["count"] for person in whole], [person["count"] for person in care]
        )
        self.assertTrue(care)

    def test_readers_count_what_they_see(self):
        figures = self._block("trend", user=self.user_member)["days"]
        seen = self._count([("state", "in", ACTIVE)], user=self.user_member)
        self.assertEqual(figures[-1]["backlog"], seen)
        self.assertLess(seen, self._count([("state", "in", ACTIVE)]))

    def test_teams_of_the_leader_come_first(self):
        teams = self.env["crm.case.dashboard"].with_user(self.user_leader).get_teams()
        self.assertEqual(teams[0]["id"], self.team_care.id)

    def test_cost_does_not_grow(self):
        few = [self._queries(name) for name in BLOCKS]
        self.env["crm.case"].create(
            [
                {
                    "name": f"More {number}",
                    "team_id": self.team_care.id,
                    "user_id": self.user_member.id,
                    "date_deadline": self.now,
                }
                for number in range(200)
            ]
        )
        self.env.flush_all()
        self.assertEqual([self._queries(name) for name in BLOCKS], few)
        self.assertLessEqual(sum(few), 30, few)

    def _queries(self, name):
        self._block(name)
        dashboard = self.env["crm.case.dashboard"].with_user(self.user_leader)
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        dashboard._get_blocks()[name](dashboard._get_team_domain(0))
        return self.cr.sql_log_count - before

    def test_computed_once_a_minute(self):
        dashboard = self.env["crm.case.dashboard"].with_user(self.user_leader)
        self.env.registry.clear_cache()
        dashboard._get_cached_block("ages", 0, 1)
        with self.assertQueryCount(0):
            dashboard._get_cached_block("ages", 0, 1)
        other = dashboard.with_user(self.user_member)
        mine, its = (d._get_cached_block("ages", 0, 1) for d in (dashboard, other))
        self.assertNotEqual(mine, its, "each reader has the own figures")

    def test_unknown_block(self):
        with self.assertRaises(ValueError):
            self._block("unlink")

    def test_change_is_told_once(self):
        self.env.cr.precommit.run()
        self.env.flush_all()
        before = self.env["bus.bus"].search_count([])
        self.cases[:5].write({"user_id": self.user_member.id})
        self.cases[0].team_id = self.team_board
        self.env.flush_all()
        self.env.cr.precommit.run()
        messages = self.env["bus.bus"].search([], order="id")[before:]
        news = [m for m in messages.mapped("message") if "crm_cases.changed" in m]
        self.assertEqual(len(news), 1)
        self.cases[:5].write({"color": 3})
        self.env.flush_all()
        before = self.env["bus.bus"].search_count([])
        self.env.cr.precommit.run()
        self.assertEqual(self.env["bus.bus"].search_count([]), before)
