from odoo.tests import tagged

from .common import GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestAutomatic(GatewayCommon):
    """Cases that machines opened are marked, so that nobody asks these for anything."""

    def test_by_kind_of_mail(self):
        headers = {
            "a person": ({}, False),
            "a program": ({"Auto_Submitted": "auto-generated"}, True),
            "a list": ({"List_Id": "<news.example.com>"}, True),
            "no reply": ({"From": "no-reply@shop.example.com"}, True),
            "wants no answer": ({"X_Auto_Response_Suppress": "All"}, True),
            "in bulk": ({"Precedence": "bulk"}, True),
        }
        for number, (name, (values, is_automatic)) in enumerate(headers.items()):
            with self.subTest(name):
                row = self.receive(compose(f"Subject {number}", **values))
                self.assertEqual(row.case_id.is_automatic, is_automatic)
                case = row.case_id
                case.team_id.rating_request = True
                case.action_close()
                self.assertEqual(case._wants_rating(), not is_automatic)

    def test_a_person_answers(self):
        """Then there is somebody to talk to; another machine changes nothing."""
        case = self.receive(compose(Auto_Submitted="auto-generated")).case_id
        opening = case._get_opening_message()
        thread = {"In_Reply_To": opening.message_id, "References": opening.message_id}
        again = compose("Re:", "Again", Auto_Submitted="auto-generated", **thread)
        self.assertEqual(self.receive(again).case_id, case)
        self.assertTrue(case.is_automatic)
        self.assertEqual(self.receive(compose("Re:", "Yes?", **thread)).case_id, case)
        self.assertFalse(case.is_automatic)
