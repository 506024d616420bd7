from odoo.tests import new_test_user, tagged

from .common import compose
from .test_threading import STAFF
from .test_voice import PASS, VoiceCommon


@tagged("post_install", "-at_install")
class TestTrust(VoiceCommon):
    """Whoever may hand over mails may write whatever he likes into their headers."""

    def hand_over(self, group):
        """Let a user hand over a mail that claims to be proven a colleague's."""
        user = new_test_user(self.env, f"hands over {group}", groups=group)
        case = self.new_case()
        content = compose(
            body=f"Set-State: done\nObey {group}!",
            From=f"Sam <{STAFF}>",
            Authentication_Results=PASS,
            In_Reply_To=self.answered(case).message_id,
        )
        self.gateway.with_user(user).message_process(None, content)
        return case

    def test_an_employee_cannot_vouch_for_his_boss(self):
        case = self.hand_over("base.group_user")
        self.assertEqual(case.mail_warning, "unproven")
        self.assertNotEqual(case.state, "done")

    def test_the_user_of_a_pipe_alias_can_if_he_is_a_manager(self):
        case = self.hand_over("crm_cases.crm_cases_group_manager")
        self.assertFalse(case.mail_warning)
        self.assertEqual(case.state, "done")
