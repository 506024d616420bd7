"""Databases, disks, networks and mailboxes that fail: no mail is lost or doubled."""

import contextlib
import os
import threading
import time
import xmlrpc.client
from datetime import UTC, datetime, timedelta

import pytest
from cluster import Cluster
from dovecot import free_port
from odoo_server import OdooServer
from proxy import Proxy
from test_journey_mail import FETCH, MAILBOX, add_mailbox, compose

JOURNAL = "crm.mailgateway.message"
DATETIME = "%Y-%m-%d %H:%M:%S"


def bulky(number, megabytes=2):
    """Return a mail that does not compress."""
    mail = compose(f"Mail {number}", "Hello")
    filler = os.urandom(megabytes * 2**20).hex()
    lines = "\r\n".join(filler[i : i + 76] for i in range(0, len(filler), 76))
    head, _end, rest = mail.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + rest + lines.encode() + b"\r\n"


def fetch(erp):
    """Fetch from all mailboxes as the button does, without any back-off."""
    for box in erp.call("fetchmail.server", "search", []):
        # It says what went wrong, which is the point of these tests.
        with contextlib.suppress(Exception):
            erp.call("fetchmail.server", "fetch_mail", [box])


def count_rows(erp, *domain):
    """Count, also while the server still holds connections from before a crash."""
    for _attempt in range(10):
        with contextlib.suppress(xmlrpc.client.Error):
            return erp.call(JOURNAL, "search_count", list(domain))
        time.sleep(1)
    return erp.call(JOURNAL, "search_count", list(domain))


def wait_until_seen(dovecot, count, seconds=60):
    """Wait until a fetch is under way, however slow the machine is."""
    deadline = time.monotonic() + seconds
    while dovecot.count(MAILBOX, "SEEN") < count:
        assert time.monotonic() < deadline, "nothing is fetched"
        time.sleep(0.05)


def check_all_there(erp, dovecot, count):
    """Each mail is one row, one case, and marked; none is there twice."""
    for _attempt in range(10):
        fetch(erp)
        with contextlib.suppress(xmlrpc.client.Error):
            erp.run_cron("crm_mailgateway.ir_cron_process")
        if count_rows(erp, ("state", "=", "processed")) == count:
            break
        time.sleep(1)
    cases = erp.call("crm.case", "search_read", [], fields=["name"])
    names = sorted(case["name"] for case in cases)
    assert names == sorted(f"Mail {number}" for number in range(count))
    assert count_rows(erp) == count
    assert dovecot.count(MAILBOX, "UNSEEN") == 0


@pytest.fixture
def private(database, sink, monkeypatch):
    """A server on a cluster of its own, with the cluster."""
    with Cluster() as cluster:
        cluster.copy(database)
        monkeypatch.setenv("PGHOST", str(cluster.folder))
        monkeypatch.setenv("PGUSER", "odoo")
        with OdooServer(database, smtp_port=sink.port) as server:
            yield server, cluster
        monkeypatch.undo()


def test_database_fails(private, dovecot):
    """It crashes in the middle of a fetch; then its disk is full."""
    erp, cluster = private
    add_mailbox(erp, dovecot, "imap")
    for number in range(60):
        dovecot.deliver(MAILBOX, compose(f"Mail {number}", "Hello"))
    thread = threading.Thread(target=fetch, args=(erp,))
    thread.start()
    wait_until_seen(dovecot, 3)
    cluster.stop("immediate")
    cluster.start()
    thread.join()
    seen = dovecot.count(MAILBOX, "SEEN")
    assert 0 < seen < 60, "the crash came in the middle"
    assert count_rows(erp) >= seen, "a mail was marked but not stored"
    check_all_there(erp, dovecot, 60)

    cluster.stop()
    cluster.start(largest_file_mb=24)
    for number in range(60, 72):
        dovecot.deliver(MAILBOX, bulky(number))
    fetch(erp)
    seen = dovecot.count(MAILBOX, "SEEN")
    assert 60 < seen < 72, "the disk got full in the middle"
    assert count_rows(erp) >= seen, "a mail was marked but not stored"
    cluster.stop()
    cluster.start()
    check_all_there(erp, dovecot, 72)


