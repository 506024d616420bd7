import csv
import io
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.crm_segmentation.controllers import main

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestMembers(SegmentationCommon):
    """Who was in on a day, and what is done for all who are in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._create_partner("Buyer")
        cls._create_invoice(cls.buyer, 500)
        cls.segmentation = cls._create_segmentation(("sale", ">", 100))
        cls.segmentation.process_start()
        cls.today = fields.Date.today()

    def _membership(self, **vals):
        return (
            self.env["crm.segmentation.membership"]
            .sudo()
            .create(
                {
                    "segmentation_id": self.segmentation.id,
                    "partner_id": self._create_partner("Former").id,
                    **vals,
                }
            )
        )

    def _find(self, day):
        return self.env["crm.segmentation.membership"].search(
            [("segmentation_id", "=", self.segmentation.id), ("in_on", "=", str(day))]
        )

    def test_in_on_a_day(self):
        past = self._membership(
            entered_on="2026-03-01 10:00", left_on="2026-03-05 10:00"
        )
        self.assertNotIn(past, self._find("2026-02-28"))
        self.assertIn(past, self._find("2026-03-01"))
        self.assertIn(past, self._find("2026-03-04"))
        self.assertNotIn(past, self._find("2026-03-05"))
        self.assertIn(self.buyer, self._find(self.today).partner_id)
        yesterday = self.today - timedelta(days=1)
        self.assertNotIn(self.buyer, self._find(yesterday).partner_id)

    def test_wizard_shows_the_day(self):
        action = self.segmentation.action_members_on_day()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        shown = wizard.action_show()
        found = self.env[shown["res_model"]].search(shown["domain"])
        self.assertIn(self.buyer, found.partner_id)
        self.assertIn(str(wizard.day), wizard.action_export()["url"])

    def _wizard(self, **vals):
        action = self.segmentation.action_member_actions()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def test_an_activity_each(self):
        wizard = self._wizard(kind="activity", summary="Call")
        wizard.action_apply()
        self.assertEqual(self.buyer.activity_ids.summary, "Call")
        self.assertEqual(self.buyer.activity_ids.user_id, self.env.user)

    def test_a_server_action_for_all(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Note",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": "records.write({'ref': 'done'})",
            }
        )
        self._wizard(kind="server", server_action_id=action.id).action_apply()
        self.assertEqual(self.buyer.ref, "done")

    def test_a_case_each(self):
        wizard = self._wizard(kind="case", summary="Visit")
        if "crm.case" not in self.env:
            with self.assertRaises(UserError):
                wizard.action_apply()
            return
        wizard.sudo().action_apply()
        cases = self.env["crm.case"].sudo()
        case = cases.search([("partner_id", "=", self.buyer.id)])
        self.assertEqual(case.name, "Visit")

    def test_nobody(self):
        self.segmentation = self._create_segmentation(("sale", ">", 1e9))
        with self.assertRaisesRegex(UserError, "Nobody"):
            self._wizard().action_apply()

    def test_mailing(self):
        if "mailing.mailing" not in self.env:
            self.assertFalse(self.segmentation.has_mailing)
            with self.assertRaises(UserError):
                self.segmentation.action_write_mailing()
        domain = self.segmentation._get_member_domain()
        self.assertIn(self.buyer, self.env["res.partner"].search(domain))


@tagged("post_install", "-at_install")
class TestMembersFile(HttpCase):
    """The file of members."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env["res.partner.category"].create({"name": "Gold"})
        cls.segmentation = cls.env["crm.segmentation"].create(
            {
                "name": "Gölden “one”",
                "categ_id": cls.category.id,
                "segmentation_type": "static",
            }
        )
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": "=HYPERLINK(1)", "email": "a@example.com"},
                {"name": 'Quote " and, comma', "city": "Paris"},
            ]
        )
        cls.env["crm.segmentation.membership"].create(
            [
                {"segmentation_id": cls.segmentation.id, "partner_id": partner.id}
                for partner in cls.partners
            ]
        )
        cls.reader = new_test_user(
            cls.env,
            login="file_reader",
            groups="crm_segmentation.crm_segmentation_group_user",
        )
        cls.employee = new_test_user(cls.env, login="file_employee")

    def _get(self, login, suffix=""):
        self.authenticate(login, login)
        url = f"/crm_segmentation/{self.segmentation.id}/members.csv{suffix}"
        return self.url_open(url)

    def test_rows(self):
        response = self._get("file_reader")
        self.assertEqual(response.status_code, 200)
        self.assertIn("text/csv", response.headers["Content-Type"])
        text = response.content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual(rows[0][:3], ["Id", "Name", "Email"])
        self.assertEqual(rows[1][1], "'=HYPERLINK(1)")
        self.assertEqual(rows[2][1], 'Quote " and, comma')
        self.assertEqual(len(rows), 3)

    def test_many_rows_come_in_pieces(self):
        with patch.object(main, "BATCH_SIZE", 1):
            text = self._get("file_reader").content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual([int(row[0]) for row in rows[1:]], self.partners.ids)

    def test_other_day_and_nonsense(self):
        text = self._get("file_reader", "?day=2020-01-01").content.decode("utf-8-sig")
        self.assertEqual(len(text.splitlines()), 1)
        self.assertEqual(self._get("file_reader", "?day=nonsense").status_code, 404)

    def test_not_for_others(self):
        self.assertEqual(self._get("file_employee").status_code, 404)
        self.segmentation.company_id = self.env["res.company"].create({"name": "Other"})
        self.assertEqual(self._get("file_reader").status_code, 404)
