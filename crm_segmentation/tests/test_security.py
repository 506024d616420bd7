from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestSecurity(SegmentationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._create_partner()
        cls._create_invoice(cls.customer, 100)
        cls.segmentation = cls._create_segmentation(("sale", ">", 50))
        cls.reader = cls._create_user("reader", "crm_segmentation_group_user")
        cls.manager = cls._create_user("manager", "crm_segmentation_group_manager")

    @classmethod
    def _create_user(cls, login, group):
        return new_test_user(
            cls.env,
            login=f"segmentation_{login}",
            groups=f"crm_segmentation.{group}",
            company_id=cls.env.company.id,
        )

    def test_manager_runs_without_accounting_rights(self):
        segmentation = self.segmentation.with_user(self.manager)
        with self.assertRaises(AccessError):
            self.env["account.move"].with_user(self.manager).search([])
        segmentation.process_start()
        self.assertEqual(segmentation.member_count, 1)
        segmentation.action_process_start()
        segmentation.action_process_stop()
        self.assertEqual(segmentation.state, "stopped")

    def test_user_reads(self):
        self.segmentation.process_start()
        segmentation = self.segmentation.with_user(self.reader)
        self.assertIn("more than", segmentation.sentence)
        self.assertEqual(segmentation.category_count, 1)
        customer = self.customer.with_user(self.reader)
        self.assertEqual(customer.segmentation_ids, segmentation)
        members = self.env["res.partner"].with_user(self.reader)
        domain = segmentation.action_view_members()["domain"]
        self.assertEqual(members.search(domain), customer)
        self.assertTrue(customer.action_view_segmentations()["domain"])

    def test_user_does_not_change(self):
        segmentation = self.segmentation.with_user(self.reader)
        for change in (
            lambda: segmentation.write({"name": "Mine"}),
            lambda: segmentation.segmentation_line.write({"expr_value": 0}),
            lambda: segmentation.copy(),
            lambda: segmentation.unlink(),
            lambda: segmentation.process_start(),
            lambda: segmentation.process_continue(),
            lambda: segmentation.process_stop(),
            lambda: segmentation.action_process_start(),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_members_are_written_by_the_run_alone(self):
        self.segmentation.process_start()
        membership = self.env["crm.segmentation.membership"].search(
            [("segmentation_id", "=", self.segmentation.id)]
        )
        with self.assertRaises(AccessError):
            membership.with_user(self.manager).unlink()
        with self.assertRaises(AccessError):
            membership.with_user(self.manager).copy()

    def test_others_see_nothing(self):
        """Neither other employees nor customers see what we think of a partner."""
        for login, group in [
            ("employee", "base.group_user"),
            ("portal", "base.group_portal"),
        ]:
            user = new_test_user(self.env, login=f"segmentation_{login}", groups=group)
            for model in (
                "crm.segmentation",
                "crm.segmentation.line",
                "crm.segmentation.membership",
                "crm.segmentation.pin",
                "crm.segmentation.control",
                "crm.segmentation.run",
                "crm.segmentation.change",
                "crm.segmentation.event",
                "crm.segmentation.mood",
                "crm.segmentation.source",
                "crm.segmentation.dirty",
            ):
                with (
                    self.subTest(group=group, model=model),
                    self.assertRaises(AccessError),
                ):
                    self.env[model].with_user(user).search([])
            fields = self.env["res.partner"].with_user(user).fields_get()
            self.assertNotIn("segmentation_ids", fields)
            self.assertNotIn("segmentation_membership_ids", fields)

    def test_companies(self):
        other = self._create_company(name="Other company")
        theirs = self._create_segmentation(("sale", ">", 50), company_id=other.id)
        shared = self._create_segmentation(("sale", ">", 50), company_id=False)
        visible = self.env["crm.segmentation"].with_user(self.manager).search([])
        self.assertNotIn(theirs, visible)
        self.assertIn(shared, visible)
        self.assertIn(self.segmentation, visible)
        with self.assertRaises(AccessError):
            theirs.with_user(self.manager).process_start()
        lines = self.env["crm.segmentation.line"].with_user(self.manager).search([])
        self.assertNotIn(theirs.segmentation_line, lines)
        runs = self.env["crm.segmentation.run"]
        (theirs + shared + self.segmentation).process_start()
        seen = runs.with_user(self.manager).search([]).segmentation_id
        self.assertNotIn(theirs, seen.sudo())
        self.assertIn(self.segmentation, seen)

    def test_events_of_other_companies(self):
        other = self._create_company(name="Other company")
        events = self.env["crm.segmentation.event"]
        ours, theirs, shared = events.create(
            [
                {"name": "Praise", "partner_id": self.customer.id, "company_id": id_}
                for id_ in (self.env.company.id, other.id, False)
            ]
        )
        self.assertEqual(
            events.with_user(self.reader).search([]) & (ours + theirs + shared),
            ours + shared,
        )

    def test_events_and_sources(self):
        """Users log events; what these are worth is the manager's to say."""
        vals = {"name": "Praise", "partner_id": self.customer.id, "score": 9}
        event = self.env["crm.segmentation.event"].with_user(self.reader).create(vals)
        event.score = 8
        with self.assertRaises(AccessError):
            event.unlink()
        source = self.env.ref("crm_segmentation.crm_segmentation_source_manual")
        with self.assertRaises(AccessError):
            source.with_user(self.reader).weight = 2
        source.with_user(self.manager).weight = 2
        with self.assertRaises(AccessError):
            source.with_user(self.manager).unlink()
        for model in ("run", "change", "dirty"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[f"crm.segmentation.{model}"].with_user(self.manager).create({})

    def test_undo_and_brake_are_for_managers(self):
        self.segmentation.process_start()
        segmentation = self.segmentation.with_user(self.reader)
        for name in ("action_undo", "action_release_brake"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                getattr(segmentation, name)()
        segmentation.with_user(self.manager).action_undo()

    def test_conditions_show_no_more_than_one_may_see(self):
        line = {"expr_name": "domain", "domain": "[('signup_type', '=', 'reset')]"}
        with self.assertRaises(AccessError):
            self.segmentation.with_user(self.manager).segmentation_line = [
                Command.create(line)
            ]
