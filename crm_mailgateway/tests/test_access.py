from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

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
)


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
        """Managers and administrators read the journal; nobody edits anything."""
        row = self.receive(compose())
        records = {
            "crm.mailgateway.message": row,
            "crm.mailgateway.raw": self.env["crm.mailgateway.raw"].search(
                [("journal_id", "=", row.id)]
            ),
            "crm.mailgateway.result": self.env["crm.mailgateway.result"].search(
                [("journal_id", "=", row.id)]
            ),
        }
        allowed = {
            ("crm.mailgateway.message", role, operation)
            for role in ("manager", "system")
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
        for button in ("action_retry", "action_ignore"):
            with self.assertRaises(AccessError):
                getattr(row.with_user(self.users["member"]), button)()
        row.with_user(self.users["manager"]).action_ignore()
        self.assertEqual(row.state, "ignored")

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
