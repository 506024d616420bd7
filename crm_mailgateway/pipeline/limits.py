"""What must not reach the standard parser, measured on the bytes themselves.

A header of 400 kB costs ``email`` 5 to 7 seconds, and 2,000 nested parts end in
a ``RecursionError``: both are cheap to send. Such a mail is quarantined.
"""

import re

MAX_HEADER_BYTES = 256 * 1024
MAX_PARTS = 500
MAX_NESTING = 50

# What stands in for a mail that its mailbox lists but does not hand over.
UNFETCHABLE = b"X-Mailgateway-Unfetchable:"
# What precedes the headers of a mail that is too large to be downloaded.
OVERSIZED = b"X-Mailgateway-Oversized:"

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_MULTIPART = re.compile(
    rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE
)
_PART = re.compile(
    rb"^content-(?:type|transfer-encoding):", re.IGNORECASE | re.MULTILINE
)


def header_bytes(content):
    """Return the header block of a mail, without the empty line that ends it."""
    end = _HEADER_END.search(content)
    return content[: end.start()] if end else content


def reason_to_quarantine(content):
    """Tell why a mail must not be parsed.

    :param bytes content: the mail as it was received
    :return: a key of ``QUARANTINE_VERDICTS``, or None if the mail may be parsed
    """
    if not content.strip():
        return "empty"
    if content.startswith(UNFETCHABLE):
        return "unfetchable"
    if content.startswith(OVERSIZED):
        return "oversized"
    if len(header_bytes(content)) > MAX_HEADER_BYTES:
        return "header"
    if sum(1 for _match in _MULTIPART.finditer(content)) > MAX_NESTING:
        return "nesting"
    if sum(1 for _match in _PART.finditer(content)) > 2 * MAX_PARTS:
        return "parts"
    return None
