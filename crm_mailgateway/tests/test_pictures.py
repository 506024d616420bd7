import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

from odoo.tests import BaseCase, HttpCase, new_test_user, tagged

from ..pipeline.pictures import withhold
from .common import CUSTOMER, DOMAIN, GatewayCommon

URL = "https://pictures.example/a.png?who=robin&x=1"
HTML = (
    f'<p>Hello</p><img src="{URL.replace("&", "&amp;")}" width="9">'
    "<div style=\"color:red;background-image:url('http://t.example/1.gif')\">Red</div>"
)


@tagged("post_install", "-at_install")
class TestWithhold(BaseCase):
    def withheld(self, html):
        return withhold(html, lambda url: f"/ours?{url}")

    def test_what_lies_elsewhere_is_replaced(self):
        for source in (
            "https://a.example/x.png",
            "HTTP://a.example/x.png",
            "//a.example/x.png",
            " https://a.example/x.png",
        ):
            with self.subTest(source=source):
                html, found = self.withheld(f'<p>x<img src="{source}"></p>')
                self.assertTrue(found)
                self.assertIn('src="/ours?', html)
                self.assertTrue(html.startswith("<p>"))

    def test_styles_load_nothing(self):
        html, found = self.withheld(
            '<p style="color:red; background: url(//t.example/1.gif);margin:0">x</p>'
        )
        self.assertTrue(found)
        self.assertNotIn("t.example", html)
        self.assertIn("color:red", html)
        self.assertIn("margin:0", html)

    def test_the_rest_stays_as_it_is(self):
        for html in (
            "",
            "<p>No picture: https://a.example/x.png</p>",
            '<img src="cid:logo@x">',
            '<img src="/web/image/7">',
            '<img src="data:image/png;base64,AAAA">',
            "Use url(x) in CSS",
        ):
            self.assertEqual(self.withheld(html), (html, False))


@tagged("post_install", "-at_install")
class TestPictures(GatewayCommon, HttpCase):
    """Nobody learns that his mail was read, until somebody asks for its pictures."""

    def receive_html(self, html=HTML):
        content = (
            f"From: {CUSTOMER}\r\nTo: support@{DOMAIN}\r\nSubject: Picture\r\n"
            "Message-ID: <picture@client.example>\r\n"
            "Content-Type: text/html; charset=utf-8\r\n\r\n" + html
        )
        return self.receive(content.encode()).case_id

    def picture_of(self, case):
        message = case.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertIn("<p>Hello</p>", message.body)
        self.assertNotIn("t.example", message.body)
        self.assertNotIn('src="http', message.body)
        [source] = re.findall(r'src="(/crm_mailgateway/picture/[^"]+)"', message.body)
        return unescape(source)

    def get(self, address):
        return self.url_open(address, allow_redirects=False)

    def test_pictures_are_loaded_when_somebody_asks(self):
        case = self.receive_html()
        self.assertTrue(case.has_remote_pictures)
        address = self.picture_of(case)
        new_test_user(self.env, "agent_p", groups="crm_cases.crm_cases_group_all")
        self.authenticate("agent_p", "agent_p")
        self.assertEqual(self.get(address).status_code, 200)
        case.action_show_remote_pictures()
        answer = self.get(address)
        self.assertEqual((answer.status_code, answer.headers["Location"]), (302, URL))
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")

    def test_it_leads_nobody_else_anywhere(self):
        case = self.receive_html()
        address = self.picture_of(case)
        case.action_show_remote_pictures()
        query = parse_qs(urlsplit(address).query)
        self.assertEqual(query["url"], [URL])
        self.authenticate(None, None)
        self.assertEqual(self.get(address).status_code, 200)
        new_test_user(self.env, "seller_p", groups="base.group_user")
        self.authenticate("seller_p", "seller_p")
        self.assertEqual(self.get(address).status_code, 200, "sees no mails")
        new_test_user(self.env, "agent_q", groups="crm_cases.crm_cases_group_all")
        self.authenticate("agent_q", "agent_q")
        forged = address.replace("pictures.example", "evil.example")
        self.assertEqual(self.get(forged).status_code, 200)
        self.assertEqual(self.get(forged + "é").status_code, 200)

    def test_mails_without_pictures_are_left_alone(self):
        self.assertFalse(self.receive_html("<p>Hello</p>").has_remote_pictures)
