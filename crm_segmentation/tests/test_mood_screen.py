from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from .common import SegmentationCommon


@tagged("post_install", "-at_install")
class TestMoodScreen(SegmentationCommon):
    """The partner form shows the score that the engine computes, and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_partner("Customer", is_company=True)
        cls.today = fields.Date.today()
        cls.reader = new_test_user(
            cls.env,
            login="mood_reader",
            groups="crm_segmentation.crm_segmentation_group_user",
            company_id=cls.env.company.id,
        )

    def _log(self, days, score, **vals):
        return self.env["crm.segmentation.event"].create(
            {
                "name": "Call",
                "partner_id": self.partner.id,
                "date": self.today - timedelta(days=days),
                "score": score,
                **vals,
            }
        )

    def _get(self, user=None):
        return self.partner.with_user(user or self.reader).get_state_of_mind()

    def test_nothing_known(self):
        mood = self._get()
        self.assertIsNone(mood["score"])
        self.assertEqual(mood["events"], [])

    def test_score_is_the_engines(self):
        contact = self._create_partner("Contact", parent_id=self.partner.id)
        self._log(70, 8)
        self._log(35, 2, partner_id=contact.id)
        self._log(2, 9)
        self._log(3, 6)
        self._create_invoice(self.partner, 100, day=self.today - timedelta(days=40))
        score = self._get()["score"]
        segmentation = self._create_segmentation(("som", ">", 0))
        _matches, [(_line, value, _holds)] = segmentation._explain(self.partner)
        self.assertAlmostEqual(score, value, places=6)

    def test_events_and_word(self):
        mood = self.env.ref("crm_segmentation.crm_segmentation_mood_very_happy")
        event = self._log(1, 0, mood_id=mood.id, name="Praised us")
        event.score = mood.score
        for _number in range(3):
            self._log(1, 8.5)
        found = self._get()
        self.assertEqual(len(found["events"]), 4)
        self.assertIn("Praised us", [e["name"] for e in found["events"]])
        self.assertEqual(found["events"][0]["model"], "crm.segmentation.event")
        self.assertEqual(len(found["points"]), 12)
        self.assertTrue(found["mood"])

    def test_links_only_to_what_one_may_open(self):
        self._create_invoice(self.partner, 50, "out_refund")
        [event] = self._get()["events"]
        self.assertFalse(event["model"])
        self.assertFalse(event["name"])
        accountant = new_test_user(
            self.env,
            login="mood_accountant",
            groups="crm_segmentation.crm_segmentation_group_user,"
            "account.group_account_invoice",
            company_id=self.env.company.id,
        )
        [event] = self._get(accountant)["events"]
        self.assertEqual(event["model"], "account.move")

    def test_user_logs_an_event(self):
        action = self.partner.with_user(self.reader).action_log_event()
        event = (
            self.env[action["res_model"]]
            .with_user(self.reader)
            .with_context(**action["context"])
            .create(
                {
                    "name": "Complained",
                    "mood_id": self.env.ref(
                        "crm_segmentation.crm_segmentation_mood_fury"
                    ).id,
                }
            )
        )
        self.assertEqual(event.partner_id, self.partner)
        self.assertEqual(event.score, 1)
        self.assertEqual(event.user_id, self.reader)

    def test_few_statements(self):
        for number in range(20):
            self._log(number, 5)
        self._get()
        with self.assertQueryCount(30):
            self.env.invalidate_all()
            self.partner.get_state_of_mind()
