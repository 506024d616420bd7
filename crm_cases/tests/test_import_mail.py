import io
import tracemalloc
import warnings
import zipfile
from datetime import datetime
from email.message import EmailMessage
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_cases.models import mail_files

from .common import CasesCommon

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
CARLA = "Carla <carla@customer.example.com>"
MIA = "Mia <cases_member@cases.example.com>"


def make_mail(number, subject="Broken lamp", sender=CARLA, to=MIA, refs=(), **kwargs):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = kwargs.get("date", f"Mon, {number:02} May 2023 10:00:00 +0200")
    if kwargs.get("has_id", True):
        message["Message-ID"] = f"<m{number}@old.example.com>"
    if refs:
        message["References"] = " ".join(f"<m{ref}@old.example.com>" for ref in refs)
    message.set_content(kwargs.get("body", f"Text {number}"))
    if kwargs.get("file"):
        message.add_attachment(PNG, "image", "png", filename=kwargs["file"])
    return message.as_bytes()


def make_mbox(*mails):
    return b"".join(b"From x Mon May  1 00:00:00 2023\n" + m + b"\n" for m in mails)


def make_zip(method=zipfile.ZIP_DEFLATED, **mails):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in mails.items():
            archive.writestr(f"box/{name}.eml", content)
    return buffer.getvalue()


