from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestFirstStage(TransactionCase):
    """What is remembered for new cases follows every change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stages = cls.env["crm.case.stage"]
        cls.team = cls.env["crm.case.team"].create({"name": "Bikes"})
        cls.usual = cls.new().stage_id

    @classmethod
    def new(cls, **values):
        vals = {"name": "New", "team_id": cls.team.id, **values}
        return cls.env["crm.case"].create(vals)

    def test_stages_come_and_go(self):
        early = self.stages.create({"name": "Early", "state": "draft", "sequence": -9})
        self.assertEqual(self.new().stage_id, early)
        early.sequence = 999
        self.assertEqual(self.new().stage_id, self.usual)
        early.sequence = -9
        early.active = False
        self.assertEqual(self.new().stage_id, self.usual)
        own = {"name": "Own", "state": "draft", "team_ids": self.team.ids}
        own = self.stages.create(own)
        self.assertEqual(self.new().stage_id, own)
        own.team_ids = self.env["crm.case.team"].create({"name": "Others"})
        self.assertEqual(self.new().stage_id, self.usual)
        own.team_ids = self.team
        self.stages._get_first("draft", self.team, self.new().type_id)
        self.env["crm.case"].search([("stage_id", "=", own.id)]).unlink()
        own.unlink()
        self.assertEqual(self.new().stage_id, self.usual)

    def test_a_stage_of_a_deleted_team_serves_all(self):
        gone = self.env["crm.case.team"].create({"name": "Gone"})
        early = {"name": "Early", "state": "draft", "sequence": -9}
        early = self.stages.create({**early, "team_ids": gone.ids})
        self.assertEqual(self.new().stage_id, self.usual)
        gone.unlink()
        self.assertEqual(self.new().stage_id, early)

    def test_a_type_that_asks_for_other_stages(self):
        kind = self.env["crm.case.type"].create({"name": "Kind", "code": "kind"})
        early = {"name": "Early", "state": "done", "sequence": -9, "outcome": "won"}
        early = self.stages.create(early)
        first = self.stages._get_first("done", self.team, kind)
        self.assertFalse(first.outcome)
        kind.use_outcome = True
        self.assertEqual(self.stages._get_first("done", self.team, kind), early)

    def test_the_sequence_of_a_company(self):
        self.assertTrue(self.new().number.startswith("CASE-"))
        own = self.env["ir.sequence"].create(
            {
                "name": "Ours",
                "code": "crm.case",
                "company_id": self.env.company.id,
                "prefix": "OURS-",
            }
        )
        self.assertTrue(self.new().number.startswith("OURS-"))
        own.active = False
        self.assertTrue(self.new().number.startswith("CASE-"))
        own.active = True
        own.unlink()
        self.assertTrue(self.new().number.startswith("CASE-"))

    def test_the_second_case_asks_for_no_stage(self):
        self.new()
        self.env.flush_all()
        self.env.invalidate_all()

        def search(*_arguments, **_options):
            raise AssertionError("stages and sequences are known")

        self.patch(type(self.stages), "search", search)
        self.patch(type(self.env["ir.sequence"]), "search", search)
        self.assertEqual(self.new().stage_id, self.usual)

    def test_the_usual_type_follows_every_change(self):
        request = self.env.ref("crm_cases.crm_case_type_request")
        self.assertEqual(self.new().type_id, request)
        request.active = False
        self.assertNotEqual(self.new().type_id, request)
        request.active = True
        self.assertEqual(self.new().type_id, request)

    def test_a_type_begins_to_own_campaigns(self):
        kind = self.env["crm.case.type"].create({"name": "Fair"})
        self.assertFalse(self.new(type_id=kind.id).own_campaign_id)
        kind.use_campaign = True
        self.assertTrue(self.new(type_id=kind.id).own_campaign_id)
        kind.active = False
        self.assertTrue(self.new(type_id=kind.id).own_campaign_id)
        kind.use_campaign = False
        self.assertFalse(self.new(type_id=kind.id).own_campaign_id)

    def test_what_a_case_is_in_a_stage_follows_the_stage(self):
        stage = self.stages.create({"name": "Odd", "state": "open"})
        self.assertEqual(stage._get_traits(), ("open", False))
        stage.state = "pending"
        self.assertEqual(self.new(stage_id=stage.id).state, "pending")
        won = self.stages.create({"name": "Even", "state": "open"})
        self.assertEqual(won._get_traits(), ("open", False))
        won.write({"state": "done", "outcome": "won"})
        self.assertEqual(won._get_traits(), ("done", "won"))
        self.assertEqual(self.stages._get_traits(), (False, False))
        draft = self.stages.new({"name": "Not saved", "state": "cancel"})
        self.assertEqual(draft._get_traits(), ("cancel", False))
