from odoo.tests import BaseCase, tagged

from ..pipeline.attachments import BLOCKED, TOO_BIG, TOO_MANY, Policy, is_blocked, sift


@tagged("post_install", "-at_install")
class TestAttachmentPolicy(BaseCase):
    def test_names_that_run(self):
        extensions = Policy().extensions
        for name in ("a.exe", "a.EXE", "a.pdf.js", "a.exe.", "a.exe ", ".bat", "a.lnk"):
            self.assertTrue(is_blocked(name, extensions), name)
        for name in ("a.pdf", "exe", "a.exe.pdf", "", None, "a.txt"):
            self.assertFalse(is_blocked(name, extensions), name)

    def test_limits(self):
        policy = Policy(count=2, size=100)
        files = [("a.exe", 1), ("b", 60), ("c", 60), ("d", 40), ("e", 0)]
        self.assertEqual(sift(files, policy), [BLOCKED, None, TOO_BIG, None, TOO_MANY])
