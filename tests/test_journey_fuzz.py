"""Mails that nobody thought of: samples of the corpus, cut, mixed and mutilated."""

import hashlib
import xmlrpc.client

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_journey_corpus import corpus

STATES = {"received", "processed", "ignored", "failed", "quarantined"}
# What is mutilated has to be small, or the test measures the parser's patience.
SOURCES = [content for content, _e in corpus().values() if len(content) < 5000]
INSERTED = [b"\0", b"\r", b"\n", b"\r\n\r\n", b"\xff", b"=?utf-8?q?", b"--b\r\n", b"<>"]

positions = st.floats(0, 1, allow_nan=False)
changes = st.lists(
    st.tuples(
        st.sampled_from(("insert", "cut", "repeat", "flip", "join")),
        positions,
        st.integers(1, 200),
        st.sampled_from(INSERTED),
    ),
    min_size=1,
    max_size=6,
)


def mutilate(content, change):
    """Return a mail with one thing wrong with it.

    :param tuple change: what happens, where (0 to 1), to how much, and with what
    """
    kind, where, length, inserted = change
    at = int(where * len(content))
    before, part, after = content[:at], content[at : at + length], content[at:]
    if kind == "insert":
        return before + inserted + after
    if kind == "cut":
        return before + content[at + length :]
    if kind == "repeat":
        return before + part * 5 + after
    if kind == "flip":
        flipped = bytes(byte ^ 0x55 for byte in part)
        return before + flipped + content[at + length :]
    return before + SOURCES[length % len(SOURCES)]


def check(erp, examples):
    """Hand mutilated mails over: one row each, in a stated state, and no error."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(SOURCES), changes)
    def one_row(content, done):
        for change in done:
            content = mutilate(content, change)
        binary = xmlrpc.client.Binary(content)
        erp.call("mail.thread", "message_process", False, binary)
        digest = hashlib.sha256(content).hexdigest()
        [row] = erp.call(
            "crm.mailgateway.message",
            "search_read",
            [("sha256", "=", digest)],
            fields=["state", "size"],
        )
        assert row["state"] in STATES
        assert row["size"] == len(content)

    one_row()


def test_mutilated_mails(erp):
    check(erp, examples=60)


@pytest.mark.slow
def test_a_thousand_mutilated_mails(erp):
    check(erp, examples=1000)
