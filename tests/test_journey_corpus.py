"""A corpus of hostile mails over IMAP, POP3 and XML-RPC, replayed, by two processes."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import xmlrpc.client
from collections import Counter

import pytest
from dev import ROOT
from dovecot import free_port
from odoo_server import OdooServer
from test_journey_mail import FETCH, MAILBOX, add_mailbox

SAMPLES = ROOT / "crm_mailgateway/tests/samples"
SCRIPT = ROOT / "crm_mailgateway/scripts/mailgate.py"
POP_BOX = "pop@pedalwerk.test"
ROW_FIELDS = [
    "sha256",
    "state",
    "verdict",
    "error",
    "ack_state",
    "mailbox_id",
    "case_id",
]


def corpus():
    """Return bytes and expectation of each sample, by name."""
    expected = json.loads((SAMPLES / "expected.json").read_text())
    mails = {path.stem: path.read_bytes() for path in sorted(SAMPLES.glob("*.eml"))}
    assert mails.keys() == expected.keys(), "run generate.py"
    return {name: (content, expected[name]) for name, content in mails.items()}


def on_the_wire(content, kind="imap"):
    """Return a mail as Dovecot hands it out: lines end in CRLF. IMAP has no way to
    say NUL, which becomes 0x80; POP3 ends each mail with a line end."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if kind == "imap":
        return lines.replace(b"\0", b"\x80")
    return lines if lines.endswith(b"\n") else lines + b"\r\n"


def digest(content):
    return hashlib.sha256(content).hexdigest()


def fetch_all(erp, dovecot, seconds=300):
    """Let the scheduler fetch until both mailboxes have nothing new."""
    deadline = time.monotonic() + seconds
    while dovecot.count(MAILBOX, "UNSEEN") or dovecot.count(POP_BOX):
        assert time.monotonic() < deadline, "the mailboxes never get empty"
        try:
            erp.run_cron(FETCH)
        except xmlrpc.client.Fault as fault:
            # The scheduler is at it itself.
            assert "already executing" in fault.faultString, fault.faultString
            time.sleep(0.5)


def snapshot(erp):
    """Count everything that a mail could make."""
    models = ("crm.mailgateway.message", "crm.case", "mail.message", "mail.mail")
    # Mails that were sent are gone, their messages stay.
    return {m: erp.call(m, "search_count", []) for m in models if m != "mail.mail"}


def lay(dovecot, mails, user):
    for name, (content, _expected) in mails.items():
        dovecot.drop(user, name, content)


def receive(erp, dovecot, mails):
    """Fetch mails from two mailboxes, one after the other."""
    add_mailbox(erp, dovecot, "imap", priority=1)
    lay(dovecot, mails, MAILBOX)
    fetch_all(erp, dovecot)
    add_mailbox(erp, dovecot, "pop", user=POP_BOX, priority=2)
    lay(dovecot, mails, POP_BOX)
    fetch_all(erp, dovecot)


def test_a_part_of_the_corpus(erp, dovecot, sink, database):
    names = sorted(corpus())[:: len(corpus()) // 20]
    check_corpus(erp, dovecot, database, {name: corpus()[name] for name in names})


@pytest.mark.slow
def test_corpus(erp, dovecot, sink, database):
    mails = corpus()
    assert len(mails) >= 150
    check_corpus(erp, dovecot, database, mails)


def check_corpus(erp, dovecot, database, received):
    """Fetch, replay, replay by two processes, hand over by XML-RPC."""
    receive(erp, dovecot, received)
    rows = erp.call("crm.mailgateway.message", "search_read", [], fields=ROW_FIELDS)
    check_digests(rows, received)
    check_outcomes(rows, received)
    cases = erp.call("crm.case", "search_count", [])
    processed = [e for _c, e in received.values() if e["state"] == "processed"]
    assert cases == len(processed)

    erp.run_cron("crm_mailgateway.ir_cron_acknowledge")
    before = snapshot(erp)
    check_replays(erp, dovecot, received)
    assert snapshot(erp) == before, "replayed over IMAP and POP3"
    check_two_processes(erp, dovecot, database, received)
    for content, _expected in list(received.values())[::10]:
        binary = xmlrpc.client.Binary(content)
        erp.call("mail.thread", "message_process", False, binary)
    check_mailgate(erp, received)
    after = snapshot(erp)
    assert after["crm.case"] == before["crm.case"], "handed over by another way"
    assert after["mail.message"] == before["mail.message"]


def check_mailgate(erp, mails):
    """The script of a pipe alias hands over bytes of any kind, or keeps the mail."""
    name = next(name for name in mails if name.startswith("charset-"))
    content, _expected = mails[name]
    assert any(byte > 127 for byte in content) and b"Message-ID: <" in content
    # Known by its Message-ID, so it makes no case.
    content = b"X-Pipe: yes\n" + content.replace(b"\r\n", b"\n")
    assert run_mailgate(erp, content, erp.port) == 0
    digests = [("sha256", "=", digest(content))]
    assert erp.call("crm.mailgateway.message", "search_count", digests) == 1
    assert run_mailgate(erp, content, free_port()) == 75, "the mail server keeps it"


def run_mailgate(erp, content, port):
    """Return the exit status of our script, for a mail on its standard input."""
    command = [sys.executable, SCRIPT, "-d", erp.database, "-u", "admin"]
    done = subprocess.run(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        input=content,
        env={**os.environ, "MAILGATE_PASSWORD": "admin"},
        check=False,
    )
    return done.returncode


def check_digests(rows, mails):
    """One row per mail and mailbox, with the digest of the bytes delivered."""
    by_box = {}
    for row in rows:
        by_box.setdefault(row["mailbox_id"][1], []).append(row["sha256"])
    assert {len(found) for found in by_box.values()} == {len(mails)}
    for box, found in by_box.items():
        assert max(Counter(found).values()) == 1
        missing = [
            name
            for name, (content, _expected) in mails.items()
            if digest(on_the_wire(content, "pop" if "pop" in box else "imap"))
            not in found
        ]
        assert not missing, (box, missing)


def check_outcomes(rows, mails):
    first = min(row["mailbox_id"][0] for row in rows)
    outcomes = {r["sha256"]: r for r in rows if r["mailbox_id"][0] == first}
    wrong = {}
    for name, (content, expected) in mails.items():
        row = outcomes[digest(on_the_wire(content))]
        thanked = row["ack_state"] in ("pending", "queued")
        if (row["state"], thanked) != (expected["state"], expected["thanked"]):
            said = row["verdict"] or row["error"]
            wrong[name] = (row["state"], thanked, said)
    assert not wrong, "\n".join(f"{n}: {w}" for n, w in sorted(wrong.items()))


def check_replays(erp, dovecot, mails):
    for _round in range(2):
        dovecot.set_unseen(MAILBOX)
        lay(dovecot, mails, POP_BOX)
        fetch_all(erp, dovecot)


def check_two_processes(erp, dovecot, database, mails):
    """Two servers fetch and process the same mails at the same time."""
    before = snapshot(erp)
    dovecot.set_unseen(MAILBOX)
    lay(dovecot, mails, POP_BOX)
    with OdooServer(database, smtp_port=erp.smtp_port) as other:

        def fetch(server):
            for box in server.call("fetchmail.server", "search", []):
                # Whoever comes second finds the mailbox locked: that is no failure.
                with contextlib.suppress(xmlrpc.client.Fault):
                    server.call("fetchmail.server", "fetch_mail", [box])

        threads = [threading.Thread(target=fetch, args=(s,)) for s in (erp, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    fetch_all(erp, dovecot)
    assert snapshot(erp) == before, "by two processes"
