from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestScreens(SegmentationCommon):
    """What the forms offer, and what they tell."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._create_partner("Buyer")
        cls._create_invoice(cls.buyer, 500)
        cls.segmentation = cls._create_segmentation(("sale", ">", 100))

    def _line(self, **vals):
        return self.env["crm.segmentation.line"].create(
            {"segmentation_id": self.segmentation.id, **vals}
        )

    def test_a_kind_offers_its_operators_alone(self):
        line = self._line(expr_name="sale")
        labels = dict(line.operator_choices)
        self.assertEqual(labels[">"], "is more than")
        self.assertIn("between", labels)
        line.expr_name = "product"
        self.assertEqual([o for o, _label in line.operator_choices], ["set", "not set"])
        self.assertFalse(line.has_value)
        self.assertIn(line.expr_operator, ("set", "not set"))

    def test_kinds_of_missing_apps_are_not_offered(self):
        kinds = dict(self._line().kind_choices)
        self.assertIn("sale", kinds)
        installed = self.env["ir.module.module"]._installed()
        self.assertEqual("sale_order_amount" in kinds, "sale" in installed)
        self.assertEqual("case_open" in kinds, "crm_cases" in installed)

    def test_every_kind_reads_as_a_clause(self):
        line = self._line()
        for kind, _label in line.kind_choices:
            line.expr_name = kind
            with self.subTest(kind=kind):
                self.assertTrue(line.clause)
                self.assertNotIn("%", line.clause)

    def test_group_in_the_form(self):
        with Form(self.segmentation) as form, form.optional_line_ids.new() as line:
            line.expr_name = "group"
            line.group_kind = "all"
            with line.child_ids.new() as child:
                child.expr_name = "sale_count"
                child.expr_value = 3
            with line.child_ids.new() as child:
                child.expr_name = "overdue"
                child.expr_value = 50
        group = self.segmentation.optional_line_ids
        self.assertEqual(group.child_ids.mapped("expr_name"), ["sale_count", "overdue"])
        self.assertEqual(group.child_ids.segmentation_id, self.segmentation)
        self.assertIn("number of invoices", self.segmentation.sentence)

    def test_rhythm_sets_the_days(self):
        for rhythm, days in [("weekly", 7), ("quarterly", 91), ("yearly", 365)]:
            self.segmentation.buying_rhythm = rhythm
            self.assertEqual(self.segmentation.som_interval, days)
        self.segmentation.som_interval = 45
        self.assertEqual(self.segmentation.buying_rhythm, "yearly")
        other = self._create_segmentation(("sale", ">", 1), som_interval=12)
        self.assertEqual(other.som_interval, 12)
        default = self._create_segmentation(("sale", ">", 1))
        self.assertEqual(default.som_interval, 30)

    def test_progress(self):
        self.segmentation.write(
            {"state": "running", "partner_id": 250, "partner_id_end": 1000}
        )
        self.segmentation.duration = 5
        progress = self.segmentation.get_progress()
        self.assertEqual(progress["percent"], 25)
        self.assertEqual(progress["rate"], 50)
        self.assertEqual(progress["remaining"], 15)
        self.segmentation.duration = 0
        self.assertIsNone(self.segmentation.get_progress()["remaining"])

    def test_progress_of_several_together(self):
        """Each notes its share of the time, but one waits for all of it."""
        other = self._create_segmentation(("sale", ">", 1))
        both = self.segmentation + other
        both.write({"state": "running", "partner_id": 250, "partner_id_end": 1000})
        both.duration = 5
        progress = self.segmentation.get_progress()
        self.assertEqual((progress["rate"], progress["remaining"]), (25, 30))
        other.state = "stopped"
        self.assertEqual(self.segmentation.get_progress()["remaining"], 15)

    def test_trend(self):
        self.assertFalse(self.segmentation.trend)
        self.segmentation.process_start()
        self.segmentation.invalidate_recordset()
        self.assertEqual(self.segmentation.trend, [self.segmentation.member_count])
        self.assertEqual(self.segmentation.trend_change, self.segmentation.member_count)
        # However many runs the 30 days had
        self.env["crm.segmentation.run"].sudo().create(
            [
                {
                    "segmentation_id": self.segmentation.id,
                    "state": "done",
                    "started_on": fields.Datetime.now() - timedelta(days=days, hours=1),
                    "entered_count": 1,
                    "left_count": 0,
                    "member_count": 40 - days,
                }
                for days in range(1, 40)
            ]
        )
        self.segmentation.invalidate_recordset()
        self.assertEqual(
            self.segmentation.trend_change, 29 + self.segmentation.member_count
        )
        self.assertEqual(len(self.segmentation.trend), 12)
        action = self.segmentation.action_view_sizes()
        self.assertEqual(action["res_model"], "crm.segmentation.run")

    def test_partners_are_found_by_segmentation(self):
        contact = self._create_partner("Contact", parent_id=self.buyer.id)
        self.segmentation.process_start()
        partners = self.env["res.partner"]
        found = partners.search([("segmentation_ids", "in", self.segmentation.ids)])
        self.assertLessEqual(self.buyer + contact, found)
        found = partners.search([("segmentation_ids", "ilike", "Gold")])
        self.assertIn(self.buyer, found)
        stranger = self._create_partner("Stranger")
        found = partners.search([("segmentation_ids", "=", False)])
        self.assertIn(stranger, found)
        self.assertNotIn(self.buyer, found)
        found = partners.search([("segmentation_ids", "!=", False)])
        self.assertIn(self.buyer, found)
        self.assertNotIn(stranger, found)

    def test_category_leads_to_its_segmentations(self):
        self.assertEqual(self.category.segmentation_count, 1)
        action = self.category.action_view_segmentations()
        found = self.env["crm.segmentation"].search(action["domain"])
        self.assertEqual(found, self.segmentation)


@tagged("post_install", "-at_install")
class TestTemplates(SegmentationCommon):
    """Segmentations to begin with."""

    def test_each_reads_previews_and_runs(self):
        templates = self.env["crm.segmentation.template"].search([])
        self.assertGreaterEqual(len(templates), 10)
        count = self.env["crm.segmentation"].search_count([])
        for template in templates:
            with self.subTest(template=template.name):
                self.assertTrue(template.sentence.startswith("Partners "))
                action = template.action_preview()
                preview = self.env[action["res_model"]].browse(action["res_id"])
                self.assertGreaterEqual(preview.matching_count, 0)
                self.assertEqual(preview.sentence, template.sentence)
        self.assertEqual(self.env["crm.segmentation"].search_count([]), count)
        for template in templates:
            action = template.action_use()
            segmentation = self.env["crm.segmentation"].browse(action["res_id"])
            self.assertEqual(segmentation.sentence, template.sentence)
            segmentation.process_start()
            self.assertEqual(segmentation.state, "not running")

    def test_preview_counts(self):
        template = self.env.ref("crm_segmentation.crm_segmentation_template_big")
        buyer = self._create_partner("Big buyer")
        before = self._preview(template)
        self._create_invoice(buyer, 20000)
        after = self._preview(template)
        self.assertEqual(after.matching_count, before.matching_count + 1)
        self.assertFalse(
            self.env["res.partner.category"].search([("name", "=", template.name)])
        )

    def _preview(self, template):
        action = template.action_preview()
        return self.env[action["res_model"]].browse(action["res_id"])


@tagged("post_install", "-at_install")
class TestScreensSecurity(SegmentationCommon):
    """Users look, managers change, nobody else sees anything."""

    MODELS = (
        "crm.segmentation.template",
        "crm.segmentation.reaction",
        "crm.segmentation.run",
        "crm.segmentation.event",
        "crm.segmentation.mood",
        "crm.segmentation.source",
        "crm.segmentation.why",
        "crm.segmentation.why.line",
        "crm.segmentation.day",
        "crm.segmentation.member.action",
    )

    def _user(self, login, group):
        return new_test_user(
            self.env,
            login=f"screens_{login}",
            groups=group,
            company_id=self.env.company.id,
        )

    def test_menus_are_where_users_look(self):
        """A menu below one that is hidden is none."""
        user = self._user("menus", "crm_segmentation.crm_segmentation_group_user")
        visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        for name in ("crm_segmentation_menu", "crm_segmentation_menu_contacts"):
            menu = self.env.ref(f"crm_segmentation.{name}")
            while menu:
                self.assertIn(menu.id, visible, menu.complete_name)
                menu = menu.parent_id
        # Nobody keeps books who may not: this one is for those who see Invoicing.
        menu = self.env.ref("crm_segmentation.crm_segmentation_menu_invoicing")
        self.env["res.users"].browse(user.id).group_ids += self.env.ref(
            "account.group_account_invoice"
        )
        visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        while menu:
            self.assertIn(menu.id, visible, menu.complete_name)
            menu = menu.parent_id

    def test_others_see_nothing(self):
        partner = self._create_partner()
        for group in ("base.group_user", "base.group_portal"):
            user = self._user(group, group)
            for model in self.MODELS:
                with self.subTest(group=group, model=model):
                    self.assertFalse(self.env[model].with_user(user).has_access("read"))
            with self.assertRaises(AccessError):
                partner.with_user(user).get_state_of_mind()

    def test_users_look(self):
        user = self._user("user", "crm_segmentation.crm_segmentation_group_user")
        for model in self.MODELS[:6]:
            self.assertTrue(self.env[model].with_user(user).has_access("read"))
        self.assertFalse(
            self.env["crm.segmentation.member.action"]
            .with_user(user)
            .has_access("read")
        )
        template = self.env["crm.segmentation.template"].search([], limit=1)
        with self.assertRaises(AccessError):
            template.with_user(user).action_use()
        with self.assertRaises(AccessError):
            template.with_user(user).action_preview()

    def test_reactions_of_other_companies(self):
        other = self._create_company(name="Other company")
        theirs = self._create_segmentation(("sale", ">", 50), company_id=other.id)
        reaction = (
            self.env["crm.segmentation.reaction"]
            .sudo()
            .create(
                {
                    "segmentation_id": theirs.id,
                    "partner_id": self._create_partner().id,
                    "event": "enter",
                }
            )
        )
        user = self._user("manager", "crm_segmentation.crm_segmentation_group_manager")
        found = self.env["crm.segmentation.reaction"].with_user(user).search([])
        self.assertNotIn(reaction, found)
        with self.assertRaises(AccessError):
            theirs.with_user(user).action_release_reactions()

    def test_manager_edits_the_form(self):
        user = self._user("editor", "crm_segmentation.crm_segmentation_group_manager")
        segmentation = self._create_segmentation(("sale", ">", 50))
        action = self.env["ir.actions.server"].create(
            {
                "name": "Note",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": "record.write({'comment': 'entered'})",
            }
        )
        with Form(segmentation.with_user(user)) as form:
            form.enter_action_ids.add(action)
        self.assertEqual(segmentation.enter_action_ids, action)
        self.assertEqual(segmentation.reaction_user_id, user)
        segmentation.with_user(user).write({"pin_ids": [Command.clear()]})
