"""What the samples are made of."""

import base64
from pathlib import Path

FOLDER = Path(__file__).parent
TEXT = (
    "Hello,\r\n\r\nmy order has not arrived yet. What can I do?\r\n\r\nKind regards\r\n"
)
HUMAN = {"state": "processed", "thanked": True}
MACHINE = {"state": "processed", "thanked": False}
IGNORED = {"state": "ignored", "thanked": False}
QUARANTINED = {"state": "quarantined", "thanked": False}

samples = {}


def add(name, content, expected):
    """Add a sample; a name is given once."""
    assert name not in samples, name
    samples[name] = (content, expected)


def header(name, **others):
    """Return the usual header lines of a sample, some of them replaced.

    :param others: by name with ``_`` for ``-``; None leaves a line out
    """
    lines = {
        "From": f"Robin Rider <{name}@sample.example>",
        "To": "support@pedalwerk.test",
        "Subject": f"Sample {name}",
        "Date": "Tue, 24 Nov 2026 10:00:00 +0100",
        "Message-ID": f"<{name}@sample.example>",
        "MIME-Version": "1.0",
    }
    lines.update((key.replace("_", "-"), value) for key, value in others.items())
    return b"".join(
        key.encode() + b": " + _bytes(value) + b"\r\n"
        for key, value in lines.items()
        if value is not None
    )


def _bytes(value):
    return value if isinstance(value, bytes) else value.encode()


def mail(name, body=TEXT, expected=HUMAN, content_type="text/plain", **others):
    """Add a mail of one part."""
    if content_type:
        others = {"Content_Type": content_type, **others}
    add(name, header(name, **others) + b"\r\n" + _bytes(body), expected)


def multipart(name, *parts, kind="mixed", expected=HUMAN, end=True, **others):
    """Add a mail of several parts, each a pair of header lines and a body."""
    others.setdefault("Content_Type", f'multipart/{kind}; boundary="b"')
    body = b"".join(
        b"--b\r\n" + _bytes(lines) + b"\r\n\r\n" + _bytes(content) + b"\r\n"
        for lines, content in parts
    )
    closing = b"--b--\r\n" if end else b""
    add(name, header(name, **others) + b"\r\n" + body + closing, expected)


PLAIN = ("Content-Type: text/plain; charset=utf-8", TEXT)


def attached(lines, content=b"data"):
    """Return an attached part in base64."""
    encoded = base64.encodebytes(_bytes(content)).replace(b"\n", b"\r\n")
    return f"{lines}\r\nContent-Transfer-Encoding: base64", encoded
