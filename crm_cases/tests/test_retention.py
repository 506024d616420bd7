from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestRetention(CasesCommon):
    def _closed(self, days, **values):
        case = self._case_in("done", partner_id=self.partner.id, **values)
        case.message_post(body="Secret words", subtype_xmlid="mail.mt_comment")
        self._age(case, days)
        return case

    def _age(self, case, days):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_case SET date_closed = %s WHERE id = %s",
            (fields.Datetime.now() - timedelta(days=days), case.id),
        )
        case.invalidate_recordset()

    def _run(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_cases.ir_cron_retention").method_direct_trigger()
        self.env.invalidate_all()

    def test_off_by_default(self):
        case = self._closed(5000)
        self._run()
        self.assertEqual(case.name, "The lamp flickers")

    def test_anonymise_after_months(self):
        self.team_care.write({"retention_policy": "anonymise", "retention_months": 12})
        old, young = self._closed(400), self._closed(300)
        opened = self._case_in("open")
        elsewhere = self._closed(400, team_id=self.team_sales.id)
        number = old.number
        self._run()
        self.assertEqual((old.name, old.number), ("Erased", number))
        self.assertFalse(old.partner_id or old.email_from)
        self.assertNotIn("Secret words", str(old.message_ids.mapped("body")))
        self.assertTrue(old.erased_on)
        for case in (young, opened, elsewhere):
            self.assertEqual(case.name, "The lamp flickers")
        none = self.env["crm.case"]
        self.assertFalse(self.team_care._find_expired(none), "once is enough")
        self.assertTrue(self.partner.active, "the contact is not the team's to forget")

    def test_opened_again_and_closed_again(self):
        self.team_care.write({"retention_policy": "anonymise", "retention_months": 12})
        case = self._closed(400)
        self._run()
        case.action_open()
        self.assertFalse(case.erased_on)

    def test_delete_merged_ones_first(self):
        self.team_care.write({"retention_policy": "delete", "retention_months": 12})
        survivor, merged = self._closed(400), self._closed(400)
        merged.merged_into_id = survivor
        kept = self._closed(10)
        self._run()
        self.assertFalse((survivor | merged).exists())
        self.assertTrue(kept.exists())

    def test_one_that_cannot_go_keeps_back_no_other(self):
        self.team_care.write({"retention_policy": "delete", "retention_months": 12})
        before, stuck, after = [self._closed(400) for _number in range(3)]
        real = type(before).unlink

        def unlink(cases):
            if stuck in cases:
                raise ValueError("Needed elsewhere")
            return real(cases)

        logger = "odoo.addons.crm_cases.models.crm_case_retention"
        with (
            patch.object(self.env.registry["crm.case"], "unlink", unlink),
            mute_logger(logger),
        ):
            self._run()
        self.assertEqual((before | stuck | after).exists(), stuck)
        self.assertEqual(stuck.name, "The lamp flickers", "nothing half done")

    def test_preview_counts_and_changes_nothing(self):
        self.team_care.write({"retention_policy": "anonymise", "retention_months": 12})
        case = self._closed(400)
        message = self.team_care.action_preview_retention()["params"]["message"]
        self.assertIn("Cases due today: 1", message)
        self.assertEqual(case.name, "The lamp flickers")

    def test_months_are_needed(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.cr.savepoint(),
        ):
            self.team_care.write({"retention_policy": "delete", "retention_months": 0})
            self.env.flush_all()
