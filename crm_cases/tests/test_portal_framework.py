import json
import re

from odoo import http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common_portal import PortalSetup

SAID = "said openly"
HIDDEN = ("said among us", "hidden.txt", "loose.txt")
FILE_TOKEN = re.compile('"(raw_access|ownership|thumbnail_access)_token": "')
# Visitors: login, and whose links they hold.
VISITORS = {
    "customer": ("cases_portal", None),
    "colleague": ("cases_colleague", None),
    "supplier": ("cases_supplier", None),
    "rival": ("cases_rival", None),
    "stranger": ("cases_stranger", None),
    "nobody": (None, None),
    "nobody with a link to the case": (None, "case"),
    "nobody with a link to the conversation": (None, "party"),
    "stranger with a link to the case": ("cases_stranger", "case"),
}
QUIET = (
    "odoo.http",
    "odoo.addons.base.models.ir_rule",
    "odoo.addons.base.models.ir_model",
    "odoo.orm.models",
    "odoo.models",
)


@tagged("post_install", "-at_install")
class TestPortalFramework(PortalSetup, HttpCase):
    """The framework's own doors, for everybody, on a case and on the conversation with
    a supplier: they tell who may read the record what was said there, nobody else, and
    change nothing. A link opens none of them, a token of a file is given to nobody.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_portal()
        cls.supplier = cls._portal_user("cases_supplier", "Sue Supplier")
        cls.rival = cls._portal_user("cases_rival", "Rex Rival")
        cls.party, cls.other_party = cls.env["crm.case.party"].create(
            [
                {"case_id": cls.mine.id, "partner_id": user.partner_id.id, "name": name}
                for user, name in ((cls.supplier, "Spokes"), (cls.rival, "Rims"))
            ]
        )
        cls.mine.email_cc = "watcher@hidden.example.com"
        cls.records = {"case": cls.mine, "party": cls.party}
        cls.spoken = {name: cls._talk(rec) for name, rec in cls.records.items()}
        cls.question = cls.env["rating.rating"].create(
            {
                "res_model_id": cls.env["ir.model"]._get_id("crm.case"),
                "res_id": cls.mine.id,
                "partner_id": cls.pia.id,
            }
        )

    @classmethod
    def _talk(cls, record):
        """An open message, a note and a loose file; returns messages and files."""
        messages = [
            record.with_user(cls.user_leader).message_post(
                body=text,
                message_type="comment",
                subtype_xmlid=subtype,
                attachments=[(name, b"%PDF secret content")],
            )
            for text, subtype, name in (
                (SAID, "mail.mt_comment", "open.txt"),
                ("said among us", "mail.mt_note", "hidden.txt"),
            )
        ]
        loose = {"name": "loose.txt", "raw": b"%PDF secret content"}
        loose = cls.env["ir.attachment"].create(
            {**loose, "res_model": record._name, "res_id": record.id}
        )
        messages = messages[0] + messages[1]
        return messages, messages.attachment_ids + loose

    # Visits

    def _enter(self, name):
        """Come as a visitor; returns what his link says."""
        login, linked = VISITORS[name]
        self.login(login) if login else self.authenticate(None, None)
        if not linked:
            return {}
        record = self.records[linked]
        partner = record.partner_id
        return {
            "token": record._portal_ensure_token(),
            "hash": record._sign_token(partner.id),
            "pid": partner.id,
        }

    def _call(self, url, **params):
        answer = self.url_open(
            url,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return answer.text

    def _rpc(self, model, method, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._call(f"/web/dataset/call_kw/{model}/{method}", **params)

    def _read_all(self, record, link, messages, files):
        """Every door that tells something.

        :return: dict of answers by door
        """
        thread = {"thread_model": record._name, "thread_id": record.id, **link}
        query = f"access_token={link.get('token', '')}"
        doors = {
            "fetch": self._call("/mail/chatter_fetch", fetch_params={}, **thread),
            "init": self._call("/portal/chatter_init", **thread),
            "thread": self._call("/mail/thread/messages", **thread),
            "who": self._call("/mail/thread/recipients", **thread),
            "search": self._rpc("mail.message", "search_read", [], ["body"]),
            "files": self._rpc("ir.attachment", "search_read", [], ["name"]),
        }
        for file in files:
            for path in ("/web/content", "/mail/attachment/pdf_first_page"):
                url = f"{path}/{file.id}?{query}"
                doors[f"{path} {file.name}"] = self.url_open(url).text
            data = {"file_ids": str(file.id), "zip_name": "all.zip"}
            zipped = self.post("/mail/attachment/zip", **data).content
            doors[f"zip {file.name}"] = str(b"PK" in zipped and b"secret" in zipped)
        return doors

    def _try_to_change(self, record, link, messages, files):
        """Every door that changes something."""
        thread = {"thread_model": record._name, "thread_id": record.id, **link}
        post = {"body": "Intruder", "message_type": "comment"}
        self._call("/mail/message/post", post_data=post, **thread)
        self._rpc(record._name, "message_post", [record.id], body="Intruder")
        for message in messages:
            self._call(
                "/mail/message/update_content",
                message_id=message.id,
                update_data={"body": "Changed", "attachment_ids": []},
                **link,
            )
            is_internal = {"message_id": message.id, "is_internal": False}
            self._call("/mail/update_is_internal", **is_internal)
        for file in files:
            self._call("/mail/attachment/delete", attachment_id=file.id)
        upload = {"ufile": ("evil.exe", b"evil", "text/plain")}
        self.post("/mail/attachment/upload", files=upload, **thread)
        subscribe = {"res_model": record._name, "res_id": record.id}
        partners = {"partner_ids": self.rival.partner_id.ids}
        self._call("/mail/thread/subscribe", **subscribe, **partners)
        self._call("/mail/thread/unsubscribe", **subscribe, **partners)

    def _state_of(self, record):
        self.env.invalidate_all()
        domain = [("res_model", "=", record._name), ("res_id", "=", record.id)]
        files = self.env["ir.attachment"].search(domain)
        messages = record.message_ids
        return (
            [(message.id, message.body, message.is_internal) for message in messages],
            [(file.id, file.raw) for file in files],
            sorted(record.message_partner_ids.ids),
        )

    # The matrix

    def _expect(self, readers, visitors=tuple(VISITORS)):
        """:param dict readers: who may read what, by its name"""
        for name in visitors:
            link = self._enter(name)
            for key, record in self.records.items():
                with self.subTest(f"{name}: {key}"), mute_logger(*QUIET):
                    doors = self._read_all(record, link, *self.spoken[key])
                    self._check_doors(doors, name in readers[key])
                    before = self._state_of(record)
                    self._try_to_change(record, link, *self.spoken[key])
                    self.assertEqual(self._state_of(record), before)

    def _check_doors(self, doors, is_reader):
        self.assertEqual(SAID in doors["fetch"], is_reader)
        for door, text in doors.items():
            for hidden in HIDDEN:
                self.assertNotIn(hidden, text, door)
            self.assertFalse(FILE_TOKEN.search(text), door)
            self.assertNotIn("watcher@", text, door)
            if "open.txt" not in door:
                self.assertNotIn("secret content", text, door)
            if not is_reader:
                self.assertNotIn("secret", text, door)
                self.assertNotEqual(text, "True", door)

    def test_everybody(self):
        self._expect({"case": {"customer", "colleague"}, "party": {"supplier"}})

    def test_archived(self):
        self.mine.active = False
        visitors = ("customer", "supplier", "nobody with a link to the case")
        self._expect({"case": set(), "party": {"supplier"}}, visitors)

    def test_fields(self):
        """By RPC nobody outside reads more of a record than its pages show."""
        closed = {
            "cases_portal": (
                self.mine,
                ("access_token", "email_cc", "description", "date_deadline",
                 "pending_reason", "user_id", "escalation_level", "sla_deadline",
                 "message_partner_ids", "planned_revenue", "is_automatic"),
            ),
            "cases_supplier": (
                self.party,
                ("access_token", "case_id", "last_answer", "message_partner_ids"),
            ),
        }  # fmt: skip
        for login, (record, names) in closed.items():
            self.login(login)
            with mute_logger(*QUIET):
                whole = self._rpc(record._name, "read", [record.id])
                self.assertIn("result", whole)
                for name in names:
                    self.assertNotIn(f'"{name}"', whole)
                    read = self._rpc(record._name, "read", [record.id], [name])
                    self.assertIn("error", read, name)
                    domain = [(name, "=", 1 if name == "case_id" else False)]
                    found = self._rpc(record._name, "search_count", domain)
                    self.assertIn("error", found, name)

    def test_author_is_not_forged(self):
        """A customer cannot speak in our name, by no parameter."""
        self.login("cases_portal")
        before = len(self.mine.message_ids)
        with mute_logger(*QUIET):
            answer = self._rpc(
                "crm.case",
                "message_post",
                [self.mine.id],
                body="Paid in full",
                author_id=self.user_leader.partner_id.id,
            )
        self.assertIn("error", answer)
        self.mine.invalidate_recordset()
        self.assertEqual(len(self.mine.message_ids), before)

    # Questions whether somebody is satisfied

    def _rating_pages(self):
        token = self.question.access_token
        return [self.url_open(f"/cases/rate/{token}?rate=5"), *self._core_rating(token)]

    def _core_rating(self, token):
        yield self.url_open(f"/rate/{token}/5")
        yield self.post(f"/rate/{token}/submit_feedback", rate=1, feedback="Bad")

    def test_rating_has_one_door(self):
        self.authenticate(None, None)
        with mute_logger(*QUIET):
            ours, *core = self._rating_pages()
        self.assertEqual(ours.status_code, 200)
        self.assertEqual([page.status_code for page in core], [404, 404])
        self.question.invalidate_recordset()
        self.assertFalse(self.question.consumed)

    @mute_logger(*QUIET)
    def test_rating_of_what_is_put_away(self):
        self.authenticate(None, None)
        self.mine.active = False
        self.assertEqual({page.status_code for page in self._rating_pages()}, {404})

    @mute_logger(*QUIET)
    def test_revoking_reaches_every_link(self):
        """The case, the question, the confirmation of the form, the conversation."""
        wanted = self.env["crm.case.request"].create(
            {"name": "F", "email": "pia@x.example.com", "team_id": self.team_care.id}
        )
        wanted.case_id = self.mine
        urls = [
            self.mine.get_portal_url(),
            self.party.get_portal_url(),
            f"/cases/rate/{self.question.access_token}",
            f"/cases/confirm/{wanted._get_token()}",
        ]
        self.authenticate(None, None)
        shown = ("Bent spoke", "Spokes", "Bent spoke", "Bent spoke")
        for url, secret in zip(urls, shown, strict=True):
            self.assertIn(secret, self.url_open(url).text, url)
        self.mine.with_user(self.user_member).action_revoke_links()
        self.party.with_user(self.user_member).action_revoke_links()
        for url, secret in zip(urls, shown, strict=True):
            self.assertNotIn(secret, self.url_open(url).text, url)

    @mute_logger(*QUIET)
    def test_archives_are_for_staff(self):
        """Nobody outside gets cases or persons as a file, not even his own."""
        export = self.env["crm.case.move.out"].create({})
        own = self.user_portal.partner_id
        for login in ("cases_portal", None):
            self.authenticate(login, login)
            for url in (
                f"/cases/archive/{export.id}",
                f"/crm_cases/person/{own.id}.zip",
                f"/crm_cases/person/{self.partner.id}.zip",
            ):
                answer = self.url_open(url)
                self.assertNotIn("zip", answer.headers["Content-Type"], (login, url))
                self.assertNotIn(b"PK", answer.content[:2])

    def test_every_route_is_known(self):
        """Whoever adds an address adds it to a matrix of these tests."""
        ours = {re.sub(r"<[^>]*>", "*", url) for url in self._get_urls(http.Controller)}
        known = {
            "/my/cases", "/my/cases/page/*", "/my/cases/new", "/my/cases/*",
            "/my/cases/*/*", "/my/cases/*/watchers", "/my/cases/*/print",
            "/my/cases/*/files/*", "/my/cases/*/rate", "/my/case-parties",
            "/my/case-parties/page/*", "/my/case-parties/*",
            "/my/case-parties/*/answer",
            "/my/case-parties/*/files/*", "/cases/new/*", "/cases/confirm/*",
            "/cases/rate/*",
            # Of staff, see below
            "/cases/archive/*", "/crm_cases/person/*.zip",
        }  # fmt: skip
        self.assertEqual(ours, known)

    def _get_urls(self, controller):
        """The addresses that this addon adds by a controller and those below it."""
        if controller.__module__.startswith("odoo.addons.crm_cases."):
            for method in vars(controller).values():
                yield from getattr(method, "original_routing", {}).get("routes") or ()
        for child in controller.__subclasses__():
            yield from self._get_urls(child)