@tagged("post_install", "-at_install")
class TestImportMail(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user_manager.group_ids += cls.env.ref("base.group_partner_manager")

    def bring_in(self, *files, user=None, **values):
        env = self.env(user=user or self.user_manager)
        attachments = env["ir.attachment"].create(
            [{"name": name, "raw": content} for name, content in files]
        )
        wizard = env["crm.case.import.mail"].create(
            {
                "attachment_ids": attachments.ids,
                "team_id": self.team_care.id,
                **values,
            }
        )
        wizard.action_import()
        return wizard

    def test_a_thread_becomes_a_case_with_its_past(self):
        mails = self.env["mail.mail"].search_count([])
        wizard = self.bring_in(
            (
                "old.mbox",
                make_mbox(  # the answer comes first in the file
                    make_mail(3, "Re: Broken lamp", MIA, CARLA, [2]),
                    make_mail(2, file="lamp.png"),
                    make_mail(9, "Another matter", "Bo <bo@else.example.com>"),
                ),
            )
        )
        self.assertEqual((wizard.added_count, wizard.case_count), (3, 2))
        case = wizard.case_ids.filtered(lambda c: c.name == "Broken lamp")
        asked, answered = case.message_ids.sorted("id")
        self.assertEqual(asked.date, datetime(2023, 5, 2, 8))
        self.assertEqual(asked.author_id, self.partner)
        self.assertEqual(asked.attachment_ids.name, "lamp.png")
        self.assertEqual(asked.attachment_ids.res_id, case.id)
        self.assertEqual(answered.author_id, self.user_member.partner_id)
        self.assertEqual(answered.parent_id, asked)
        self.assertEqual(case.create_date, asked.date)
        self.assertEqual(case.date_closed, answered.date)
        self.assertEqual((case.state, case.partner_id), ("done", self.partner))
        self.assertEqual(case.date_first_response, answered.date)
        self.assertEqual(case.date_last_customer_message, asked.date)
        self.flush_tracking()
        self.assertEqual(len(case.message_ids), 2)
        self.assertFalse(case.message_follower_ids)
        self.assertFalse(case.message_ids.notification_ids)
        self.assertFalse(case.user_id or case.rating_due)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def test_repeating_adds_nothing(self):
        box = ("old.mbox", make_mbox(make_mail(2), make_mail(3, refs=[2])))
        case = self.bring_in(box).case_ids
        again = self.bring_in(box)
        self.assertEqual((again.added_count, again.known_count), (0, 2))
        later = self.bring_in(("new.eml", make_mail(4, "Re: x", refs=[3])), box)
        self.assertEqual((later.added_count, later.case_ids), (1, case))
        self.assertEqual(len(case.message_ids), 3)

    def test_mail_without_id_comes_once(self):
        mail = ("one.eml", make_mail(2, has_id=False))
        self.assertEqual(self.bring_in(mail).added_count, 1)
        self.assertEqual(self.bring_in(mail).added_count, 0)

    def test_number_in_the_subject(self):
        case = self._case()
        before = case.state, case.date_action_last
        wizard = self.bring_in(
            ("a.eml", make_mail(2, f"Re: [{case.number}] lamp")),
            ("b.eml", make_mail(3, f"About #{case.number}")),
        )
        self.assertEqual(wizard.case_ids, case)
        self.assertFalse(wizard.case_count)
        self.assertEqual((case.state, case.date_action_last), before)
        self.assertEqual(case.date_last_customer_message, datetime(2023, 5, 3, 8))

    def test_members_of_one_name_are_mails_of_their_own(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the exporting program did not hear
            for number in (2, 3):
                archive.writestr("mail.eml", make_mail(number, f"Subject {number}"))
        wizard = self.bring_in(("box.zip", buffer.getvalue()))
        self.assertEqual(wizard.added_count, 2)
        cases = wizard.case_ids.sorted("create_date")
        self.assertEqual(cases.mapped("name"), ["Subject 2", "Subject 3"])
        for case, text in zip(cases, ("Text 2", "Text 3"), strict=True):
            self.assertIn(text, case.message_ids[-1:].body)

    def test_zip_and_several_files(self):
        wizard = self.bring_in(
            ("box.zip", make_zip(one=make_mail(2), two=make_mail(3, "Other"))),
            ("three.eml", make_mail(4, "Third")),
        )
        self.assertEqual((wizard.added_count, wizard.case_count), (3, 3))

    @mute_logger("odoo.addons.crm_cases.wizards.crm_case_import_mail")
    def test_bad_mails_are_listed_and_hold_up_nobody(self):
        real = type(self.env["mail.thread"]).message_parse

        def fail_on_three(thread, message, **kwargs):
            if message["Subject"] == "Three":
                raise ValueError("strange part")
            return real(thread, message, **kwargs)

        endless = b"X: " + b"y" * (mail_files.MAX_HEADER + 1) + b"\n\nbody"
        with patch.object(
            self.env.registry["mail.thread"], "message_parse", fail_on_three
        ):
            wizard = self.bring_in(
                ("good.eml", make_mail(2)),
                ("three.eml", make_mail(3, "Three")),
                ("none.eml", b"just text\n\nmore"),
                ("header.eml", endless),
                ("broken.zip", b"PK\x03\x04 no archive"),
            )
        self.assertEqual((wizard.added_count, wizard.failed_count), (1, 4))
        reasons = " ".join(wizard.line_ids.mapped("reason"))
        for words in ("strange part", "is no mail", "too long", "damaged"):
            self.assertIn(words, reasons)

    def test_whatever_is_wrong_with_an_archive_it_is_told(self):
        """Every byte of archives of all methods, spoilt in several ways."""
        methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        found = set()
        for method in (*methods, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            archive = make_zip(method, one=make_mail(2), **{"zw\N{DIGIT TWO}ö": b"x"})
            for place in range(len(archive)):
                for wrong in (0, 255, archive[place] ^ 1):
                    spoilt = bytearray(archive)
                    spoilt[place] = wrong
                    stream = io.BytesIO(bytes(spoilt))
                    entries = mail_files.index(0, "box.zip", stream)
                    found |= {entry.problem for entry in entries}
        self.assertIn("damaged", found)
        self.assertIn(None, found)

    def test_an_endless_line_is_not_unpacked(self):
        bomb = io.BytesIO(make_zip(bomb=b"X: " + b"A" * 32 * 2**20))
        tracemalloc.start()
        try:
            [entry] = mail_files.index(0, "bomb.zip", bomb)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertEqual(entry.problem, "header")
        self.assertLess(peak, 8 * 2**20)

    def test_large_mails_are_not_read(self):
        with patch.object(mail_files, "MAX_MAIL", 2000):
            wizard = self.bring_in(
                ("a.mbox", make_mbox(make_mail(2, body="x" * 3000), make_mail(3))),
                ("b.zip", make_zip(big=make_mail(4, body="word " * 3000))),
            )
        self.assertEqual((wizard.added_count, wizard.failed_count), (1, 2))

    def test_continue_takes_up_what_is_left(self):
        module = "odoo.addons.crm_cases.wizards.crm_case_import_mail"
        with patch(f"{module}.SECONDS", -1):
            wizard = self.bring_in(("a.mbox", make_mbox(make_mail(2), make_mail(3))))
        self.assertEqual((wizard.added_count, wizard.left_count), (0, 2))
        wizard.action_import()
        self.assertEqual((wizard.added_count, wizard.left_count), (2, 0))
        self.assertFalse(wizard.known_count)

    def test_only_managers(self):
        with self.assertRaises(AccessError):
            self.bring_in(("a.eml", make_mail(2)), user=self.user_leader)
        with self.assertRaises(UserError):
            self.bring_in()

    def test_no_case_follows_a_hostile_body(self):
        body = "Hello <script>alert(1)</script>"
        case = self.bring_in(("a.eml", make_mail(2, body=body))).case_ids
        self.assertNotIn("<script", case.message_ids.body)

    def test_archive_of_many_mails_is_opened_once(self):
        """What is read of it grows with the mails, not with their square."""
        read = {}
        for count in (100, 2000):
            mails = {f"m{n}": make_mail(n % 28 + 1, f"Mail {n}") for n in range(count)}
            stream = io.BytesIO(make_zip(**mails))
            opened = zipfile.ZipFile._RealGetContents
            with patch.object(
                zipfile.ZipFile, "_RealGetContents", autospec=True, side_effect=opened
            ) as directory:
                entries = list(mail_files.index(0, "box.zip", stream))
                raws = [mail_files.read(entry, stream) for entry in entries]
            self.assertEqual(raws, list(mails.values()))
            read[count] = directory.call_count
        self.assertEqual(read, {100: 1, 2000: 1})

    def test_no_calendar_is_read_from_then_to_now(self):
        """Each mail cost a reading of all the years since."""
        self.assertTrue(self.env.company.resource_calendar_id)
        calendar = self.env.registry["resource.calendar"]
        with patch.object(calendar, "_work_intervals_batch") as read:
            wizard = self.bring_in(("old.eml", make_mail(3)))
        self.assertEqual(wizard.added_count, 1)
        read.assert_not_called()
