import io
import json
import zipfile
from datetime import datetime

import openpyxl

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common import CasesCommon, CasesSetup
from .test_import import OPTIONS, XLSX

NEEDED = "base.group_allow_export"


def read_archive(stream):
    with zipfile.ZipFile(stream) as archive:
        lines = archive.read("cases.jsonl").decode().splitlines()
        book = openpyxl.load_workbook(io.BytesIO(archive.read("cases.xlsx")))
        rows = [[c.value for c in row] for row in book.active.iter_rows()]
        files = {n: archive.read(n) for n in archive.namelist() if "/" in n}
    return [json.loads(line) for line in lines], rows, files


@tagged("post_install", "-at_install")
class TestMoveOut(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = cls.env.ref(NEEDED) + cls.env.ref("base.group_partner_manager")
        cls.user_manager.group_ids += groups
        cls.tags = cls.env["crm.case.tag"].create([{"name": "blue"}, {"name": "loud"}])
        cls.case = cls._case_in(
            "done",
            name="=1+1",
            partner_id=cls.partner.id,
            tag_ids=cls.tags.ids,
            priority="3",
            user_id=cls.user_member.id,
        )
        cls._created_on(cls.case, datetime(2024, 1, 2, 3, 4, 5))
        cls.case.message_post(
            body="Hello",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[("../../bill.txt", b"12 EUR")],
        )

    def export(self, cases, user=None):
        with cases.with_user(user or self.user_manager)._write_archive() as archive:
            return read_archive(archive)

    def test_everything_is_there(self):
        lines, rows, files = self.export(self.case)
        self.assertEqual(len(rows), 2)
        line = lines[0]
        self.assertEqual(line["case"]["name"], "=1+1")
        self.assertIn("Hello", "".join(m["body"] for m in line["messages"]))
        self.assertIn("Mia Member", line["followers"])
        (path, content), *others = files.items()
        self.assertEqual(content, b"12 EUR")
        self.assertFalse(others)
        self.assertEqual(list(line["files"].values()), [path])
        self.assertNotIn("..", path)
        self.assertEqual(path.count("/"), 2)
        self.assertNotIn("access_token", line["case"])

    def test_what_fits_no_cell_is_on_a_second_sheet(self):
        long = "<p>" + "Grüße " * 9_000 + "</p>"
        smiles = "\N{GRINNING FACE}" * 20_000
        self.case.write({"description": long, "name": smiles})
        with self.case.with_user(self.user_manager)._write_archive() as archive:
            sheet = zipfile.ZipFile(archive).read("cases.xlsx")
        cases, texts = openpyxl.load_workbook(io.BytesIO(sheet)).worksheets
        rows = [[c.value for c in row] for row in texts.iter_rows(min_row=2)]
        whole = self.case.description
        for label, text in (("Description", whole), ("Subject", smiles)):
            parts = [row for row in rows if row[1] == label]
            self.assertEqual("".join(row[3] for row in parts), text)
            self.assertEqual([r[2] for r in parts], list(range(1, len(parts) + 1)))
            self.assertEqual({row[0] for row in parts}, {cases["A2"].value})
        cells = [cell.value or "" for row in cases.iter_rows() for cell in row]
        for text in (*cells, *(row[3] for row in rows)):
            self.assertLessEqual(len(text.encode("utf-16-le")) // 2, 32_767)
        cut = [text for text in cells if "is on the sheet Long Texts" in text]
        self.assertEqual(len(cut), 2)
        self.run_import(sheet)
        self.assertEqual(self.case.description, whole, "a cut text changes nothing")
        self.assertEqual(self.case.name, smiles)

    def test_import_reads_what_was_exported(self):
        with self.case.with_user(self.user_manager)._write_archive() as archive:
            sheet = zipfile.ZipFile(archive).read("cases.xlsx")
        before = self.case.read(
            ["number", "state", "create_date", "date_open", "date_closed", "tag_ids"]
            + ["team_id", "type_id", "priority", "user_id", "email_from"]
        )
        messages = self.case.message_ids
        self.case.write({"name": "Else", "tag_ids": False, "priority": "1"})
        self.flush_tracking()
        messages = self.case.message_ids
        result = self.run_import(sheet)
        self.assertFalse(result["messages"])
        self.assertEqual(result["ids"], self.case.ids)
        self.flush_tracking()
        self.assertEqual(self.case.name, "=1+1")
        self.assertEqual(self.case.read(before[0].keys()), before)
        self.assertEqual(self.case.message_ids, messages)

    def run_import(self, sheet):
        wizard = (
            self.env["base_import.import"]
            .with_user(self.user_manager)
            .create({"res_model": "crm.case", "file": sheet, "file_type": XLSX})
        )
        preview = wizard.parse_preview(dict(OPTIONS))
        names = [
            "/".join(preview["matches"].get(index, [])) or False
            for index, _header in enumerate(preview["headers"])
        ]
        self.assertTrue(all(names), (preview["headers"], names))
        return wizard.execute_import(names, preview["headers"], preview["options"])

    def test_only_what_one_may_read(self):
        other = self._case("Not for Otto")
        self.user_other.group_ids += self.env.ref(NEEDED)
        with self.assertRaises(AccessError):
            self.export(other, self.user_other)
        export = self.env["crm.case.move.out"].with_user(self.user_other)
        mine = self._case("Mine", team_id=self.team_sales.id)
        wizard = export.create({"case_ids": mine.ids})
        wizard.sudo().case_ids += other
        self.assertEqual(wizard._get_cases(), mine)

    def test_export_is_a_right(self):
        self.user_leader.group_ids -= self.env.ref(NEEDED)
        with self.assertRaises(AccessError):
            self.case.with_user(self.user_leader).action_export_archive()
        with self.assertRaises(AccessError):
            self.env["crm.case"].with_user(self.user_other).action_export_all()

    def test_cost_does_not_grow_with_each_case(self):
        cases = self.case
        for number in range(20):
            cases |= self._case(f"Case {number}", partner_id=self.partner.id)
        self.export(cases)  # external ids
        self.env.flush_all()
        self.env.invalidate_all()
        counter = self.env.cr.sql_log_count
        self.export(cases[:3])
        few = self.env.cr.sql_log_count - counter
        self.env.invalidate_all()
        counter = self.env.cr.sql_log_count
        self.export(cases)
        many = self.env.cr.sql_log_count - counter
        self.assertLess(many - few, 3 * 18, (few, many))


@tagged("post_install", "-at_install")
class TestMoveOutDownload(CasesSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        for user in (cls.user_manager, cls.user_leader):
            user.group_ids += cls.env.ref(NEEDED)
            user.password = user.login

    def test_download(self):
        case = self._case()
        action = case.with_user(self.user_manager).action_export_archive()
        self.authenticate(self.user_manager.login, self.user_manager.login)
        answer = self.url_open(action["url"])
        self.assertEqual(answer.headers["Content-Type"], "application/zip")
        lines, _rows, _files = read_archive(io.BytesIO(answer.content))
        self.assertEqual([line["case"]["number"] for line in lines], [case.number])
        everything = self.env["crm.case"].with_user(self.user_manager)
        answer = self.url_open(everything.action_export_all()["url"])
        lines, _rows, _files = read_archive(io.BytesIO(answer.content))
        self.assertIn(case.number, [line["case"]["number"] for line in lines])

    def test_not_somebody_elses(self):
        action = self._case().with_user(self.user_manager).action_export_archive()
        self.authenticate(self.user_leader.login, self.user_leader.login)
        self.assertEqual(self.url_open(action["url"]).status_code, 404)
