import random
from collections import defaultdict
from datetime import datetime, timedelta
from statistics import mean

from odoo.tests import tagged
from odoo.tools import SQL

from .common import CasesCommon

SUMS = (
    "nbr",
    "nbr_closed",
    "nbr_backlog",
    "nbr_reopened",
    "nbr_escalated",
    "reopen_count",
    "escalation_level",
    "nbr_messages",
    "nbr_sla_kept",
    "nbr_sla_missed",
    "planned_revenue",
    "expected_revenue",
)
AVERAGES = (
    "hours_to_open",
    "hours_to_first_response",
    "hours_to_close",
    "deadline_kept",
    "sla_success",
    "satisfaction",
)


@tagged("post_install", "-at_install")
class TestReport(CasesCommon):
    """Every figure of the analysis, by every group, against a plain computation over
    the cases of a seeded month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dice = random.Random(8)
        cls._make_customers()
        cls.policies = cls.env["crm.case.sla"].create(
            [{"name": n, "response_hours": 1, "active": False} for n in ("A", "B")]
        )
        cls.tags = cls.env["crm.case.tag"].create([{"name": n} for n in ("T1", "T2")])
        cls.categories = cls.env["crm.case.category"].create(
            [{"name": n} for n in ("Battery", "Frame")]
        )
        cls.media = cls.env["utm.medium"].create([{"name": n} for n in ("M1", "M2")])
        cls.cases = cls.env["crm.case"].browse()
        for number in range(60):
            cls.cases += cls._make_case(number)
        cls.env.flush_all()

    @classmethod
    def _make_customers(cls):
        cls.segments = cls.env["res.partner.category"].create(
            [{"name": n} for n in ("Gold", "Dealer")]
        )
        company = cls.env["res.partner"].create(
            {"name": "Co", "is_company": True, "category_id": cls.segments[1].ids}
        )
        employee = {"name": "Emp", "email": "emp@co.example.com"}
        cls.customers = (
            cls.partner
            + company
            + cls.env["res.partner"].create(
                {**employee, "parent_id": company.id, "category_id": cls.segments.ids}
            )
        )

    @classmethod
    def _make_case(cls, number):
        dice = cls.dice
        created = datetime(2026, 3, 1, 8) + timedelta(hours=dice.randrange(31 * 24))
        types = cls.env.ref("crm_cases.crm_case_type_request") + cls.env.ref(
            "crm_cases.crm_case_type_task"
        )
        case = cls._case(
            f"Seeded {number}",
            team_id=dice.choice([cls.team_care.id, cls.team_sales.id]),
            user_id=dice.choice([cls.user_member.id, cls.user_leader.id, False]),
            type_id=dice.choice(types).id,
            category_id=dice.choice([*cls.categories.ids, False]),
            tag_ids=dice.choice([cls.tags.ids, cls.tags[0].ids, []]),
            partner_id=dice.choice([*cls.customers.ids, False]),
            medium_id=dice.choice([*cls.media.ids, False]),
            planned_revenue=dice.randrange(1000),
            probability=dice.choice([0, 25, 50]),
        )
        cls._created_on(case, created)
        cls._live(case, created)
        return case

    @classmethod
    def _live(cls, case, created):
        """What happens to a case in its life."""
        dice = cls.dice
        for _message in range(dice.randrange(3)):
            case.message_post(
                body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        case.message_post(body="Among us", message_type="comment")
        if dice.random() < 0.7:
            case.action_open()
            case.date_open = created + timedelta(hours=dice.randrange(10))
            case.date_first_response = created + timedelta(hours=dice.randrange(50))
        if dice.random() < 0.6:
            case.action_close()
            if dice.random() < 0.4:
                case.action_open()
                case.action_close()
            if dice.random() < 0.2:
                case.action_reset()
            else:
                case.date_closed = created + timedelta(hours=dice.randrange(300))
        if dice.random() < 0.5:
            case.date_deadline = created + timedelta(hours=dice.randrange(200))
        if dice.random() < 0.3:
            case.escalation_level = dice.randrange(3)
        if dice.random() < 0.5:
            token = case._rating_get_access_token()
            case.rating_apply(dice.choice([1, 3, 5]), token=token)
        elif dice.random() < 0.5:  # brought in from elsewhere
            model = cls.env["ir.model"]._get_id("crm.case")
            vals = {"res_model_id": model, "res_id": case.id, "consumed": True}
            cls.env["rating.rating"].create({**vals, "rating": dice.choice([1, 5])})
        cls._promise(case, created)

    @classmethod
    def _promise(cls, case, created):
        """Targets that were kept, missed and told, missed and not told yet, or are
        still to come."""
        for policy in cls.policies:
            vals = cls.dice.choice(
                [
                    {"state": "reached", "date_reached": created},
                    {"state": "failed", "date_reached": created, "deadline": created},
                    {"state": "ongoing", "deadline": created},
                    {"state": "ongoing", "deadline": datetime(2999, 1, 1)},
                    {"state": "ongoing"},
                    {},
                ]
            )
            if vals:
                keys = {"case_id": case.id, "sla_id": policy.id, "kind": "response"}
                cls.env["crm.case.sla.status"].create({**keys, **vals})

    # The plain computation

    def _figures(self, case):
        closed = case.state in ("done", "cancel")
        people = case.message_ids.filtered(
            lambda m: (
                m.message_type in ("comment", "email")
                and not m.is_internal
                and not m.subtype_id.internal
            )
        )
        rates = case.rating_ids.filtered("consumed")
        targets = [self._is_kept(status) for status in case.sla_status_ids]
        decided = [is_kept for is_kept in targets if is_kept is not None]
        return {
            "nbr": 1,
            "nbr_closed": int(closed),
            "nbr_backlog": int(not closed),
            "nbr_reopened": int(case.reopen_count > 0),
            "nbr_escalated": int(case.escalation_level > 0),
            "reopen_count": case.reopen_count,
            "escalation_level": case.escalation_level,
            "nbr_messages": len(people),
            "planned_revenue": case.planned_revenue,
            "expected_revenue": case.planned_revenue * case.probability / 100,
            "hours_to_open": case.hours_to_open if case.date_open else None,
            "hours_to_first_response": (
                case.hours_to_first_response if case.date_first_response else None
            ),
            "hours_to_close": case.hours_to_close if case.date_closed else None,
            "deadline_kept": self._deadline_kept(case),
            "nbr_sla_kept": decided.count(True),
            "nbr_sla_missed": decided.count(False),
            "sla_success": 100 * all(decided) if decided else None,
            "satisfaction": rates.rating if rates else None,
        }

    def _deadline_kept(self, case):
        if not case.date_deadline:
            return None
        if (case.date_closed or datetime.now()) > case.date_deadline:
            return 0
        return 100 if case.date_closed else None

    def _is_kept(self, status):
        if status.state == "ongoing":
            is_over = status.deadline and status.deadline < datetime.now()
            return False if is_over else None
        return status.state == "reached"

    def _groups(self):
        """How each group of the report is told from a case, by plain means."""
        return {
            "team_id": lambda case: case.team_id,
            "user_id": lambda case: case.user_id,
            "type_id": lambda case: case.type_id,
            "category_id": lambda case: case.category_id,
            "stage_id": lambda case: case.stage_id,
            "state": lambda case: case.state,
            "partner_id": lambda case: case.partner_id,
            "commercial_partner_id": lambda case: case.partner_id.commercial_partner_id,
            "medium_id": lambda case: case.medium_id,
            "tag_ids": lambda case: list(case.tag_ids) or [self.env["crm.case.tag"]],
            "segment_ids": lambda case: (
                list(
                    case.partner_id.category_id
                    | case.partner_id.commercial_partner_id.category_id
                )
                or [self.env["res.partner.category"]]
            ),
            "create_date:month": lambda case: case.create_date.replace(
                day=1, hour=0, minute=0, second=0
            ),
            "date_closed:month": lambda case: (
                case.date_closed
                and case.date_closed.replace(day=1, hour=0, minute=0, second=0)
            ),
        }

    def _compute(self, key):
        groups = defaultdict(list)
        for case in self.cases:
            found = key(case)
            for value in found if isinstance(found, list) else [found]:
                groups[value].append(self._figures(case))
        return {value: tuple(self._sum_up(rows)) for value, rows in groups.items()}

    def _sum_up(self, rows):
        for name in SUMS:
            yield round(sum(row[name] for row in rows), 4)
        for name in AVERAGES:
            values = [row[name] for row in rows if row[name] is not None]
            yield round(mean(values), 4) if values else False

    def _ask(self, groupby):
        rows = (
            self.env["crm.case.report"]
            .with_user(self.user_leader)
            .with_context(tz="UTC")
            ._read_group(
                [("case_id", "in", self.cases.ids)],
                [groupby],
                [f"{name}:sum" for name in SUMS] + [f"{n}:avg" for n in AVERAGES],
            )
        )
        return {
            row[0]: tuple(value and round(value, 4) for value in row[1:])
            for row in rows
        }

    def test_every_figure_by_every_group(self):
        for groupby, key in self._groups().items():
            with self.subTest(groupby):
                asked, computed = self._ask(groupby), self._compute(key)
                self.assertEqual(set(asked), set(computed))
                for value, figures in computed.items():
                    got = [number or 0 for number in asked[value]]
                    self.assertEqual(got, [number or 0 for number in figures], value)

    def test_the_month_is_not_trivial(self):
        """The seeded month has something of everything, else it would prove little."""
        totals = dict(
            zip(
                SUMS,
                next(iter(self._compute(lambda case: "all").values())),
                strict=False,
            )
        )
        self.assertTrue(all(totals[name] for name in SUMS), totals)

    def test_reopenings_are_counted(self):
        case = self._case()
        for count, action in enumerate(("action_open", "action_reset", "action_open")):
            case.action_close() if count else case.action_cancel()
            getattr(case, action)()
            self.assertEqual(case.reopen_count, count + 1)
        case.action_pending()
        case.action_open()
        self.assertEqual(case.reopen_count, 3)

    # Rights

    def _sees(self, user, case):
        self.env.flush_all()
        rows = self.env["crm.case.report"].with_user(user)
        return bool(rows.search_count([("case_id", "=", case.id)]))

    def test_rows_follow_the_cases(self):
        far = self.env["res.company"].create({"name": "Far"})
        private = self._team("Private", is_private=True, member_ids=self.user_other.ids)
        kinds = [
            self._case(),
            self._case(team_id=self.team_sales.id),
            self._case(team_id=self.team_sales.id, user_id=self.user_member.id),
            self._case(team_id=private.id),
            self._case(team_id=self._team("Away", company_id=far.id).id),
        ]
        followed = self._case(team_id=self.team_sales.id)
        followed.message_subscribe(self.user_member.partner_id.ids)
        users = (
            self.user_member + self.user_other + self.user_leader + self.user_manager
        )
        seen = 0
        for case in [*kinds, followed]:
            for user in users:
                expected = case.with_user(user).has_access("read")
                self.assertEqual(self._sees(user, case), expected, (user.name, case))
                seen += expected
        self.assertTrue(8 < seen < 20)

    def test_cost_does_not_grow(self):
        """One statement, whatever the number of cases."""
        report = self.env["crm.case.report"].with_user(self.user_leader)
        domain, groups = [("case_id", "in", self.cases.ids)], ["team_id"]
        sums = [f"{name}:sum" for name in SUMS if "revenue" not in name]
        report._read_group(domain, groups, sums)
        with self.assertQueryCount(1):
            report._read_group(domain, groups, sums)

    def test_columns_nobody_asks_for_cost_nothing(self):
        report = self.env["crm.case.report"]
        query = report._search([]).select("count(*)")
        plan = str(self.env.execute_query(SQL("EXPLAIN %s", query)))
        self.assertNotIn("mail_message", plan)
        self.assertNotIn("res_partner", plan)
        self.assertNotIn("crm_case_sla_status", plan)
        self.assertNotIn("rating_rating", plan)

    def test_open_the_case(self):
        row = self.env["crm.case.report"].browse(self.cases[0].id)
        self.assertEqual(row.action_open_case()["res_id"], self.cases[0].id)
