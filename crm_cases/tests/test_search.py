from unittest.mock import patch

from odoo.tests import tagged

from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestSearch(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._case(
            name="The rear lamp flickers",
            partner_id=cls.partner.id,
            description="<p>Since the <b>firmware</b> came</p>",
        )
        cls.case.message_post(
            body="Bought in Genève, receipt attached",
            message_type="comment",
            attachments=[("Quittung_2026-11.pdf", b"%PDF-1.4")],
        )
        cls.other = cls._case(name="Nothing of that")

    def _find(self, text, user=None, **kwargs):
        cases = self.env["crm.case"].with_user(user or self.user_member)
        return cases.search([("search_text", "ilike", text)], **kwargs)

    def test_whatever_is_remembered(self):
        number = self.case.number
        digits = "".join(filter(str.isdigit, number))
        for text in (
            number,
            digits,
            digits.lstrip("0"),
            "LAMP",
            "flick rear",
            "Carla",
            "carla@customer.example.com",
            "firmware",
            "geneve lamp",
            "Genève",
            "quittung",
            "carla quittung_2026",
        ):
            self.assertEqual(self._find(text), self.case, text)
        for text in ("lamp nothing", "amp", "strong", "xyz"):
            self.assertFalse(self._find(text), text)

    def test_hostile_text(self):
        both = self.case + self.other
        for text in ("", "   ", "'", "& | !", "\\", "((", "%", "\u2014"):
            self.assertLessEqual(both, self._find(text), text)
        for text in ("lamp' & !lamp", "lamp:*", "la\\mp", "'lamp", "lamp " * 500):
            self.assertEqual(self._find(text), self.case, text)
        self.assertFalse(self._find("x" * 10_000))

    def test_rights_are_those_of_cases(self):
        self.assertFalse(self._find("flickers", self.user_other))
        self.assertEqual(self._find("flickers", self.user_leader), self.case)
        self.case.active = False
        self.assertFalse(self._find("flickers"))

    def test_follows_what_changes(self):
        self.other.name = "The bell rings"
        self.assertFalse(self._find("nothing"))
        self.assertEqual(self._find("bell"), self.other)
        message = self.case.message_ids.filtered(lambda m: "Bought" in m.body)
        message.body = "Bought in Basel"
        self.assertFalse(self._find("geneve"))
        self.assertEqual(self._find("basel"), self.case)
        message.res_id = self.other.id
        self.assertEqual(self._find("basel"), self.other)
        message.unlink()
        self.assertFalse(self._find("basel"))

    def test_best_match_first(self):
        self.other.message_post(body="they say: lamp", message_type="comment")
        self.assertEqual(self._find("lamp"), self.case + self.other)
        self.assertEqual(self._find("lamp", order="id desc"), self.other + self.case)

    def test_counted_and_grouped(self):
        """What the web client asks for, with and without pages and groups."""
        cases = self.env["crm.case"].with_user(self.user_member)
        domain = [("search_text", "ilike", "lamp")]
        self.assertEqual(cases.search_count(domain), 1)
        self.assertEqual(cases.search_count(domain, limit=10), 1)
        found = cases.web_search_read(domain, {"name": {}}, limit=1, count_limit=10)
        self.assertEqual([case["id"] for case in found["records"]], self.case.ids)
        groups = cases.web_read_group(domain, ["stage_id"], ["__count"])
        self.assertEqual([group["__count"] for group in groups["groups"]][:1], [1])
        self.assertEqual(
            cases.search([*domain, ("parent_id", "=", False)]).env, cases.env
        )

    def test_a_case_of_many_long_mails(self):
        words = " ".join(f"word{n}é" for n in range(30_000))
        for _again in range(3):
            self.case.message_post(body=words, message_type="comment")
        self.assertEqual(self._find("word77e"), self.case)

    def test_a_hostile_mail_is_not_refused(self):
        """As many different words, of as many bytes, as anybody gets into all texts."""

        def text(start):
            return " ".join(
                chr(0x20000 + number // 200) + chr(0x20000 + number % 200)
                for number in range(start, start + 40_000)
            )

        self.case.write(
            {
                "name": text(0),
                "partner_name": text(40_000),
                "description": text(80_000),
            }
        )
        self.case.message_post(
            body="See there",
            attachments=[(text(120_000), b"x")],
            message_type="comment",
        )
        self.env["crm.case.document"]._write_stale()
        self.assertEqual(self._find(text(0)[:2]), self.case)

    def test_cases_from_elsewhere_are_added(self):
        self.env.flush_all()
        self.env["crm.case.document"]._write_stale()
        self.env.cr.execute(
            "DELETE FROM crm_case_document WHERE case_id = %s", self.case.ids
        )
        self.assertFalse(self._find("flickers"))
        with self.enter_registry_test_mode():
            self.env.ref("crm_cases.ir_cron_search").method_direct_trigger()
        self.assertEqual(self._find("flickers"), self.case)

    def test_written_once_and_right_before_the_commit(self):
        self.env.cr.precommit.run()
        self._case(name="Fresh")
        self.case.name = "Fresh again"
        with self.assertQueryCount(1):
            self.env["crm.case.document"]._write_stale()

    def test_common_words_need_no_index(self):
        """They are found without it, and rare ones with it, as statistics tell."""
        names = [f"Bicycle {number}" for number in range(9)]
        cases = self.case.browse([self._case(name=name).id for name in names])
        cases[0].name = "Bicycle with a tandem"
        documents = self.env["crm.case.document"]
        documents._write_stale()
        self.env.cr.execute("ANALYZE crm_case_document")
        module = "odoo.addons.crm_cases.models"
        for enough in (1_000_000, 1):
            with (
                self.subTest(enough=enough),
                patch(f"{module}.crm_case_document.ENOUGH", enough),
                patch(f"{module}.crm_case_search.RANKED_CASES", 5),
            ):
                self.assertLessEqual(cases, self._find("BICYC"))
                self.assertEqual(self._find("flicker"), self.case)
                self.assertEqual(self._find("bicycle tandem"), cases[0])
                self.assertFalse(self._find("bicycle flickers"))
                asked = documents._get_match("BICYC").code
                self.assertEqual("ts_match_vq" in asked, enough == 1)
                asked = documents._get_match("flicker bicycle").code
                self.assertIn("@@", asked)
                self.assertEqual("ts_match_vq" in asked, enough == 1)
                asked = documents._get_match("flicker").code
                self.assertNotIn("ts_match_vq", asked)
