from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models import crm_segmentation_reaction
from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestReactions(SegmentationCommon):
    """Server actions: once for who enters or leaves, never for those already in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls._create_partner("First")
        cls.second = cls._create_partner("Second")
        cls._create_invoice(cls.first, 500)
        cls.manager = new_test_user(
            cls.env,
            login="reacting_manager",
            groups="crm_segmentation.crm_segmentation_group_manager,"
            "base.group_partner_manager",
            company_id=cls.env.company.id,
        )
        cls.segmentation = cls._create_segmentation(("sale", ">", 100))
        cls.segmentation.with_user(cls.manager).write(
            {
                "enter_action_ids": [Command.set(cls._action("in").ids)],
                "leave_action_ids": [Command.set(cls._action("out").ids)],
            }
        )

    @classmethod
    def _action(cls, word, code=None):
        return cls.env["ir.actions.server"].create(
            {
                "name": f"Note {word}",
                "model_id": cls.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": code
                or f"record.write({{'ref': (record.ref or '') + '{word},'}})",
            }
        )

    def _run(self):
        self.segmentation.process_start()
        self._react()

    def _react(self):
        self.env["crm.segmentation.reaction"].sudo()._cron_react()

    def _reactions(self):
        return self.env["crm.segmentation.reaction"].search(
            [("segmentation_id", "=", self.segmentation.id)]
        )

    def test_time_is_up(self):
        """What does not fit into one call is done at once by the next one."""
        self._run()
        self._create_invoice(self.second, 500)
        self._create_invoice(self._create_partner("Third"), 500)
        self.segmentation.process_start()
        cron = self.env.ref("crm_segmentation.ir_cron_react").sudo()
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        with (
            patch.object(crm_segmentation_reaction, "BATCH_SIZE", 1),
            patch.object(type(self.segmentation), "_commit_range", return_value=0),
        ):
            self._react()
            triggers = self.env["ir.cron.trigger"].sudo()
            self.assertEqual(triggers.search([]).cron_id, cron)
            triggers.search([]).unlink()
            self._react()
            self.assertFalse(triggers.search([]), "nothing is left")
        self.assertEqual(self._reactions().mapped("state"), ["done", "done"])

    def test_once_per_entry(self):
        self._run()
        self.assertFalse(self.first.ref, "a first run calls nothing")
        self._create_invoice(self.second, 500)
        self._run()
        self._run()
        self._react()
        self.assertEqual(self.second.ref, "in,")
        self.assertFalse(self.first.ref)
        refund = self._create_invoice(self.second, 500, "out_refund")
        self._run()
        self.assertEqual(self.second.ref, "in,out,")
        refund.button_draft()
        self._run()
        self.assertEqual(self.second.ref, "in,out,in,")

    def test_limit_holds_and_asks(self):
        self._run()
        self.segmentation.reaction_limit = 2
        partners = [self._create_partner(f"P{number}") for number in range(3)]
        for partner in partners:
            self._create_invoice(partner, 500)
        self._run()
        self.assertEqual(self.segmentation.held_count, 3)
        self.assertFalse(partners[0].ref)
        self.segmentation.with_user(self.manager).action_release_reactions()
        self._react()
        self.assertEqual([partner.ref for partner in partners], ["in,"] * 3)
        with self.assertRaises(UserError):
            self.segmentation.action_release_reactions()

    def test_held_can_be_forgotten(self):
        self._run()
        self.segmentation.reaction_limit = 0
        self._create_invoice(self.second, 500)
        self._run()
        self.segmentation.action_drop_reactions()
        self._react()
        self.assertFalse(self.second.ref)

    def test_failure_is_kept_and_others_go_on(self):
        bad = self._action(
            "bad",
            "if record.name == 'Second': raise UserError('no')\n"
            "record.write({'ref': 'x'})",
        )
        self._run()
        self.segmentation.enter_action_ids = [Command.set(bad.ids)]
        third = self._create_partner("Third")
        for partner in (self.second, third):
            self._create_invoice(partner, 500)
        with mute_logger("odoo.addons.base.models.ir_actions"):
            self._run()
        states = {r.partner_id: r.state for r in self._reactions()}
        self.assertEqual(states, {self.second: "failed", third: "done"})
        self.assertIn("no", self._reactions().filtered("error").error)

    def test_what_failed_is_tried_again(self):
        fails = self._action("in", "raise UserError('No paper')")
        self.segmentation.with_user(self.manager).enter_action_ids = fails
        self._run()
        self._create_invoice(self.second, 500)
        self._run()
        failed = self._reactions()
        self.assertEqual((failed.state, failed.error), ("failed", "No paper"))
        fails.code = "record.write({'ref': 'printed'})"
        reader = new_test_user(
            self.env,
            login="reacting_reader",
            groups="crm_segmentation.crm_segmentation_group_user",
            company_id=self.env.company.id,
        )
        with self.assertRaises(AccessError):
            failed.with_user(reader).action_retry()
        failed.with_user(self.manager).action_retry()
        self.assertEqual((failed.state, failed.error), ("pending", False))
        self._react()
        self.assertEqual((failed.state, self.second.ref), ("done", "printed"))
        with self.assertRaisesRegex(UserError, "None of these failed"):
            failed.with_user(self.manager).action_retry()

    def test_undo_drops_what_is_owed(self):
        self._run()
        self._create_invoice(self.second, 500)
        self.segmentation.process_start()
        self.assertEqual(self._reactions().mapped("state"), ["pending"])
        self.segmentation.action_undo()
        self._react()
        self.assertEqual(self._reactions().mapped("state"), ["dropped"])
        self.assertFalse(self.second.ref)

    def test_preview_tells(self):
        self._run()
        self._create_invoice(self.second, 500)
        action = self.segmentation.action_preview()
        preview = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(preview.reactions, "Note in: 1")

    def test_rights_of_who_chose(self):
        self.assertEqual(self.segmentation.reaction_user_id, self.manager)
        code = "env['ir.config_parameter'].set_param('x', 'y')"
        self._run()
        action = self._action("evil", code)
        self.segmentation.with_user(self.manager).enter_action_ids = [
            Command.set(action.ids)
        ]
        self._create_invoice(self.second, 500)
        with mute_logger("odoo.addons.base.models.ir_actions"):
            self._run()
        self.assertEqual(self._reactions().state, "failed")
        self.assertFalse(self.env["ir.config_parameter"].sudo().get_param("x"))

    def test_nobody_chooses_for_others(self):
        admin = self.env.ref("base.user_admin")
        self.segmentation.with_user(self.manager).reaction_user_id = admin
        self.assertEqual(self.segmentation.reaction_user_id, self.manager)

    def test_who_chose_is_gone(self):
        self._run()
        self.manager.active = False
        self._create_invoice(self.second, 500)
        self._run()
        self.assertEqual(self._reactions().state, "failed")
        self.assertIn("is gone", self._reactions().error)
        self.assertFalse(self.second.ref)
