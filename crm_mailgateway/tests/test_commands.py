from odoo.tests import BaseCase, tagged

from ..pipeline.commands import COMMANDS, MAX_COMMANDS, Command, read_instructions


@tagged("post_install", "-at_install")
class TestCommands(BaseCase):
    def test_commands_and_notes_at_the_top_are_taken_out(self):
        found = read_instructions(
            "Set-State: done\nset-priority:2\n\nNote: call first\nDear Robin\nBye"
        )
        self.assertEqual(
            found.commands, (Command("state", "done"), Command("priority", "2"))
        )
        self.assertEqual(found.notes, ("call first",))
        self.assertEqual(found.text, "Dear Robin\nBye")
        self.assertTrue(found)

    def test_the_first_line_of_text_ends_them(self):
        text = "Dear Robin\nSet-State: done"
        found = read_instructions(text)
        self.assertFalse(found)
        self.assertEqual(found.text, text)

    def test_quoted_commands_are_text(self):
        for text in ("> Set-State: done", "Re: Set-State: done", "Set State: done"):
            self.assertFalse(read_instructions(text))

    def test_unknown_commands_are_kept_to_be_refused(self):
        found = read_instructions("Set-Colour: red")
        self.assertEqual(found.commands, (Command("colour", "red"),))
        self.assertNotIn("colour", COMMANDS)

    def test_nothing_but_commands(self):
        found = read_instructions("Set-State: done\n\n")
        self.assertEqual(found.text, "")
        self.assertEqual(len(found.commands), 1)

    def test_empty(self):
        for text in (None, "", "\n\n"):
            self.assertFalse(read_instructions(text))

    def test_they_are_bounded(self):
        found = read_instructions("Set-Tag: x\n" * 500 + "end")
        self.assertEqual(len(found.commands), MAX_COMMANDS)
        found = read_instructions("Set-Tag: " + "x" * 10_000)
        self.assertEqual(len(found.commands[0].value), 500)

    def test_blanks_and_stars_of_clients(self):
        found = read_instructions("\ufeff\xa0Set-State:  done \n*Set-Tag: vip*\nHi")
        self.assertEqual(
            found.commands, (Command("state", "done"), Command("tag", "vip"))
        )
