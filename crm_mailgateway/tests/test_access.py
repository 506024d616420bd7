from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..trace import MailTrace
from .common import GatewayCommon, compose

ROLES = {
    "portal": "base.group_portal",
    "employee": "base.group_user",
    "member": "crm_cases.crm_cases_group_own",
    "all": "crm_cases.crm_cases_group_all",
    "manager": "crm_cases.crm_cases_group_manager",
    "system": "base.group_system",
}
MODELS = (
    "crm.mailgateway.message",
    "crm.mailgateway.raw",
    "crm.mailgateway.result",
    "crm.mailgateway.trace",
)
PROCESSING = "odoo.addons.crm_mailgateway.models.crm_mailgateway_processing"
READERS = ("all", "manager", "system")


@tagged("post_install", "-at_install")
class TestAccess(GatewayCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(cls.env, f"gateway_{name}", groups=group)
            for name, group in ROLES.items()
        }

    def test_matrix(self):
        """Who sees a case reads its mails; nobody edits anything."""
        row = self.receive(compose())
        records = {
            "crm.mailgateway.message": row,
            "crm.mailgateway.raw": self.env["crm.mailgateway.raw"].search(
                [("journal_id", "=", row.id)]
            ),
            "crm.mailgateway.result": self.env["crm.mailgateway.result"].search(
                [("journal_id", "=", row.id)]
            ),
            "crm.mailgateway.trace": self.env["crm.mailgateway.trace"].create(
                {"addresses": ["x@y.example"], "below_id": 1}
            ),
        }
        allowed = {
            ("crm.mailgateway.message", role, operation)
            for role in READERS
            for operation in ("read",)
        }
        for model in MODELS:
            for role, user in self.users.items():
                for operation in ("read", "write", "create", "unlink"):
                    with self.subTest(model=model, role=role, operation=operation):
                        self.assertEqual(
                            records[model].with_user(user).has_access(operation),
                            (model, role, operation) in allowed,
                        )

    def test_managers_of_cases_see_no_other_mail(self):
        row = self.receive(compose())
        row.write({"case_id": False, "res_model": "res.partner"})
        as_manager = row.with_user(self.users["manager"])
        self.assertFalse(as_manager.search([("id", "=", row.id)]))
        self.assertTrue(
            row.with_user(self.users["system"]).search([("id", "=", row.id)])
        )
        with self.assertRaises(AccessError):
            as_manager.read(["subject"])

    def test_who_may_decide_about_a_mail(self):
        row = self.receive(compose())
        row.state = "failed"
        self.forget_results(row)
        for button in ("action_retry", "action_ignore"):
            with self.assertRaises(AccessError):
                getattr(row.with_user(self.users["member"]), button)()
        row.with_user(self.users["manager"])._ignore("advertisement")
        self.assertEqual(row.state, "ignored")
        with self.assertRaises(AccessError):
            row.with_user(self.users["all"])._route({})

    def test_members_see_the_mails_of_their_cases_only(self):
        row = self.receive(compose())
        member = self.users["member"]
        as_member = row.with_user(member)
        self.assertFalse(as_member.search([("id", "=", row.id)]))
        self.team.member_ids = [Command.link(member.id)]
        self.assertTrue(as_member.search([("id", "=", row.id)]))
        self.assertEqual(row.case_id.with_user(member).received_mail_count, 1)
        self.assertIn("What can I do?", as_member.preview)
        row.case_id = False
        self.assertFalse(as_member.search([("id", "=", row.id)]))

    def test_mails_of_private_teams_are_private(self):
        """As their cases are: not even managers, who are not in the team, read them."""
        row = self.receive(compose())
        row.case_id.team_id.is_private = True
        outsiders = ("all", "manager", "system")
        for role in outsiders:
            as_role = row.with_user(self.users[role])
            self.assertFalse(as_role.search([("id", "=", row.id)]), role)
            with self.assertRaises(AccessError):
                as_role.read(["preview"])
        manager = self.users["manager"]
        self.team.member_ids = [Command.link(manager.id)]
        self.assertIn("What can I do?", row.with_user(manager).preview)

    def test_managers_see_what_nobody_could_route(self):
        """They are asked to decide; mail of other apps is still none of theirs."""
        as_manager = self.env["crm.mailgateway.message"].with_user(
            self.users["manager"]
        )
        deep = b"Content-Type: multipart/mixed\r\n" * 60 + b"\r\nbody"
        ours = b"Subject: Ours\r\nTo: support@gateway.example\r\n" + deep
        row = self.receive_quarantined(ours)
        self.assertTrue(as_manager.search([("id", "=", row.id)]))
        self.env["mail.alias"].create(
            {
                "alias_name": "jobs",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        theirs = b"Subject: Mine\r\nTo: Jobs <jobs@gateway.example>\r\n" + deep
        row = self.receive_quarantined(theirs)
        self.assertEqual(row.res_model, "res.partner")
        self.assertFalse(as_manager.search([("id", "=", row.id)]))

    def receive_quarantined(self, content, mailbox=False):
        journal = self.env["crm.mailgateway.message"]
        stored = journal._store(content, mailbox and mailbox.id, {"model": None})
        row = journal.browse(stored.id)
        self.assertEqual(row.state, "quarantined")
        return row

    def check_private(self, row):
        """Only who is in the private team sees a mail that has no case."""
        self.assertFalse(row.case_id)
        self.assertEqual(row.team_id, self.team)
        for role in ("all", "manager", "system"):
            as_role = row.with_user(self.users[role])
            self.assertFalse(as_role.search([("id", "=", row.id)]), role)
            with self.assertRaises(AccessError):
                as_role.read(["preview"])
        self.authenticate("gateway_system", "gateway_system")
        with mute_logger("odoo.http"):
            answer = self.url_open(f"/crm_mailgateway/eml/{row.id}")
        self.assertEqual(answer.status_code, 403)
        insider = self.insider
        self.assertTrue(row.with_user(insider).search([("id", "=", row.id)]))
        self.assertEqual(row._get_who_decides(), insider)

    def test_mails_for_private_teams_are_private_without_a_case(self):
        """Held back, failed, recognised as copies, or left by a deleted case."""
        self.insider = new_test_user(
            self.env, "gateway_insider", groups="crm_cases.crm_cases_group_manager"
        )
        self.team.write(
            {"is_private": True, "member_ids": [Command.link(self.insider.id)]}
        )
        deep = b"Content-Type: multipart/mixed\r\n" * 60 + b"\r\nbody"
        to_team = b"To: Support <support@gateway.example>\r\n" + deep
        self.check_private(self.receive_quarantined(to_team))
        mailbox = self.env["fetchmail.server"].create(
            {"name": "Private", "crm_case_team_id": self.team.id}
        )
        to_mailbox = b"To: whoever@elsewhere.example\r\n" + deep
        self.check_private(self.receive_quarantined(to_mailbox, mailbox))

        first = self.receive(compose())
        copy = self.receive(b"Received: again\r\n" + compose())
        self.check_private(copy)

        answer = self.receive(compose("An answer"))
        self.forget_results(answer)
        answer.write({"state": "received", "case_id": False, "res_id": False})
        answer.email_to = "whoever@elsewhere.example"
        reference = first.case_id.message_ids.filtered("message_id")[0].message_id
        trace = MailTrace(answer.id, answer.message_id, references={reference})
        with mute_logger(
            "odoo.addons.crm_mailgateway.models.crm_mailgateway_processing"
        ):
            answer._fail(answer.id, ValueError("whatever"), trace)
        self.check_private(answer)

        first.case_id.unlink()
        self.check_private(first)

    def test_managers_see_copies_of_the_mails_of_cases(self):
        """Two mails with one Message-ID need not say the same."""
        first = self.receive(compose())
        copy = self.receive(b"Received: again\r\n" + compose())
        self.assertEqual((copy.state, copy.team_id), ("ignored", self.team))
        as_manager = copy.with_user(self.users["manager"])
        self.assertTrue(as_manager.search([("id", "=", copy.id)]))
        as_manager._route(first.case_id.id)
        self.assertEqual(copy.case_id, first.case_id)

    def test_other_companies_see_no_mail_that_waits(self):
        row = self.receive_quarantined(
            b"To: support@gateway.example\r\n"
            + b"Content-Type: multipart/mixed\r\n" * 60
        )
        as_manager = row.with_user(self.users["manager"])
        self.assertTrue(as_manager.search([("id", "=", row.id)]))
        self.team.company_id = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(as_manager.search([("id", "=", row.id)]))

    def test_a_context_from_outside_changes_nothing(self):
        """What our own code hands on in the context cannot come by RPC."""
        row = self.receive(compose("First"))
        employee = self.users["employee"]
        gateway = self.env["mail.thread"].with_user(employee)
        forged = {
            "crm_mailgateway_row": [row.id, "received", "x", None, True],
            "crm_mailgateway_route": row.case_id.id,
            "crm_mailgateway_loop": {"content": "x", "stored": [row.id]},
        }
        gateway.with_context(**forged).message_process(None, compose("Second"))
        latest = self.env["crm.mailgateway.message"].search([], limit=1)
        self.assertEqual(latest.subject, "Second")
        self.assertNotEqual(latest.case_id, row.case_id)

    def test_cases_of_other_companies_cannot_be_filed_into(self):
        row = self.receive(compose())
        row.write({"state": "quarantined", "case_id": False, "res_model": "crm.case"})
        other = self.env["res.company"].create({"name": "Other"})
        team = self.env["crm.case.team"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        wizard = self.env["crm.mailgateway.route"].with_user(self.users["manager"])
        wizard = wizard.create({"received_ids": row.ids, "team_id": team.id})
        with self.assertRaises(AccessError):
            wizard.action_apply()

    def test_other_companies_see_nothing(self):
        row = self.receive(compose())
        row.case_id.company_id = self.env["res.company"].create({"name": "Other"})
        for role in ("all", "manager"):
            found = row.with_user(self.users[role]).search([("id", "=", row.id)])
            self.assertFalse(found, role)

    def test_wizards_are_for_those_who_decide(self):
        row = self.receive(compose())
        for model in ("crm.mailgateway.ignore", "crm.mailgateway.route"):
            for role, user in self.users.items():
                wizard = self.env[model].with_user(user)
                with self.subTest(model=model, role=role):
                    self.assertEqual(
                        wizard.has_access("create"), role in ("manager", "system")
                    )
        self.assertTrue(row)

    @mute_logger("odoo.http")
    def test_download(self):
        content = compose("Download me", "\x00 as it is")
        row = self.receive(content)
        url = f"/crm_mailgateway/eml/{row.id}"
        self.authenticate("gateway_member", "gateway_member")
        self.assertEqual(self.url_open(url).status_code, 403)
        self.authenticate("gateway_manager", "gateway_manager")
        answer = self.url_open(url)
        self.assertEqual(answer.content, content)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self.url_open(f"{url}000").status_code, 404)
        row._purge(row.ids)
        self.assertEqual(self.url_open(url).status_code, 404)
        with self.assertRaises(UserError):
            row.action_download()
