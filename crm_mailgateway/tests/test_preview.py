from odoo.tests import tagged

from ..pipeline.preview import readable, source
from .common import GatewayCommon, compose

EVIL = b"""Subject: Look\r
From: a@b.example\r
To: support@gateway.example\r
MIME-Version: 1.0\r
Content-Type: text/html; charset=utf-8\r
\r
<p onclick="steal()" style="background:url(https://spy.example/1)">Hello</p>
<img src="https://spy.example/2.png" srcset="https://spy.example/3.png 2x">
<table background="https://spy.example/4.png"><tr><td>cell</td></tr></table>
<script>steal()</script><iframe src="https://spy.example/5"></iframe>
<form action="https://spy.example/6"><input name="password"></form>
<style>@import url(https://spy.example/7);</style><video poster="https://spy.example/8">
"""


@tagged("post_install", "-at_install")
class TestPreview(GatewayCommon):
    def test_nothing_is_loaded_run_or_sent(self):
        preview = self.receive(EVIL).preview
        self.assertIn("Hello", preview)
        self.assertIn("cell", preview)
        for word in ("spy.example", "steal", "<form", "<input", "<script", "<iframe"):
            self.assertNotIn(word, preview)

    def test_nothing_covers_the_screen_and_links_lead_to_the_web_only(self):
        """Classes of Odoo's own pages, pictures in SVG, addresses that run."""
        evil = EVIL.partition(b"<p")[0] + (
            b'<a class="position-fixed vw-100 vh-100 top-0" id="x" name="y"'
            b' data-embedded="file" href="https://shop.example/a">buy</a>'
            b'<svg><image href="https://spy.example/1" xlink:href="https://spy.example/2"'
            b'/><use href="https://spy.example/3#x"/></svg>'
            b'<a href="javascript:steal()">a</a><a href=" data:text/html,x">b</a>'
            b'<a href="/web/session/logout">c</a><area href="https://spy.example/4">'
            b'<base href="https://spy.example/"><link rel=icon href=//spy.example/5>'
            b"<input type=image src=https://spy.example/6><math href=//spy.example/7>"
            b'<meta http-equiv=refresh content="0;url=https://spy.example/8">'
            b'<td t-att-x="1" style="position:fixed">d</td>'
        )
        preview = self.receive(evil).preview
        self.assertIn('href="https://shop.example/a"', preview)
        self.assertIn('rel="noopener noreferrer nofollow"', preview)
        for word in (
            *("spy.example", "steal", "class=", "id=", "name=", "data-", "javascript"),
            *("data:", "logout", "style=", "t-att"),
        ):
            self.assertNotIn(word, preview)

    def test_text_is_escaped(self):
        preview = self.receive(compose(body="<b>1 < 2</b> \x07")).preview
        self.assertIn("&lt;b&gt;1 &lt; 2&lt;/b&gt;", preview)

    def test_what_must_not_be_parsed_shows_its_beginning(self):
        deep = b"Subject: Deep\r\n" + b"Content-Type: multipart/mixed\r\n" * 60
        text, is_html = readable(deep + b"\r\nbody")
        self.assertFalse(is_html)
        self.assertTrue(text.startswith("Subject: Deep"))

    def test_any_bytes_are_readable(self):
        for content in (b"", b"\x00\xff\xfe", b"\r\r\r", b"a" * 10**6):
            text, _is_html = readable(content)
            self.assertNotIn("\x00", text)
            self.assertLess(len(text), 40_000)
        self.assertIn("[...]", source(b"X: " + b"y" * 10**6 + b"\r\n\r\nbody"))
        self.assertIn("body", source(b"X: " + b"y" * 10**6 + b"\r\n\r\nbody"))
