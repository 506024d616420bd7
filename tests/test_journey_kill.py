"""A server that is killed while mail arrives: every mail becomes one case, once."""

import contextlib
import random
import threading
import time

import pytest
from test_journey_corpus import fetch_all
from test_journey_mail import FETCH, MAILBOX, add_mailbox, compose

COUNT = 300


def fetch_until_killed(erp, dovecot, seconds):
    """Let the scheduler fetch, and kill the server some time after a first mail."""
    before = dovecot.count(MAILBOX, "SEEN")

    def fetch():
        # The connection breaks with the server: that is the point.
        with contextlib.suppress(Exception):
            erp.run_cron(FETCH)

    thread = threading.Thread(target=fetch)
    thread.start()
    deadline = time.monotonic() + 60
    while dovecot.count(MAILBOX, "SEEN") == before < COUNT:
        assert time.monotonic() < deadline, "nothing is fetched"
        time.sleep(0.02)
    time.sleep(seconds)
    erp.kill()
    thread.join()


class Sender(threading.Thread):
    """Delivers mails one by one, whatever happens to the server."""

    def __init__(self, dovecot, pause):
        super().__init__()
        self.dovecot, self.pause = dovecot, pause

    def run(self):
        for number in range(COUNT):
            content = compose(f"Mail {number}", "Hello")
            self.dovecot.drop(MAILBOX, f"mail{number}", content)
            time.sleep(self.pause)


def test_a_running_fetch_survives_kill_9(erp, dovecot, sink):
    check_kills(erp, dovecot, rounds=3, pause=0.04)


@pytest.mark.slow
def test_a_running_fetch_survives_thirty_kills(erp, dovecot, sink):
    check_kills(erp, dovecot, rounds=30, pause=0.4)


def check_kills(erp, dovecot, rounds, pause):
    """Deliver mails, kill the server again and again, and count the cases."""
    add_mailbox(erp, dovecot, "imap")
    source = random.Random(2026)
    sender = Sender(dovecot, pause)
    sender.start()
    met = set()
    for number in range(rounds):
        fetch_until_killed(erp, dovecot, source.uniform(0, 1))
        erp.start()
        seen = dovecot.count(MAILBOX, "SEEN")
        kept = erp.call("crm.mailgateway.message", "search_count", [])
        assert kept >= seen, f"round {number}: a mail was marked but not stored"
        met.add(kept)
    assert len(met) > rounds / 2, "the server was killed while it fetched"
    sender.join()
    check_all_are_cases(erp, dovecot)


def check_all_are_cases(erp, dovecot):
    fetch_all(erp, dovecot)
    erp.run_cron("crm_mailgateway.ir_cron_process")
    processed = [("state", "=", "processed")]
    rows = erp.wait_for("crm.mailgateway.message", processed, [], COUNT, seconds=200)
    cases = erp.call("crm.case", "search_read", [], fields=["name"])
    assert len(rows) == COUNT
    names = sorted(case["name"] for case in cases)
    assert names == sorted(f"Mail {number}" for number in range(COUNT))
