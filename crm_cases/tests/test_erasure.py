import os

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import CasesCommon

ADDRESS = "zora.quillfeather@privacy.example.com"
NAME = "Zora Quillfeather"
TEXT_COLUMNS = """
    SELECT c.table_name, c.column_name
      FROM information_schema.columns c
      JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
       AND c.data_type IN ('character varying', 'text', 'jsonb', 'tsvector', 'ARRAY')
"""


def find_everywhere(cr, word):
    """Names of all columns of the database in whose text a word stands."""
    cr.execute(TEXT_COLUMNS)
    found = []
    for table, column in cr.fetchall():
        cr.execute(
            f'SELECT count(*) FROM "{table}"'  # noqa: S608 names of the catalogue
            f' WHERE position(%s IN lower("{column}"::text)) > 0',
            [word.lower()],
        )
        if cr.fetchone()[0]:
            found.append(f"{table}.{column}")
    return found


@tagged("post_install", "-at_install")
class TestErasure(CasesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.env["res.partner"].create(
            {
                "name": NAME,
                "email": f'"{NAME}" <{ADDRESS}>',
                "phone": "+32 2 555 77 88",
                "comment": f"<p>{NAME} likes tea</p>",
                "street": "Quillfeather Lane 1",
            }
        )
        cls.case = cls._case(
            f"{NAME} asks about tea",
            partner_id=cls.person.id,
            description=f"<p>Call {NAME}, {ADDRESS}</p>",
            user_id=cls.user_member.id,
        )
        cls.other_case = cls._case(
            "Another matter",
            partner_id=cls.partner.id,
            email_cc=f"{NAME} <{ADDRESS}>, keep@cases.example.com",
        )
        cls.written = cls.case.message_post(
            body=f"I am {NAME}",
            subject=f"From {NAME}",
            author_id=cls.person.id,
            email_from=f"{NAME} <{ADDRESS}>",
            attachments=[("quillfeather.txt", b"Zora Quillfeather was here, 4711")],
            message_type="email",
            subtype_xmlid="mail.mt_comment",
        )
        cls.case.message_subscribe(cls.person.ids)
        cls.case.partner_name = "Z. Quillfeather"
        cls.case.activity_schedule(
            "mail.mail_activity_data_todo", note=f"Call {NAME}", summary=NAME
        )
        cls.env["rating.rating"].create(
            {
                "res_model_id": cls.env["ir.model"]._get_id("crm.case"),
                "res_id": cls.case.id,
                "partner_id": cls.person.id,
                "feedback": f"{NAME} is glad",
                "rating": 5,
            }
        )
        cls.other_case.message_post(
            body=f"please also tell {ADDRESS}", subtype_xmlid="mail.mt_comment"
        )
        cls.env["mail.blacklist"]._add(ADDRESS)
        cls.env["mail.gateway.allowed"].create({"email": ADDRESS})

    def _get_wizard(self, records, **values):
        return (
            self.env["crm.case.erase"]
            .with_user(self.user_manager)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create(values)
        )

    def test_person_is_found_nowhere(self):
        self.flush_tracking()
        self.assertTrue(find_everywhere(self.cr, ADDRESS))
        file = self.written.attachment_ids
        path = file._full_path(file.store_fname)
        self.assertTrue(os.path.exists(path))
        case, other, number = self.case, self.other_case, self.case.number
        self._get_wizard(self.person, is_sure=True).action_erase()
        self.flush_tracking()
        for word in (ADDRESS, NAME, "Quillfeather"):
            self.assertEqual(find_everywhere(self.cr, word), [], word)
        self.env["ir.attachment"]._gc_file_store_unsafe()
        self.assertFalse(os.path.exists(path), "the file left the disk")
        self.assertFalse(self.person.exists(), "nothing needed the contact")
        self.assertEqual(case.number, number)
        self.assertEqual(case.user_id, self.user_member, "who of us worked on it stays")
        self.assertEqual(other.email_cc, "keep@cases.example.com")
        self.assertEqual(other.partner_id, self.partner, "others are left alone")

    def test_whose_address_is_longer_is_somebody_else(self):
        """Neither is touched: what ends like the address, nor what begins like it."""
        for longer in (f"x{ADDRESS}", f"a.{ADDRESS}", f"{ADDRESS}.au"):
            case = self._case(f"Matter of {longer}", email_from=f"Xo <{longer}>")
            message = case.message_post(
                body=f"I am {longer}", email_from=longer, message_type="email"
            )
            mail = self.env["mail.mail"].create(
                {"email_to": longer, "subject": "Later", "body_html": longer}
            )
            with self.subTest(longer):
                self._get_wizard(self.person, is_sure=True).action_erase()
                self.env.invalidate_all()
                self.assertEqual(case.name, f"Matter of {longer}")
                self.assertEqual(case.email_normalized, longer)
                self.assertIn(f"I am {longer}", message.body)
                self.assertEqual(message.email_from, longer)
                self.assertEqual(mail.exists().email_to, longer)
                self.person = self.env["res.partner"].create(
                    {"name": NAME, "email": ADDRESS}
                )

    def test_mail_to_others_as_well_still_goes_to_them(self):
        mails = self.env["mail.mail"].create(
            [
                {"recipient_ids": (self.person + self.partner).ids},
                {"recipient_ids": self.person.ids},
                {"email_to": f"{NAME} <{ADDRESS}>"},
            ]
        )
        self._get_wizard(self.person, is_sure=True).action_erase()
        self.assertEqual(mails.exists(), mails[0])
        self.assertEqual(mails[0].recipient_ids, self.partner)

    def test_needed_contact_stays_without_name(self):
        account = self.env["res.partner"].create(
            {"name": "Tea Ltd", "parent_id": self.person.id}
        )
        wizard = self._get_wizard(self.person, is_sure=True)
        self.assertIn("Contact", wizard.preview)
        wizard.action_erase()
        self.assertFalse(self.person.active)
        self.assertFalse(self.person.email)
        self.assertEqual(self.person.name, "Erased contact")
        self.assertEqual(account.parent_id, self.person)

    def test_preview_counts(self):
        preview = self._get_wizard(self.case).preview
        self.assertIn("Cases: 1", preview)
        self.assertIn("Attachments of them: 1", preview)
        self.assertIn("Other cases the person watches: 1", preview)
        wizard = self._get_wizard(self.case)
        self.assertEqual(wizard.partner_ids, self.person)

    def test_case_without_contact(self):
        case = self._case("Tea", email_from="Yara Nocontact <yara@nowhere.example.com>")
        case.partner_id = False
        wizard = self._get_wizard(case, is_sure=True)
        self.assertEqual(wizard.addresses, "yara@nowhere.example.com")
        wizard.action_erase()
        self.flush_tracking()
        self.assertEqual(find_everywhere(self.cr, "yara@nowhere.example.com"), [])

    def test_shared_address_belongs_to_the_other_as_well(self):
        twin = self.env["res.partner"].create({"name": "Twin", "email": ADDRESS})
        case = self._case("Of the twin", partner_id=twin.id)
        wizard = self._get_wizard(self.person, is_sure=True)
        self.assertEqual(wizard.partner_ids, self.person | twin, "both are proposed")
        wizard.partner_ids = self.person
        wizard.action_erase()
        self.assertEqual(case.name, "Of the twin")
        self.assertEqual(twin.email, ADDRESS)

    def test_portal_account_is_closed(self):
        partner = self.user_portal.partner_id
        self._get_wizard(partner, is_sure=True).action_erase()
        self.assertFalse(self.user_portal.active)
        self.assertNotIn("portal", self.user_portal.login)

    def test_refusals(self):
        with self.assertRaises(UserError):
            self._get_wizard(self.person).action_erase()
        for ours in (self.user_member.partner_id, self.env.company.partner_id):
            with self.assertRaises(UserError):
                self._get_wizard(ours, is_sure=True).action_erase()
        with self.assertRaises(AccessError):
            self.env["crm.case.erase"].with_user(self.user_leader).create({})

    def test_an_address_of_ours_is_no_person(self):
        """It stands in every conversation."""
        domain = self.env["mail.alias.domain"].create({"name": "erase.example.com"})
        self.team_care.write({"alias_name": "care", "alias_domain_id": domain.id})
        for address in ("Care@erase.example.com", domain.catchall_email):
            wizard = self._get_wizard(self.person, is_sure=True, addresses=address)
            with self.assertRaisesRegex(UserError, "one of our own addresses"):
                wizard.action_erase()
        self.assertTrue(self.person.exists().name)

    def test_privacy_lookup_finds_cases(self):
        """It looks for stored fields of these names, and for links to contacts."""
        for model in ("crm.case", "crm.case.party"):
            self.assertTrue(self.env[model]._fields["email_normalized"].store)
            self.assertTrue(self.env[model]._fields["partner_id"].store)
        self.assertTrue(self.env["crm.case.request"]._fields["email"].store)

    def test_dialog_opens(self):
        form = Form(
            self.env["crm.case.erase"]
            .with_user(self.user_manager)
            .with_context(active_model="res.partner", active_ids=self.person.ids)
        )
        self.assertIn("Cases: 1", form.preview)
