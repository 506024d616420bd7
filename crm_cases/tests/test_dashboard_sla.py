import random
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import CasesCommon

KINDS = ("response", "resolution", "other")


@tagged("post_install", "-at_install")
class TestDashboardSla(CasesCommon):
    """What the dashboard says about promises, against a plain computation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()
        cls.env["crm.case"].search([]).active = False
        cls.policies = cls.env["crm.case.sla"].create(
            [{"name": n, "response_hours": 1, "active": False} for n in ("A", "B")]
        )
        dice = random.Random(5)
        for number in range(48):
            cls._seed(number, dice)
        cls.cases = cls.env["crm.case"].search([])
        cls.env.flush_all()

    @classmethod
    def _seed(cls, number, dice):
        team = dice.choice([cls.team_care, cls.team_sales])
        case = cls._case(f"Promised {number}", team_id=team.id)
        if dice.random() < 0.2:
            case.state = "done"
        for policy in cls.policies:
            vals = cls._draw(dice, case.state == "done")
            keys = {"case_id": case.id, "sla_id": policy.id, "kind": dice.choice(KINDS)}
            cls.env["crm.case.sla.status"].create({**keys, **vals})

    @classmethod
    def _draw(cls, dice, is_closed):
        def ago(hours):
            return cls.now - timedelta(hours=hours)

        met = [
            {"state": "reached", "date_reached": ago(dice.randrange(1, 60 * 24))},
            {"state": "failed", "date_reached": ago(dice.randrange(1, 60 * 24))},
        ]
        late = dice.randrange(1, 60 * 24)
        coming = [
            {"state": "failed", "deadline": ago(late), "warning_at": ago(late + 1)},
            {"state": "ongoing", "deadline": ago(late), "warning_at": ago(late + 1)},
            {"state": "ongoing", "deadline": ago(-3), "warning_at": ago(1)},
            {"state": "ongoing", "deadline": ago(-9), "warning_at": ago(-5)},
            {"state": "ongoing", "paused": True},
        ]
        return dice.choice(met if is_closed else met + coming)

    def _block(self, name, team=False, user=None):
        self.env.registry.clear_cache()
        dashboard = self.env["crm.case.dashboard"].with_user(user or self.user_leader)
        return dashboard.get_block(name, team)

    def _find(self, domain, model="crm.case.sla.status", user=None):
        return self.env[model].with_user(user or self.user_leader).search(domain)

    def _figures(self, team=False):
        return {f["key"]: f for f in self._block("risk", team)["figures"]}

    # The plain computation

    def _is_kept(self, status):
        """True or False if it was decided in 30 days, else None."""
        since = self.now - timedelta(days=30)
        if status.date_reached:
            kept = status.state == "reached"
            return kept if status.date_reached >= since else None
        if status.deadline and since <= status.deadline < self.now:
            return False
        return None

    def test_risk(self):
        open_cases = self.cases.filtered(lambda case: case.state != "done")
        for state, key in (("failed", "breached"), ("warned", "at_risk")):
            expected = open_cases.filtered(lambda c, state=state: c.sla_state == state)
            figure = self._figures()[key]
            self.assertEqual(figure["count"], len(expected), key)
            self.assertEqual(self._find(figure["domain"], "crm.case"), expected)
            self.assertTrue(expected)

    def test_success(self):
        statuses = self.cases.sla_status_ids
        block = self._block("sla")
        verdicts = {status: self._is_kept(status) for status in statuses}
        decided = [kept for kept in verdicts.values() if kept is not None]
        self.assertEqual(block["count"], len(decided))
        self.assertAlmostEqual(block["rate"], 100 * sum(decided) / len(decided))
        self.assertTrue(0 < block["rate"] < 100)
        for target in block["targets"]:
            kind = [v for s, v in verdicts.items() if s.kind == target["kind"]]
            kept, missed = kind.count(True), kind.count(False)
            self.assertEqual((target["kept"], target["missed"]), (kept, missed))
            self.assertAlmostEqual(target["rate"], 100 * kept / (kept + missed))

    def test_every_figure_opens_its_list(self):
        for team in (False, self.team_care.id):
            for figure in self._figures(team).values():
                found = self._find(figure["domain"], "crm.case")
                self.assertEqual(figure["count"], len(found), figure["key"])
            block = self._block("sla", team)
            self.assertEqual(block["count"], len(self._find(block["domain"])))
            for target in block["targets"]:
                kept, missed = target["kept"], target["missed"]
                self.assertEqual(kept, len(self._find(target["kept_domain"])))
                self.assertEqual(missed, len(self._find(target["missed_domain"])))
                self.assertEqual(kept + missed, len(self._find(target["domain"])))

    def test_readers_count_what_they_see(self):
        mine = self._block("sla", user=self.user_member)
        everything = self._block("sla")
        self.assertTrue(0 < mine["count"] < everything["count"])
        seen = self._find(mine["domain"], user=self.user_member)
        self.assertEqual(seen.case_id.team_id, self.team_care)

    def test_nothing_promised(self):
        self.cases.sla_status_ids.unlink()
        block = self._block("sla")
        self.assertEqual((block["count"], block["rate"], block["targets"]), (0, 0, []))

    def test_cost_does_not_grow(self):
        self.assertLessEqual(self._queries("sla"), 4)
        few = [self._queries(name) for name in ("sla", "risk")]
        for number in range(12):
            self._seed(number, random.Random(number))
        self.env.flush_all()
        self.assertEqual([self._queries(name) for name in ("sla", "risk")], few)

    def _queries(self, name):
        self._block(name)
        dashboard = self.env["crm.case.dashboard"].with_user(self.user_leader)
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        dashboard._get_blocks()[name](dashboard._get_team_domain(0))
        return self.cr.sql_log_count - before