def test_connection_breaks_and_mailboxes_are_silent(erp, dovecot):
    """The network fails in the middle of a download; another server says nothing."""
    parameter = ["crm_mailgateway.timeout", "2"]
    erp.call("ir.config_parameter", "set_param", *parameter)
    for number in range(8):
        dovecot.deliver(MAILBOX, bulky(number, megabytes=1))
    with (
        Proxy(dovecot.imap, cut_after=5 * 2**20, cuts=2) as flaky,
        Proxy(None) as silent,
    ):
        box = add_mailbox(erp, dovecot, "imap")
        erp.call("fetchmail.server", "write", [box], {"port": flaky.port})
        for port in (silent.port, free_port()):
            values = {"port": port, "user": "x", "priority": 1, "state": "done"}
            values |= {"name": f"Dead {port}", "server": "127.0.0.1"}
            erp.call("fetchmail.server", "create", values)
        fetch(erp)
        seen = dovecot.count(MAILBOX, "SEEN")
        assert 0 < seen < 8, "the connection broke in the middle"
        assert count_rows(erp) >= seen
        check_all_there(erp, dovecot, 8)

        # An outage of seconds is followed by a pause of seconds: make it an hour.
        dead = erp.call("fetchmail.server", "search", [("name", "like", "Dead")])
        hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime(DATETIME)
        erp.call("fetchmail.server", "write", dead, {"error_date": hour_ago})
        dovecot.deliver(MAILBOX, compose("One more", "Hello"))
        before, start = silent.connections, time.monotonic()
        erp.run_cron(FETCH)
        erp.run_cron(FETCH)
        assert silent.connections == before, "it failed just now: not again so soon"
        assert time.monotonic() - start < 8
        erp.wait_for("crm.case", [("name", "=", "One more")], [])
        health = erp.call(
            "fetchmail.server",
            "read",
            dead,
            ["crm_mailgateway_health", "error_message"],
        )
        assert [h["crm_mailgateway_health"] for h in health] == ["dead", "dead"]


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_too_large_mails_stay_and_disturb_nobody(erp, dovecot, kind):
    """They are listed with their headers, once, and fetched when the limit allows."""
    parameter = ["crm_mailgateway.max_size", "1"]
    erp.call("ir.config_parameter", "set_param", *parameter)
    add_mailbox(erp, dovecot, kind)
    dovecot.deliver(MAILBOX, bulky("huge"))
    dovecot.deliver(MAILBOX, compose("Mail small", "Hello"))
    for _run in range(2):
        erp.run_cron(FETCH)
    fields = ["subject", "state", "size", "verdict", "server_key"]
    rows = erp.call(JOURNAL, "search_read", [], fields=fields, order="id")
    assert sorted(row["subject"] for row in rows) == ["Mail huge", "Mail small"]
    [large] = [row for row in rows if row["subject"] == "Mail huge"]
    assert large["state"] == "quarantined" and large["server_key"]
    assert "larger than the limit" in large["verdict"]
    assert large["size"] < 10_000, "only its headers"
    assert dovecot.count(MAILBOX, "UNSEEN") == 1

    erp.call("ir.config_parameter", "set_param", parameter[0], "50")
    erp.run_cron(FETCH)
    erp.wait_for("crm.case", [("name", "=", "Mail huge")], [])
    assert dovecot.count(MAILBOX, "UNSEEN") == 0
    [record] = erp.call(JOURNAL, "read", [large["id"]], ["state", "verdict"])
    assert record["state"] == "ignored", "nothing is left to decide"
    assert "downloaded in the end" in record["verdict"]
