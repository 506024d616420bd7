"""A server that is killed while mail arrives: every mail becomes one case, once."""

import contextlib
import random
import threading
import time

import pytest
from test_journey_mail import FETCH, MAILBOX, add_mailbox, compose

COUNT = 60


def fetch_until_killed(erp, seconds):
    """Let the scheduler fetch, and kill the server some time into it."""

    def fetch():
        # The connection breaks with the server: that is the point.
        with contextlib.suppress(Exception):
            erp.run_cron(FETCH)

    thread = threading.Thread(target=fetch)
    thread.start()
    time.sleep(seconds)
    erp.kill()
    thread.join()


def test_a_running_fetch_survives_kill_9(erp, dovecot, sink):
    check_kills(erp, dovecot, rounds=3)


@pytest.mark.slow
def test_a_running_fetch_survives_thirty_kills(erp, dovecot, sink):
    check_kills(erp, dovecot, rounds=30)


def check_kills(erp, dovecot, rounds):
    """Deliver mails, kill the server again and again, and count the cases."""
    add_mailbox(erp, dovecot, "imap")
    source = random.Random(2026)
    delivered = 0
    for number in range(rounds):
        for _mail in range(COUNT // 3):
            dovecot.deliver(MAILBOX, compose(f"Mail {delivered}", "Hello"))
            delivered += 1
        fetch_until_killed(erp, source.uniform(0.05, 1.0))
        erp.start()
        seen = dovecot.count(MAILBOX, "SEEN")
        kept = erp.call("crm.mailgateway.message", "search_count", [])
        assert kept >= seen, f"round {number}: a mail was marked but not stored"
    erp.run_cron(FETCH)
    erp.run_cron("crm_mailgateway.ir_cron_process")
    rows = erp.wait_for(
        "crm.mailgateway.message", [("state", "=", "processed")], [], delivered
    )
    cases = erp.call("crm.case", "search_read", [], fields=["name"])
    assert len(rows) == delivered
    assert sorted(case["name"] for case in cases) == sorted(
        f"Mail {number}" for number in range(delivered)
    )
    assert dovecot.count(MAILBOX, "UNSEEN") == 0
