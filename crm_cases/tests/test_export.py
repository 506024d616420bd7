import io
import json
import zipfile

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common import CasesCommon, CasesSetup


@tagged("post_install", "-at_install")
class TestExport(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls._case("Lamp of Carla", partner_id=cls.partner.id)
        cls.case.message_post(
            body="It is dark",
            attachments=[("../../evil name.txt", b"light")],
            subtype_xmlid="mail.mt_comment",
        )
        cls._case("Of somebody else", partner_id=cls.user_portal.partner_id.id)

    def _export(self, user):
        target = io.BytesIO()
        export = self.env["crm.case.export"].with_user(user)
        export._write_zip(self.partner.with_user(user), target)
        return zipfile.ZipFile(target)

    def test_everything_is_in_it_and_nothing_of_others(self):
        archive = self._export(self.user_leader)
        folder = f"cases/{self.case.number}"
        names = archive.namelist()
        self.assertIn(f"{folder}/case.json", names)
        self.assertIn(
            "It is dark", archive.read(f"{folder}/conversation.html").decode()
        )
        case = json.loads(archive.read(f"{folder}/case.json"))
        self.assertEqual(case["Subject"], "Lamp of Carla")
        contact = json.loads(archive.read("contact.json"))["contact"]
        self.assertEqual(contact["Email"], "carla@customer.example.com")
        [file] = [name for name in names if "/files/" in name]
        self.assertEqual(archive.read(file), b"light")
        self.assertFalse([name for name in names if ".." in name])
        self.assertEqual(len([n for n in names if n.endswith("case.json")]), 1)

    def test_for_leaders_only_and_for_what_they_may_read(self):
        for user in (self.user_member, self.user_portal, self.user_employee):
            with self.assertRaises(AccessError):
                self._export(user)
        self.team_care.write({"is_private": True, "user_id": self.user_member.id})
        names = self._export(self.user_leader).namelist()
        self.assertEqual(names, ["contact.json"])


@tagged("post_install", "-at_install")
class TestExportDownload(CasesSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()

    def test_download(self):
        self._case("Lamp of Carla", partner_id=self.partner.id)
        url = f"/crm_cases/person/{self.partner.id}.zip"
        self.authenticate("cases_leader", "cases_leader")
        answer = self.url_open(url)
        self.assertEqual(answer.headers["Content-Type"], "application/zip")
        names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        self.assertIn("contact.json", names)
        self.assertEqual(len(names), 3)
        self.authenticate("cases_member", "cases_member")
        self.assertNotEqual(
            self.url_open(url).headers["Content-Type"], "application/zip"
        )
